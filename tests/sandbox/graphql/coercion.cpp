#include "tests/sandbox/graphql/coercion.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>
#include <limits>

namespace patchbay::sandbox::graphql {
namespace {

sdk::Error mismatch(const TypeReference& type, const json::value& value, const std::string& path = "") {
  auto shown = json::serialize(value);
  if (shown.size() > 100) shown.resize(100);
  return sdk::invalid_error("graphql.value", "Could not coerce value " + shown + " to " + type.source(), path);
}

bool fits_integer(const json::value& value) {
  return value.is_int64() && value.get_int64() >= std::numeric_limits<std::int32_t>::min() &&
         value.get_int64() <= std::numeric_limits<std::int32_t>::max();
}

/// Scalars of the service's own (ids, times) are strings on the wire; times must read as such.
bool fits_scalar(std::string_view type, const json::value& value) {
  if (type == "Int" || type == "Minutes" || type == "Seconds") return fits_integer(value);
  if (type == "Float") return value.is_number();
  if (type == "Boolean") return value.is_bool();
  if (!value.is_string()) return false;
  const std::string_view text(value.get_string().data(), value.get_string().size());
  if (type == "ISO8601DateTime" || type == "ISO8601Date") return sdk::parse_time(text).ok();
  if (type == "EncodedId") return !text.empty() && sdk::base64_decode(text).ok();
  return true;
}

class Coercion {
 public:
  explicit Coercion(const Schema& schema) : schema_(schema) {}

  sdk::Result<json::value> run(const TypeReference& type, const json::value& value, const std::string& path) const {
    if (value.is_null()) {
      if (type.required) return mismatch(type, value, path);
      return value;
    }
    if (type.is_list()) return run_list(type, value, path);
    const auto* definition = schema_.find(type.name);
    if (definition == nullptr) return mismatch(type, value, path);
    switch (definition->kind) {
      case TypeDefinition::Kind::kInput:
        return run_object(*definition, type, value, path);
      case TypeDefinition::Kind::kEnum:
        if (!value.is_string() || !definition->values.contains(std::string_view(value.get_string())))
          return mismatch(type, value, path);
        return value;
      default:
        if (!fits_scalar(type.name, value)) return mismatch(type, value, path);
        return value;
    }
  }

 private:
  sdk::Result<json::value> run_list(const TypeReference& type, const json::value& value,
                                    const std::string& path) const {
    json::array out;
    if (!value.is_array()) {  // one value stands for a list of it
      PATCHBAY_ASSIGN(auto element, run(*type.item, value, path));
      out.push_back(std::move(element));
      return json::value(std::move(out));
    }
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      PATCHBAY_ASSIGN(auto element, run(*type.item, value.get_array()[i], path + "." + std::to_string(i)));
      out.push_back(std::move(element));
    }
    return json::value(std::move(out));
  }

  sdk::Result<json::value> run_object(const TypeDefinition& definition, const TypeReference& type,
                                      const json::value& value, const std::string& path) const {
    if (!value.is_object()) return mismatch(type, value, path);
    json::object out;
    for (const auto& member : value.get_object()) {
      const std::string name(member.key());
      const auto* input = definition.find_input(name);
      if (input == nullptr) {
        return sdk::invalid_error("graphql.value", "Field is not defined on " + definition.name,
                                  path.empty() ? name : path + "." + name);
      }
      PATCHBAY_ASSIGN(out[name], run(input->type, member.value(), path.empty() ? name : path + "." + name));
    }
    for (const auto& input : definition.inputs) {
      if (out.contains(input.name)) continue;
      if (input.fallback) {
        out[input.name] = literal_json(*input.fallback);
      } else if (input.type.required) {
        return sdk::invalid_error("graphql.value", "Expected value to not be null",
                                  path.empty() ? input.name : path + "." + input.name);
      }
    }
    return json::value(std::move(out));
  }

  const Schema& schema_;
};

/// A literal with its variables put in; members whose variable was not given are left out.
json::value with_variables(const Value& value, const json::object& variables) {
  switch (value.kind) {
    case Value::Kind::kVariable: {
      const auto* given = variables.if_contains(value.text);
      return given == nullptr ? json::value(nullptr) : *given;
    }
    case Value::Kind::kList: {
      json::array out;
      for (const auto& item : value.items) out.push_back(with_variables(item, variables));
      return out;
    }
    case Value::Kind::kObject: {
      json::object out;
      for (const auto& [name, member] : value.members) {
        if (member.kind == Value::Kind::kVariable && !variables.contains(member.text)) continue;
        out[name] = with_variables(member, variables);
      }
      return out;
    }
    default:
      return literal_json(value);
  }
}

/// An enum value is a bare word, a string is quoted: one must not stand for the other.
bool words_fit(const Schema& schema, const TypeReference& type, const Value& value) {
  if (value.kind == Value::Kind::kList) {
    for (const auto& item : value.items) {
      if (!words_fit(schema, type.is_list() ? *type.item : type, item)) return false;
    }
    return true;
  }
  const auto* definition = schema.find(type.named());
  if (definition == nullptr) return false;
  if (value.kind == Value::Kind::kObject) {
    for (const auto& [name, member] : value.members) {
      const auto* input = definition->find_input(name);
      if (input != nullptr && !words_fit(schema, input->type, member)) return false;
    }
    return true;
  }
  if (value.kind == Value::Kind::kEnum) return definition->kind == TypeDefinition::Kind::kEnum;
  return value.kind != Value::Kind::kString || definition->kind != TypeDefinition::Kind::kEnum;
}

}  // namespace

json::value literal_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kBoolean:
      return value.text == "true";
    case Value::Kind::kString:
    case Value::Kind::kEnum:
      return json::value(value.text);
    case Value::Kind::kInteger: {
      std::int64_t number = 0;
      const auto [end, code] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
      return code == std::errc() ? json::value(number) : json::value(value.text);
    }
    case Value::Kind::kFloat: {
      double number = 0;
      const auto [end, code] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
      return code == std::errc() ? json::value(number) : json::value(value.text);
    }
    case Value::Kind::kList:
    case Value::Kind::kObject:
      return with_variables(value, {});
    default:
      return nullptr;
  }
}

sdk::Result<json::value> coerce_json(const Schema& schema, const TypeReference& type, const json::value& value) {
  return Coercion(schema).run(type, value, "");
}

sdk::Result<json::value> coerce_literal(const Schema& schema, const TypeReference& type, const Value& value,
                                        const json::object& variables) {
  if (!words_fit(schema, type, value)) return mismatch(type, json::value(value.source()));
  return Coercion(schema).run(type, with_variables(value, variables), "");
}

}  // namespace patchbay::sandbox::graphql
