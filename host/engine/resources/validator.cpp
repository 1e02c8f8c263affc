#include "engine/resources/validator.hpp"

#include "engine/resources/field_value.hpp"
#include "platform/base/phone_number.hpp"
#include "platform/base/yaml.hpp"

#include <algorithm>
#include <set>

namespace patchbay::resources {
namespace {

namespace json = sdk::json;

bool is_common_name(std::string_view name) {
  static constexpr std::string_view kNames[] = {"id",          "version",    "createdAt",    "updatedAt", "deletedAt",
                                                "externalIds", "syncStatus", "lastSyncedAt", "links"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

sdk::Error read_only(const ResourceDescription& description, const std::string& name) {
  const bool by_move = name == "status" && !description.workflow.empty();
  return sdk::invalid_error("read_only",
                            name + (by_move ? " is changed by PATCH /" + description.path + "/{id}/status."
                                            : " is set by the hub and cannot be written."),
                            name);
}

sdk::Error unknown(const ResourceDescription& description, const std::string& name) {
  std::vector<std::string> known;
  for (const Field& field : description.fields) {
    if (field.read_only) continue;
    known.push_back(field.name);
    if (!field.second_name.empty()) known.push_back(field.second_name);
  }
  const std::string nearest = base::yaml::nearest_name(name, known);
  return sdk::invalid_error("unknown_field",
                            "'" + name + "' is not a field of " + description.title +
                                (nearest.empty() ? "." : ", did you mean '" + nearest + "'?"),
                            name);
}

class BodyValidator {
 public:
  BodyValidator(const ResourceDescription& description, const ValidationRules& rules, std::vector<sdk::Error>& errors)
      : description_(description), rules_(rules), errors_(errors) {}

  ValidatedBody run(const json::object& body) {
    choose_currency(body);
    for (const auto& [name, value] : body) take(std::string(name), value);
    if (rules_.creating) complete();
    return std::move(result_);
  }

 private:
  void choose_currency(const json::object& body) {
    context_.currency = rules_.currency.empty() ? default_currency(description_) : rules_.currency;
    const json::value* given = body.if_contains("currency");
    if (given != nullptr && given->is_string() && given->get_string().size() == 3) {
      context_.currency = std::string(given->get_string());
    }
  }

  void take(const std::string& name, const json::value& value) {
    const Field* field = description_.find_field(name);
    if (field == nullptr) {
      errors_.push_back(is_common_name(name) ? read_only(description_, name) : unknown(description_, name));
      return;
    }
    if (field->read_only && !rules_.allow_read_only) {
      errors_.push_back(read_only(description_, name));
      return;
    }
    if (!may_write(*field)) {
      errors_.push_back(sdk::permanent_error("policy.forbidden", "Your role may not write " + field->name + "."));
      errors_.back().field = field->name;
      return;
    }
    if (result_.find(field->name) != nullptr) {
      errors_.push_back(sdk::invalid_error("duplicate_field", field->name + " is given twice under two names.", name));
      return;
    }
    take_value(*field, name, value);
  }

  bool may_write(const Field& field) const {
    if (field.write_permission.empty() || rules_.policy == nullptr || rules_.principal == nullptr) return true;
    return rules_.policy->allows(*rules_.principal, field.write_permission);
  }

  void take_value(const Field& field, const std::string& name, const json::value& value) {
    if (value.is_null()) {
      if (field.required || !field.nullable) {
        // A column with a default is set back to it.
        const storage::Param fallback = field.required ? std::nullopt : default_text(field);
        if (!fallback) {
          faulty_.insert(field.name);
          errors_.push_back(sdk::invalid_error("required", field.name + " cannot be null.", name));
          return;
        }
        return add(field, fallback);
      }
      return add(field, std::nullopt);
    }
    auto text = sql_text(field, value, context_);
    if (!text.ok()) {
      faulty_.insert(field.name);
      text.error().field = name;
      errors_.push_back(std::move(text).error());
      return;
    }
    if (field.required && text->find_first_not_of(" \t\r\n") == std::string::npos) {
      faulty_.insert(field.name);
      errors_.push_back(sdk::invalid_error("required", field.name + " cannot be empty.", name));
      return;
    }
    if (field.name == "currency" && !is_currency(*text)) {
      errors_.push_back(
          sdk::invalid_error("currency.malformed", "currency must be three capital letters of ISO 4217.", name));
      return;
    }
    add(field, std::move(text).value());
  }

  static bool is_currency(std::string_view text) {
    return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  }

  void add(const Field& field, storage::Param text) {
    if (!field.normalized_field.empty()) {
      const Field* normalized = description_.find_field(field.normalized_field);
      storage::Param number;
      if (text) number = base::normalize_phone(*text, rules_.phone_region);
      result_.values.push_back({normalized, std::move(number)});
    }
    result_.values.push_back({&field, std::move(text)});
  }

  void complete() {
    for (const Field& field : description_.fields) {
      if (result_.find(field.name) != nullptr || faulty_.contains(field.name)) continue;
      if (field.required) {
        errors_.push_back(sdk::invalid_error("required", field.name + " is required.", field.name));
      } else if (field.default_value || !field.nullable) {
        if (auto fallback = default_text(field)) result_.values.push_back({&field, std::move(fallback)});
      }
    }
  }

  const ResourceDescription& description_;
  const ValidationRules& rules_;
  std::vector<sdk::Error>& errors_;
  ValueContext context_;
  ValidatedBody result_;
  std::set<std::string> faulty_;  // given, but wrong: one mistake is told once
};

}  // namespace

const sql::ColumnValue* ValidatedBody::find(std::string_view field_name) const {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const sql::ColumnValue& value) { return value.field->name == field_name; });
  return found == values.end() ? nullptr : &*found;
}

std::string default_currency(const ResourceDescription& description) {
  const Field* currency = description.find_field("currency");
  return currency == nullptr ? "USD" : currency->default_value.value_or("USD");
}

storage::Param default_text(const Field& field) {
  if (field.default_value) return field.default_value;
  switch (field.type) {
    case FieldType::kTextList:
    case FieldType::kUuidList:
    case FieldType::kObject:
      return "{}";
    case FieldType::kArray:
      return "[]";
    default:
      return std::nullopt;
  }
}

ValidatedBody validate(const ResourceDescription& description, const json::object& body, const ValidationRules& rules,
                       std::vector<sdk::Error>& errors) {
  return BodyValidator(description, rules, errors).run(body);
}

}  // namespace patchbay::resources
