#include "engine/resources/field_builder.hpp"

namespace patchbay::resources {

std::string snake_case(std::string_view name) {
  std::string column;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      column += '_';
      column += static_cast<char>(c - 'A' + 'a');
    } else {
      column += c;
    }
  }
  return column;
}

FieldBuilder::FieldBuilder(FieldType type, std::string name) {
  field_.type = type;
  field_.column = snake_case(name);
  field_.name = std::move(name);
}

FieldBuilder& FieldBuilder::required() {
  field_.required = true;
  return *this;
}

FieldBuilder& FieldBuilder::read_only() {
  field_.read_only = true;
  return *this;
}

FieldBuilder& FieldBuilder::not_null() {
  field_.nullable = false;
  return *this;
}

FieldBuilder& FieldBuilder::defaults_to(std::string value) {
  field_.default_value = std::move(value);
  field_.nullable = false;
  return *this;
}

FieldBuilder& FieldBuilder::at_most(std::size_t characters) {
  field_.length_max = characters;
  return *this;
}

FieldBuilder& FieldBuilder::services_may_exceed() {
  field_.services_may_exceed = true;
  return *this;
}

FieldBuilder& FieldBuilder::also_called(std::string second_name, bool answered) {
  field_.second_name = std::move(second_name);
  field_.answer_second_name = answered;
  return *this;
}

FieldBuilder& FieldBuilder::references(std::string kind) {
  field_.references = std::move(kind);
  return *this;
}

FieldBuilder& FieldBuilder::filterable() {
  field_.filterable = true;
  return *this;
}

FieldBuilder& FieldBuilder::sortable() {
  field_.sortable = true;
  return *this;
}

FieldBuilder& FieldBuilder::searchable() {
  field_.searchable = true;
  return *this;
}

FieldBuilder& FieldBuilder::hidden_from(std::vector<std::string> roles) {
  field_.hidden_from = std::move(roles);
  return *this;
}

FieldBuilder& FieldBuilder::written_with(std::string permission) {
  field_.write_permission = std::move(permission);
  return *this;
}

FieldBuilder& FieldBuilder::normalized_into(std::string field_name) {
  field_.normalized_field = std::move(field_name);
  return *this;
}

FieldBuilder& FieldBuilder::identifies() {
  field_.identifies = true;
  return *this;
}

FieldBuilder& FieldBuilder::address() {
  field_.address_shape = true;
  return *this;
}

FieldBuilder& FieldBuilder::says(std::string description) {
  field_.description = std::move(description);
  return *this;
}

FieldBuilder text(std::string name) {
  return {FieldType::kText, std::move(name)};
}

FieldBuilder choice(std::string name, std::vector<std::string> values) {
  FieldBuilder builder(FieldType::kEnum, std::move(name));
  Field field = builder;
  field.values = std::move(values);
  return FieldBuilder(std::move(field));
}

FieldBuilder field(FieldType type, std::string name) {
  return {type, std::move(name)};
}

}  // namespace patchbay::resources
