#include "engine/mapping/mapping.hpp"

#include "engine/mapping/condition.hpp"
#include "engine/mapping/rule_loader.hpp"
#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/money.hpp>

#include <algorithm>

namespace patchbay::mapping {
namespace {

using base::yaml::Node;

const std::vector<std::string> kRootKeys = {"connector", "minor_units", "resources"};
const std::vector<std::string> kResourceKeys = {"entity",          "match_by",        "create_from_hub",
                                                "update_from_hub", "remove_from_hub", "skip_when",
                                                "create_when",     "when_deleted",    "fields"};

sdk::Result<void> check_keys(const Node& node, const std::vector<std::string>& known, std::string_view what) {
  for (const auto& [key, value] : node.members) {
    if (std::find(known.begin(), known.end(), key) == known.end()) return unknown_name(value, what, key, known);
  }
  return {};
}

/// What a rule does, as text: two mappings with the same digest turn every record into the same values.
std::string digest_of(const ResourceMapping& mapping) {
  std::string text = mapping.entity_kind;
  for (const FieldRule& rule : mapping.fields) {
    text += "\n" + rule.field + ":" + rule.transform + ":" + std::to_string(rule.rank);
    for (const auto& [incoming, kept] : rule.keeps) {
      text += ":" + incoming + ">";
      for (const std::string& value : kept) text += value + ",";
    }
  }
  return base::sha256(text);
}

sdk::Result<void> load_match_by(const Node& node, const resources::ResourceDescription& target,
                                ResourceMapping& mapping) {
  PATCHBAY_ASSIGN(mapping.match_by, node.texts());
  const std::vector<std::string> known = {"email", "phone"};
  for (const std::string& key : mapping.match_by) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      return unknown_name(node, "identity key", key, known);
    if (target.find_field(key) == nullptr) {
      return node.error("mapping.match_by", target.kind + " has no field " + key + " to be identified by.");
    }
  }
  return {};
}

sdk::Result<void> load_resource_flags(const Node& node, const sdk::ResourceDescription& resource,
                                      ResourceMapping& mapping) {
  struct Flag {
    const char* name;
    bool* target;
    bool possible;
  };
  const std::vector<Flag> flags = {{"create_from_hub", &mapping.create_from_hub, resource.create},
                                   {"update_from_hub", &mapping.update_from_hub, resource.update},
                                   {"remove_from_hub", &mapping.remove_from_hub, resource.remove}};
  for (const Flag& flag : flags) {
    const Node* found = node.find(flag.name);
    if (found == nullptr) continue;
    PATCHBAY_ASSIGN(*flag.target, found->boolean());
    if (*flag.target && !flag.possible) {
      return found->error("mapping.unsupported", "The connector cannot do this with " + resource.name + ".");
    }
  }
  return {};
}

sdk::Result<void> load_fields(const Node& node, const resources::ResourceDescription& target,
                              const sdk::Description& connector, ResourceMapping& mapping) {
  const Node* fields = node.find("fields");
  if (fields == nullptr || fields->kind != Node::Kind::kMap || fields->members.empty()) {
    return node.error("mapping.fields", "`fields` is missing or empty.");
  }
  for (const auto& [name, rule_node] : fields->members) {
    PATCHBAY_ASSIGN(FieldRule rule, load_rule(name, rule_node, target, connector));
    if (mapping.find_field(rule.field) != nullptr) {
      return rule_node.error("mapping.duplicate", "The field " + rule.field + " is mapped twice.");
    }
    mapping.fields.push_back(std::move(rule));
  }
  for (const resources::Field& field : target.fields) {
    if (field.required && !field.nullable && mapping.find_field(field.name) == nullptr) {
      return fields->error("mapping.required",
                           "The required field " + field.name + " of " + target.kind + " is not mapped.");
    }
  }
  return {};
}

/// Only what has an e-mail or a phone can be found by it.
sdk::Result<void> check_find_by(const Node& node, const FieldRule& rule, const resources::Field& field,
                                const resources::Registry& registry) {
  if (rule.find_by.empty()) return {};
  const resources::ResourceDescription* target = registry.find(field.references);
  if (target != nullptr && target->find_field(rule.find_by) != nullptr) return {};
  return node.error("mapping.find_by", "A " + field.references + " has no " + rule.find_by + " to be found by.");
}

sdk::Result<void> load_create_when(const Node& node, const resources::ResourceDescription& target,
                                   ResourceMapping& mapping) {
  PATCHBAY_ASSIGN(const std::string text, node.text());
  auto condition = parse_condition(text);
  if (!condition.ok()) return node.error(condition.error().code, condition.error().message);
  if (target.find_field(condition.value().path) == nullptr)
    return node.error("mapping.create_when", target.kind + " has no field " + condition.value().path + ".");
  if (!mapping.create_from_hub)
    return node.error("mapping.create_when", "Without `create_from_hub` nothing is created.");
  mapping.create_when = std::move(condition).value();
  return {};
}

/// `{}`: a deletion in the service changes nothing here.
sdk::Result<void> load_when_deleted(const Node& node, const resources::ResourceDescription& target,
                                    ResourceMapping& mapping) {
  if (node.kind != Node::Kind::kMap)
    return node.error("mapping.when_deleted", "`when_deleted` is a map: field → value.");
  mapping.when_deleted.emplace();
  for (const auto& [name, value] : node.members) {
    const resources::Field* field = target.find_field(name);
    if (field == nullptr || mapping.find_field(name) == nullptr)
      return value.error("mapping.when_deleted", "The field " + name + " is not mapped.");
    PATCHBAY_ASSIGN(const std::string text, value.text());
    const bool known =
        field->values.empty() || std::find(field->values.begin(), field->values.end(), text) != field->values.end();
    if (!known) return unknown_name(value, "value of " + name, text, field->values);
    (*mapping.when_deleted)[name] = text;
  }
  return {};
}

sdk::Result<ResourceMapping> load_resource(const std::string& name, const Node& node, const sdk::Description& connector,
                                           const resources::Registry& registry) {
  const sdk::ResourceDescription* resource = connector.find_resource(name);
  if (resource == nullptr) {
    std::vector<std::string> known;
    for (const auto& candidate : connector.resources) known.push_back(candidate.name);
    return unknown_name(node, "resource of " + connector.name, name, known);
  }
  if (node.kind != Node::Kind::kMap)
    return node.error("mapping.resource", "A resource is a map with `entity` and `fields`.");
  PATCHBAY_TRY(check_keys(node, kResourceKeys, "key of a resource"));
  ResourceMapping mapping;
  mapping.resource = name;
  const Node* entity = node.find("entity");
  if (entity == nullptr) return node.error("mapping.entity", "`entity` is missing.");
  PATCHBAY_ASSIGN(mapping.entity_kind, entity->text());
  const resources::ResourceDescription* target = registry.find(mapping.entity_kind);
  if (target == nullptr) {
    std::vector<std::string> known;
    for (const auto& description : registry.all()) known.push_back(description.kind);
    return unknown_name(*entity, "entity", mapping.entity_kind, known);
  }
  if (const Node* match_by = node.find("match_by")) PATCHBAY_TRY(load_match_by(*match_by, *target, mapping));
  if (const Node* skip = node.find("skip_when")) {
    PATCHBAY_ASSIGN(mapping.skip_when, skip->text());
    auto condition = parse_condition(mapping.skip_when);
    if (!condition.ok()) return skip->error(condition.error().code, condition.error().message);
    mapping.skip = std::move(condition).value();
  }
  PATCHBAY_TRY(load_resource_flags(node, *resource, mapping));
  PATCHBAY_TRY(load_fields(node, *target, connector, mapping));
  if (const Node* when = node.find("create_when")) PATCHBAY_TRY(load_create_when(*when, *target, mapping));
  if (const Node* when = node.find("when_deleted")) PATCHBAY_TRY(load_when_deleted(*when, *target, mapping));
  for (FieldRule& rule : mapping.fields) {
    const resources::Field* field = target->find_field(rule.field);
    rule.required = rule.required || (field->required && !field->nullable);
    PATCHBAY_TRY(check_find_by(node, rule, *field, registry));
  }
  const bool money = std::any_of(mapping.fields.begin(), mapping.fields.end(), [](const FieldRule& rule) {
    return rule.kind == Transform::kMoneyMinor || rule.kind == Transform::kMoneyMajor;
  });
  mapping.needs_currency =
      money && target->find_field("currency") != nullptr && mapping.find_field("currency") == nullptr;
  mapping.digest = digest_of(mapping);
  return mapping;
}

sdk::Result<int> load_places(const std::string& currency, const Node& node) {
  const bool code = currency.size() == 3 &&
                    std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!code) return node.error("mapping.minor_units", "\"" + currency + "\" is not a currency code in upper case.");
  PATCHBAY_ASSIGN(const long long places, node.integer());
  if (places < 0 || places > 4) return node.error("mapping.minor_units", "Between 0 and 4 decimal places.");
  return static_cast<int>(places);
}

}  // namespace

const FieldRule* ResourceMapping::find_field(std::string_view field) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const FieldRule& rule) { return rule.field == field; });
  return found == fields.end() ? nullptr : &*found;
}

sdk::Result<Mapping> Mapping::load(const Node& root, const sdk::Description& description,
                                   const resources::Registry& registry) {
  if (root.kind != Node::Kind::kMap)
    return root.error("mapping.root", "A mapping is a map with `connector` and `resources`.");
  PATCHBAY_TRY(check_keys(root, kRootKeys, "key of a mapping"));
  Mapping mapping;
  const Node* connector = root.find("connector");
  if (connector == nullptr) return root.error("mapping.connector", "`connector` is missing.");
  PATCHBAY_ASSIGN(mapping.connector_, connector->text());
  if (mapping.connector_ != description.name) {
    return connector->error("mapping.connector", "This mapping is for " + mapping.connector_ + ", the connector is " +
                                                     description.name + ".");
  }
  if (const Node* places = root.find("minor_units")) {
    for (const auto& [currency, node] : places->members) {
      PATCHBAY_ASSIGN(mapping.minor_units_[currency], load_places(currency, node));
    }
  }
  const Node* resources = root.find("resources");
  if (resources == nullptr || resources->kind != Node::Kind::kMap)
    return root.error("mapping.resources", "`resources` is missing.");
  for (const auto& [name, node] : resources->members) {
    PATCHBAY_ASSIGN(ResourceMapping resource, load_resource(name, node, description, registry));
    mapping.resources_.push_back(std::move(resource));
  }
  return mapping;
}

const ResourceMapping* Mapping::find(std::string_view resource) const {
  const auto found = std::find_if(resources_.begin(), resources_.end(),
                                  [&](const auto& mapping) { return mapping.resource == resource; });
  return found == resources_.end() ? nullptr : &*found;
}

const ResourceMapping* Mapping::find_writable(std::string_view entity_kind) const {
  const auto found = std::find_if(resources_.begin(), resources_.end(), [&](const auto& mapping) {
    return mapping.entity_kind == entity_kind &&
           (mapping.create_from_hub || mapping.update_from_hub || mapping.remove_from_hub);
  });
  return found == resources_.end() ? nullptr : &*found;
}

int Mapping::minor_unit_places(std::string_view currency) const {
  const auto found = minor_units_.find(currency);
  return found == minor_units_.end() ? sdk::currency_exponent(currency) : found->second;
}

}  // namespace patchbay::mapping
