#include "engine/gateway/operation.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace patchbay::gateway {
namespace {

namespace json = sdk::json;

json::object type_schema(std::string_view type) {
  if (type == "text") return {{"type", "string"}};
  if (type == "uuid") return {{"type", "string"}, {"format", "uuid"}};
  if (type == "time") return {{"type", "string"}, {"format", "date-time"}};
  if (type == "any") return {};
  if (std::isupper(static_cast<unsigned char>(type.front())) != 0)
    return {{"$ref", "#/components/schemas/" + std::string(type)}};
  return {{"type", type}};
}

json::object or_null(json::object schema) {
  if (json::value* type = schema.if_contains("type")) {
    *type = json::array{*type, "null"};
    return schema;
  }
  return {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
}

bool take_mark(std::string_view& text, std::string_view mark) {
  if (!text.ends_with(mark)) return false;
  text.remove_suffix(mark.size());
  return true;
}

json::object content(std::string_view media_type, json::object schema) {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

json::object operation_of(int status, json::object response) {
  return {{"responses", {{std::to_string(status), std::move(response)}}}};
}

json::object envelope(json::object data) {
  json::object schema = shape("timestamp:time");
  schema["properties"].get_object()["data"] = std::move(data);
  schema["required"].get_array().emplace_back("data");
  return schema;
}

}  // namespace

json::object shape(std::string_view members) {
  json::object properties;
  json::array required;
  while (!members.empty()) {
    const auto end = std::min(members.find(' '), members.size());
    std::string_view member = members.substr(0, end);
    members.remove_prefix(std::min(end + 1, members.size()));
    if (member.empty()) continue;
    const bool may_miss = take_mark(member, "~");
    const bool nullable = take_mark(member, "?");
    const bool is_list = take_mark(member, "[]");
    const auto colon = member.find(':');
    json::object schema = type_schema(member.substr(colon + 1));
    if (is_list) schema = {{"type", "array"}, {"items", std::move(schema)}};
    if (nullable) schema = or_null(std::move(schema));
    const std::string_view name = member.substr(0, colon);
    properties[name] = std::move(schema);
    if (!may_miss) required.emplace_back(name);
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json::object component(std::string_view name) {
  return type_schema(name);
}

json::object list_of(json::object item) {
  return {{"type", "array"}, {"items", std::move(item)}};
}

json::object answers(int status, std::string_view text, json::object data) {
  return operation_of(status,
                      {{"description", text}, {"content", content("application/json", envelope(std::move(data)))}});
}

json::object answers_list(std::string_view text, json::object item) {
  json::object page = envelope({{"type", "array"}, {"items", std::move(item)}});
  page["properties"].get_object()["pagination"] = type_schema("Pagination");
  return operation_of(200, {{"description", text}, {"content", content("application/json", std::move(page))}});
}

json::object answers_nothing(int status, std::string_view text) {
  return operation_of(status, {{"description", text}});
}

json::object answers_plain(std::string_view media_type, json::object schema) {
  return operation_of(200, {{"description", "Success"}, {"content", content(media_type, std::move(schema))}});
}

json::object takes(json::object body, json::object operation) {
  operation["requestBody"] = {{"required", true}, {"content", content("application/json", std::move(body))}};
  return operation;
}

}  // namespace patchbay::gateway
