#include "engine/resources/openapi.hpp"

#include <algorithm>
#include <cctype>

namespace patchbay::resources {
namespace {

namespace json = sdk::json;

json::object reference(std::string_view component) {
  return {{"$ref", "#/components/" + std::string(component)}};
}

std::string schema_name(const ResourceDescription& description) {
  std::string name = description.kind;
  name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  return name;
}

json::object type_schema(const Field& field) {
  switch (field.type) {
    case FieldType::kUuid:
      return {{"type", "string"}, {"format", "uuid"}};
    case FieldType::kEmail:
      return {{"type", "string"}, {"format", "email"}};
    case FieldType::kTime:
      return {{"type", "string"}, {"format", "date-time"}};
    case FieldType::kMoney:
      return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]+)?$"}};
    case FieldType::kInteger:
      return {{"type", "integer"}};
    case FieldType::kBoolean:
      return {{"type", "boolean"}};
    case FieldType::kObject:
      return field.address_shape ? reference("schemas/Address") : json::object{{"type", "object"}};
    case FieldType::kArray:
      return {{"type", "array"}, {"items", json::object()}};
    case FieldType::kTextList:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case FieldType::kUuidList:
      return {{"type", "array"}, {"items", {{"type", "string"}, {"format", "uuid"}}}};
    default:
      return {{"type", "string"}};
  }
}

json::object field_schema(const Field& field) {
  json::object schema = type_schema(field);
  if (field.length_max > 0) schema["maxLength"] = field.length_max;
  if (!field.values.empty()) schema["enum"] = json::value_from(field.values);
  if (field.nullable && schema.contains("enum")) schema["enum"].get_array().emplace_back(nullptr);
  if (field.nullable && schema.contains("type")) {
    schema["type"] = json::array{schema["type"], "null"};
  } else if (field.nullable) {
    schema = {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
  }
  if (field.read_only) schema["readOnly"] = true;
  if (field.default_value && field.type != FieldType::kBoolean) schema["default"] = *field.default_value;
  if (field.default_value && field.type == FieldType::kBoolean) schema["default"] = *field.default_value == "true";
  if (!field.description.empty()) schema["description"] = field.description;
  return schema;
}

json::object read_only(json::object schema) {
  schema["readOnly"] = true;
  return schema;
}

json::object entity_schema(const ResourceDescription& description) {
  json::object properties;
  json::array required;
  properties["id"] = read_only({{"type", "string"}, {"format", "uuid"}});
  for (const Field& field : description.fields) {
    properties[field.name] = field_schema(field);
    if (field.answer_second_name) properties[field.second_name] = field_schema(field);
    if (field.required) required.emplace_back(field.name);
  }
  if (description.synced) {
    properties["externalIds"] = read_only({{"type", "object"}, {"additionalProperties", {{"type", "string"}}}});
    properties["syncStatus"] =
        read_only({{"type", "string"}, {"enum", {"local", "pending", "synced", "conflict", "error"}}});
    properties["lastSyncedAt"] = read_only({{"type", {"string", "null"}}, {"format", "date-time"}});
    properties["links"] = read_only({{"type", "array"}, {"items", {{"type", "object"}}}});
  }
  properties["version"] = read_only({{"type", "integer"}});
  for (const char* name : {"createdAt", "updatedAt"}) {
    properties[name] = read_only({{"type", "string"}, {"format", "date-time"}});
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

/// What a change may name: any of the fields that are not read-only, none of them required.
json::object change_schema(const ResourceDescription& description) {
  json::object properties;
  for (const Field& field : description.fields) {
    if (!field.read_only) properties[field.name] = field_schema(field);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

json::object parameter(std::string_view name, json::object schema, std::string_view text) {
  return {{"name", name}, {"in", "query"}, {"required", false}, {"schema", std::move(schema)}, {"description", text}};
}

json::object json_content(json::object schema) {
  return {{"application/json", {{"schema", std::move(schema)}}}};
}

json::object one_response(const ResourceDescription& description) {
  return {{"description", description.title},
          {"headers",
           {{"ETag",
             {{"schema", {{"type", "string"}}},
              {"description",
               "\"<version>-<hash of what is shown>\"; If-Match compares the version only, \"<version>\" will do."}}}}},
          {"content", json_content({{"type", "object"},
                                    {"properties",
                                     {{"data", reference("schemas/" + schema_name(description))},
                                      {"timestamp", {{"type", "string"}, {"format", "date-time"}}}}}})}};
}

json::object common_schemas() {
  json::object address{{"type", "object"}, {"additionalProperties", false}};
  json::object members;
  for (const char* name : {"line1", "line2", "city", "state", "postalCode", "country"})
    members[name] = {{"type", "string"}};
  address["properties"] = std::move(members);
  const json::object text{{"type", "string"}};
  const json::object number{{"type", "integer"}};
  const json::object error{{"type", "object"}, {"properties", {{"field", text}, {"code", text}, {"message", text}}}};
  return {{"Address", std::move(address)},
          {"Problem",
           {{"type", "object"},
            {"properties",
             {{"type", text},
              {"title", text},
              {"status", number},
              {"detail", text},
              {"code", text},
              {"message", text},
              {"requestId", text},
              {"errors", {{"type", "array"}, {"items", error}}}}}}},
          {"Tombstone",
           {{"type", "object"},
            {"description", "A deleted row, in lists with updatedSince only."},
            {"properties",
             {{"id", {{"type", "string"}, {"format", "uuid"}}},
              {"deleted", {{"const", true}}},
              {"deletedAt", {{"type", "string"}, {"format", "date-time"}}}}},
            {"required", {"id", "deleted", "deletedAt"}}}},
          {"Pagination",
           {{"type", "object"},
            {"properties",
             {{"page", number},
              {"pageSize", number},
              {"totalPages", number},
              {"totalCount", number},
              {"totalIsEstimate", {{"type", "boolean"}}},
              {"nextCursor", {{"type", {"string", "null"}}}}}}}}};
}

json::array path_parameters(std::string_view pattern) {
  json::array parameters;
  for (std::size_t open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
    const std::size_t close = pattern.find('}', open);
    parameters.push_back({{"name", pattern.substr(open + 1, close - open - 1)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", {{"type", "string"}}}});
  }
  return parameters;
}

std::string operation_id(const gateway::Route& route) {
  std::string id = route.method;
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  for (const char c : route.pattern) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      id += c;
    } else if (c != '}' && !id.ends_with('_')) {
      id += '_';
    }
  }
  return id;
}

json::object operation_of(const gateway::Route& route) {
  json::object operation = route.operation;
  operation["operationId"] = operation_id(route);
  if (!route.tag.empty()) operation["tags"] = json::array{json::value(route.tag)};
  if (!route.summary.empty()) operation["summary"] = route.summary;
  json::array parameters = path_parameters(route.pattern);
  if (const json::value* given = operation.if_contains("parameters"); given != nullptr && given->is_array()) {
    parameters.insert(parameters.end(), given->get_array().begin(), given->get_array().end());
  }
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (!operation.contains("responses")) operation["responses"] = json::object{{"200", {{"description", "Success"}}}};
  operation["responses"].get_object()["default"] = reference("responses/Problem");
  if (route.access == gateway::Access::kPublic) operation["security"] = json::array();
  if (!route.permission.empty()) operation["x-permission"] = route.permission;
  return operation;
}

}  // namespace

json::object list_operation(const ResourceDescription& description) {
  const json::object text{{"type", "string"}};
  json::array parameters;
  parameters.push_back(parameter("page", {{"type", "integer"}, {"minimum", 1}}, "Page number, from 1."));
  parameters.push_back(parameter("pageSize", {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}, {"default", 20}},
                                 "Rows of a page."));
  parameters.push_back(
      parameter("cursor", text, "nextCursor of the page before, or empty for the first: constant cost at any depth."));
  std::string sortable = "createdAt, updatedAt";
  bool searchable = false;
  for (const Field& field : description.fields) {
    if (field.sortable) sortable += ", " + field.name;
    searchable = searchable || field.searchable;
  }
  parameters.push_back(parameter("sort", {{"type", "string"}, {"default", description.default_sort}},
                                 "By " + sortable + "; a leading - is descending."));
  if (searchable)
    parameters.push_back(parameter("search", {{"type", "string"}, {"minLength", 3}}, "Words that must all occur."));
  parameters.push_back(parameter("updatedSince", {{"type", "string"}, {"format", "date-time"}},
                                 "Rows changed since, oldest first; deleted ones as tombstones."));
  parameters.push_back(parameter("count", {{"type", "string"}, {"enum", {"exact", "none"}}},
                                 "exact forces an exact total, none leaves it out."));
  for (const Field& field : description.fields) {
    if (!field.filterable) continue;
    parameters.push_back(parameter(field.name, text,
                                   "Equal to one of several values by comma; also " + field.name +
                                       "[ne], [null], and [gte], [lte], [gt], [lt] where it has an order."));
  }
  json::object item{{"anyOf", {reference("schemas/" + schema_name(description)), reference("schemas/Tombstone")}}};
  const json::object page{{"type", "object"},
                          {"properties",
                           {{"data", {{"type", "array"}, {"items", std::move(item)}}},
                            {"pagination", reference("schemas/Pagination")},
                            {"timestamp", {{"type", "string"}, {"format", "date-time"}}}}}};
  return {{"parameters", std::move(parameters)},
          {"responses", {{"200", {{"description", "A page"}, {"content", json_content(page)}}}}}};
}

json::object get_operation(const ResourceDescription& description) {
  return {{"responses",
           {{"200", one_response(description)}, {"304", {{"description", "Not changed since If-None-Match"}}}}}};
}

json::object write_operation(const ResourceDescription& description, int status) {
  return {
      {"requestBody",
       {{"required", true},
        {"content", json_content(reference("schemas/" + schema_name(description) + (status == 201 ? "" : "Change")))}}},
      {"responses", {{std::to_string(status), one_response(description)}}}};
}

json::object delete_operation() {
  return {{"responses", {{"204", {{"description", "Deleted"}}}}}};
}

json::object make_openapi(const gateway::Routes& routes, const Registry& registry, const ApiTitle& title) {
  json::object schemas = common_schemas();
  for (const ResourceDescription& description : registry.all()) {
    schemas[schema_name(description)] = entity_schema(description);
    schemas[schema_name(description) + "Change"] = change_schema(description);
  }
  json::object paths;
  for (const gateway::Route& route : routes) {
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    json::value& path = paths[route.pattern];
    if (!path.is_object()) path = json::object();
    path.get_object()[method] = operation_of(route);
  }
  json::object components;
  components["schemas"] = std::move(schemas);
  components["responses"] = {
      {"Problem",
       {{"description", "What went wrong"},
        {"content", {{"application/problem+json", {{"schema", reference("schemas/Problem")}}}}}}}};
  components["securitySchemes"] = {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}};
  json::object document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", "Patchbay"}, {"version", title.version}};
  document["servers"] = json::array{json::object{{"url", title.server_url}}};
  document["security"] = json::array{json::object{{"bearer", json::array()}}};
  document["paths"] = std::move(paths);
  document["components"] = std::move(components);
  return document;
}

}  // namespace patchbay::resources
