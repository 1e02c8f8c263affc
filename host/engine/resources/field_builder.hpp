// How a description writes its fields: text("name").required().at_most(255).searchable().
#pragma once

#include "engine/resources/description.hpp"

#include <string>
#include <utility>
#include <vector>

namespace patchbay::resources {

/// The column follows from the name: scheduledStart → scheduled_start.
class FieldBuilder {
 public:
  FieldBuilder(FieldType type, std::string name);
  explicit FieldBuilder(Field field) : field_(std::move(field)) {}

  FieldBuilder& required();  // of a caller; services may lack it where the column is nullable
  FieldBuilder& read_only();
  FieldBuilder& not_null();
  FieldBuilder& defaults_to(std::string value);  // never null
  FieldBuilder& at_most(std::size_t characters);
  FieldBuilder& services_may_exceed();
  FieldBuilder& also_called(std::string second_name, bool answered = false);
  FieldBuilder& references(std::string kind);
  FieldBuilder& filterable();
  FieldBuilder& sortable();
  FieldBuilder& searchable();
  FieldBuilder& hidden_from(std::vector<std::string> roles);
  FieldBuilder& written_with(std::string permission);
  FieldBuilder& normalized_into(std::string field_name);
  FieldBuilder& identifies();
  FieldBuilder& address();
  FieldBuilder& says(std::string description);
  operator Field() const { return field_; }  // NOLINT(google-explicit-constructor): the last step of the chain

 private:
  Field field_;
};

FieldBuilder text(std::string name);
FieldBuilder choice(std::string name, std::vector<std::string> values);
FieldBuilder field(FieldType type, std::string name);
/// "scheduledStart" → "scheduled_start".
std::string snake_case(std::string_view name);

}  // namespace patchbay::resources
