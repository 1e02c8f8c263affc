#include "engine/mapping/rule_loader.hpp"

#include "engine/mapping/condition.hpp"
#include "engine/mapping/path.hpp"
#include "engine/mapping/transforms.hpp"

#include <algorithm>

namespace patchbay::mapping {
namespace {

using base::yaml::Node;

const std::vector<std::string> kKeys = {"from",      "transform", "values",  "constant", "when",     "parts",
                                        "currency",  "keep",      "negate",  "cut",      "required", "template",
                                        "reference", "own_id",    "find_by", "rank",     "to"};
const std::vector<std::string> kIdentityKeys = {"email", "phone"};

/// Moves an error of a checker without a place to the node's place.
template <typename Value>
sdk::Result<Value> at_node(const Node& node, sdk::Result<Value> result) {
  if (result.ok()) return result;
  return node.error(result.error().code, result.error().message);
}

sdk::Result<std::vector<std::string>> load_paths(const Node& node) {
  PATCHBAY_ASSIGN(auto paths, node.texts());
  if (paths.empty()) return node.error("mapping.path", "At least one path is needed.");
  for (std::size_t at = 0; at < paths.size(); ++at) {
    const Node& place = node.kind == Node::Kind::kList ? node.items[at] : node;
    PATCHBAY_TRY(at_node(place, check_path(paths[at], false)));
  }
  return paths;
}

/// A value that the file states for the target: one of its enum values, or any text where it is no enum.
sdk::Result<void> check_target_value(const Node& node, const resources::Field& field, const std::string& value) {
  if (field.type != resources::FieldType::kEnum || field.values.empty()) return {};
  if (std::find(field.values.begin(), field.values.end(), value) != field.values.end()) return {};
  return unknown_name(node, "value of " + field.name, value, field.values);
}

sdk::Result<void> load_values(const Node& node, const resources::Field& field, FieldRule& rule) {
  if (node.kind != Node::Kind::kMap)
    return node.error("mapping.values", "`values` is a map: value of the service → value of the field.");
  for (const auto& [from, to] : node.members) {
    PATCHBAY_ASSIGN(const std::string target, to.text());
    PATCHBAY_TRY(check_target_value(to, field, target));
    rule.values[from] = target;
  }
  return {};
}

sdk::Result<void> load_choices(const Node& node, const resources::Field& field, FieldRule& rule) {
  if (node.kind != Node::Kind::kList) return node.error("mapping.when", "`when` is a list of {if, value}.");
  for (const Node& item : node.items) {
    const Node* condition = item.find("if");
    const Node* value = item.find("value");
    if (condition == nullptr || value == nullptr || item.members.size() != 2) {
      return item.error("mapping.when", "A choice has `if` and `value` and nothing else.");
    }
    PATCHBAY_ASSIGN(const std::string condition_text, condition->text());
    PATCHBAY_ASSIGN(Condition parsed, at_node(*condition, parse_condition(condition_text)));
    PATCHBAY_ASSIGN(std::string target, value->text());
    PATCHBAY_TRY(check_target_value(*value, field, target));
    rule.when.push_back({std::move(parsed), std::move(target)});
  }
  return {};
}

sdk::Result<void> load_parts(const Node& node, FieldRule& rule) {
  if (node.kind != Node::Kind::kMap)
    return node.error("mapping.parts", "`parts` is a map: part of an address → path below `from`.");
  for (const auto& [part, path] : node.members) {
    const auto& known = address_parts();
    if (std::find(known.begin(), known.end(), part) == known.end())
      return unknown_name(path, "address part", part, known);
    PATCHBAY_ASSIGN(std::string text, path.text());
    PATCHBAY_TRY(at_node(path, check_path(text, true)));
    rule.parts[part] = std::move(text);
  }
  return {};
}

sdk::Result<void> load_keeps(const Node& node, const resources::Field& field, FieldRule& rule) {
  if (node.kind != Node::Kind::kMap)
    return node.error("mapping.keep", "`keep` is a map: incoming value → values that stay.");
  for (const auto& [incoming, kept] : node.members) {
    PATCHBAY_TRY(check_target_value(kept, field, incoming));
    PATCHBAY_ASSIGN(auto values, kept.texts());
    for (const std::string& value : values) PATCHBAY_TRY(check_target_value(kept, field, value));
    rule.keeps[incoming] = std::move(values);
  }
  return {};
}

/// Placeholders of "Job #{jobNumber}".
sdk::Result<void> check_template(const Node& node, std::string_view text) {
  while (true) {
    const auto open = text.find('{');
    if (open == std::string_view::npos) return {};
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) return node.error("mapping.template", "A { without } in the template.");
    PATCHBAY_TRY(at_node(node, check_path(text.substr(open + 1, close - open - 1), false)));
    text.remove_prefix(close + 1);
  }
}

sdk::Result<void> load_texts(const Node& node, const resources::Field& field, const sdk::Description& connector,
                             FieldRule& rule) {
  if (const Node* constant = node.find("constant")) {
    PATCHBAY_ASSIGN(rule.constant, constant->text());
    PATCHBAY_TRY(check_target_value(*constant, field, rule.constant));
  }
  if (const Node* text = node.find("template")) {
    PATCHBAY_ASSIGN(rule.template_text, text->text());
    PATCHBAY_TRY(check_template(*text, rule.template_text));
  }
  if (const Node* reference = node.find("reference")) {
    PATCHBAY_ASSIGN(rule.reference, reference->text());
    if (connector.find_resource(rule.reference) == nullptr) {
      std::vector<std::string> known;
      for (const auto& resource : connector.resources) known.push_back(resource.name);
      return unknown_name(*reference, "resource of " + connector.name, rule.reference, known);
    }
  }
  if (const Node* own_id = node.find("own_id")) {
    PATCHBAY_ASSIGN(rule.own_id, own_id->text());
    PATCHBAY_TRY(at_node(*own_id, check_path(rule.own_id, false)));
    if (field.references.empty() || rule.reference.empty())
      return own_id->error("mapping.own_id", "`own_id` belongs to a field with a `reference`.");
  }
  if (const Node* find_by = node.find("find_by")) {
    PATCHBAY_ASSIGN(rule.find_by, find_by->text());
    if (std::find(kIdentityKeys.begin(), kIdentityKeys.end(), rule.find_by) == kIdentityKeys.end())
      return unknown_name(*find_by, "key", rule.find_by, kIdentityKeys);
    if (field.references.empty() || !rule.reference.empty())
      return find_by->error("mapping.find_by",
                            "`find_by` belongs to a field that refers to an entity, without `reference`.");
    rule.reference = field.references + "." + rule.find_by;
  }
  if (const Node* to = node.find("to")) {
    PATCHBAY_ASSIGN(rule.to, to->text());
    PATCHBAY_TRY(at_node(*to, check_path(rule.to, true)));
  }
  return {};
}

sdk::Result<void> load_flags(const Node& node, FieldRule& rule) {
  const std::vector<std::pair<const char*, bool*>> flags = {
      {"cut", &rule.cut}, {"negate", &rule.negate}, {"required", &rule.required}};
  for (const auto& [name, flag] : flags) {
    if (const Node* found = node.find(name)) {
      PATCHBAY_ASSIGN(*flag, found->boolean());
    }
  }
  if (const Node* rank = node.find("rank")) {
    PATCHBAY_ASSIGN(const long long value, rank->integer());
    if (value < 0 || value > 1000) return rank->error("mapping.rank", "A rank is between 0 and 1000.");
    rule.rank = static_cast<int>(value);
  }
  return {};
}

sdk::Result<void> load_transform(const Node& node, const resources::Field& field, FieldRule& rule) {
  const Node* named = node.find("transform");
  if (named != nullptr) {
    PATCHBAY_ASSIGN(rule.transform, named->text());
    const auto kind = find_transform(rule.transform);
    if (!kind) return unknown_name(*named, "transform", rule.transform, transform_names());
    rule.kind = *kind;
  } else if (!rule.values.empty()) {
    rule.kind = Transform::kEnum;
  } else if (const auto usual = default_transform(field.type)) {
    rule.kind = *usual;
  } else {
    return node.error("mapping.transform",
                      "The field " + field.name + " needs a transform: money_minor or money_major.");
  }
  rule.transform = transform_names()[static_cast<std::size_t>(rule.kind)];
  const Node& place = named == nullptr ? node : *named;
  if (!fits(rule.kind, field.type)) {
    return place.error("mapping.transform",
                       "The transform " + rule.transform + " does not fit the type of the field " + field.name + ".");
  }
  return {};
}

/// What only makes sense together.
sdk::Result<void> check_whole(const Node& node, FieldRule& rule) {
  const bool money = rule.kind == Transform::kMoneyMinor || rule.kind == Transform::kMoneyMajor;
  if (rule.kind == Transform::kEnum && rule.values.empty() && rule.when.empty() && rule.constant.empty()) {
    return node.error("mapping.values", "An enum needs `values`.");
  }
  if (rule.kind == Transform::kEnum && !rule.from.empty() && rule.values.empty()) {
    return node.error("mapping.values", "An enum that is read from the record needs `values`.");
  }
  if ((rule.kind == Transform::kReference) != !rule.reference.empty()) {
    return node.error("mapping.reference", "`reference` (or `find_by`) and a field that holds an id belong together.");
  }
  if (!rule.find_by.empty() && !rule.to.empty())
    return node.error("mapping.find_by", "What is found by a key is not written back.");
  if (rule.from.empty() && rule.constant.empty() && rule.template_text.empty() && rule.when.empty()) {
    return node.error("mapping.from", "The field needs `from`, `when`, `template` or `constant`.");
  }
  if (!money && (rule.negate || !rule.currency_from.empty())) {
    return node.error("mapping.money", "`negate` and `currency` belong to money.");
  }
  if (!rule.parts.empty() && rule.kind != Transform::kAddress)
    return node.error("mapping.parts", "`parts` belongs to an address.");
  return {};
}

}  // namespace

sdk::Error unknown_name(const Node& node, std::string_view what, std::string_view name,
                        const std::vector<std::string>& known) {
  const std::string nearest = base::yaml::nearest_name(name, known);
  std::string message = "Unknown " + std::string(what) + " \"" + std::string(name) + "\"";
  message += nearest.empty() ? "." : "; did you mean \"" + nearest + "\"?";
  return node.error("mapping.unknown_name", std::move(message));
}

sdk::Result<FieldRule> load_rule(const std::string& field_name, const Node& node,
                                 const resources::ResourceDescription& target, const sdk::Description& connector) {
  const resources::Field* field = target.find_field(field_name);
  if (field == nullptr) {
    std::vector<std::string> known;
    for (const auto& candidate : target.fields) known.push_back(candidate.name);
    return unknown_name(node, "field of " + target.kind, field_name, known);
  }
  FieldRule rule;
  rule.field = field->name;
  rule.place = node.place;
  if (node.kind != Node::Kind::kMap) {
    PATCHBAY_ASSIGN(rule.from, load_paths(node));
    PATCHBAY_TRY(load_transform(node, *field, rule));
    PATCHBAY_TRY(check_whole(node, rule));
    return rule;
  }
  for (const auto& [key, value] : node.members) {
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
      return unknown_name(value, "key of a field", key, kKeys);
  }
  if (const Node* from = node.find("from")) {
    PATCHBAY_ASSIGN(rule.from, load_paths(*from));
  }
  if (const Node* currency = node.find("currency")) {
    PATCHBAY_ASSIGN(rule.currency_from, load_paths(*currency));
  }
  if (const Node* values = node.find("values")) PATCHBAY_TRY(load_values(*values, *field, rule));
  if (const Node* choices = node.find("when")) PATCHBAY_TRY(load_choices(*choices, *field, rule));
  if (const Node* parts = node.find("parts")) PATCHBAY_TRY(load_parts(*parts, rule));
  if (const Node* keeps = node.find("keep")) PATCHBAY_TRY(load_keeps(*keeps, *field, rule));
  PATCHBAY_TRY(load_texts(node, *field, connector, rule));
  PATCHBAY_TRY(load_flags(node, rule));
  PATCHBAY_TRY(load_transform(node, *field, rule));
  PATCHBAY_TRY(check_whole(node, rule));
  return rule;
}

}  // namespace patchbay::mapping
