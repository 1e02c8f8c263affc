// How a service's records become entities and back: plugins/<service>/mapping.yaml, checked at load.
#pragma once

#include "engine/resources/description.hpp"
#include "platform/base/yaml.hpp"

#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/records.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::mapping {

/// Surroundings of one mapping run.
struct MappingContext {
  std::string default_currency = "USD";  // where the service does not tell
  std::string phone_region = "US";
};

/// A reference to another record, resolved to an entity by its link when the page is applied; or to the one entity that
/// has an e-mail or a phone, for services that know an address but no client.
struct Reference {
  std::string field;        // target field: "clientId"
  std::string resource;     // of the same connection: "clients"; by a key: "client.phone", "client.email", "client.id"
  std::string external_id;  // by a key: the e-mail in lower case, the phone as E.164, the hub's own id
};

/// A record in the unified model's words.
struct MappedRecord {
  std::string entity_kind;
  std::string resource;
  std::string external_id;
  std::string remote_version;
  bool deleted = false;
  sdk::json::object values;  // JSON field names → values; absent where the source has nothing to say
  std::vector<Reference> references;
  std::string fingerprint;                    // 32 bytes over values, references, deleted and the rules themselves
  bool skipped = false;                       // skip_when holds: not imported, nothing to report
  std::string email, phone;                   // identity keys: lower case, E.164; empty where the record has none
  std::vector<std::string> notes;             // what was left out and why ("email: not an address")
  std::optional<sdk::SystemTime> updated_at;  // the service's time of this state
};

enum class Transform {
  kText,
  kTrim,
  kEmail,
  kPhone,
  kMoneyMinor,
  kMoneyMajor,
  kCurrency,
  kTime,
  kUnixTime,
  kBoolean,
  kInteger,
  kEnum,
  kAddress,
  kObject,
  kArray,
  kTextList,
  kReference
};

/// `path`, `path=a|b`, `path!=a|b`, `path>number` or `path<number`; a path alone: it has a value.
struct Condition {
  enum class Test { kPresent, kEqual, kDifferent, kGreater, kLess };
  std::string path;
  Test test = Test::kPresent;
  std::string operand;
  bool holds(const sdk::json::value& record) const;
};

/// A value by condition; the first that holds counts before everything else.
struct Choice {
  Condition condition;
  std::string value;
};

/// Rules of one resource.
struct FieldRule {
  std::string field;
  std::vector<std::string> from;  // source paths, the first that has a value counts
  std::string transform;  // name of a transform: text, trim, email, phone, money_minor, money_major, time, unix_time, …
  Transform kind = Transform::kTrim;  // the same, resolved at load; by the field's type where the file says nothing
  std::map<std::string, std::string> values;  // enum map; key "*" is the fallback, missing: the record is refused
  std::string constant;                       // where everything in `from` is empty (or without `from`: always)
  std::vector<Choice> when;                   // before `from`
  std::map<std::string, std::string> parts;   // address: line1 → "street1", …
  std::vector<std::string> currency_from;     // money: paths of its currency
  std::map<std::string, std::vector<std::string>>
      keeps;                  // incoming value → finer values of the hub that it does not replace
  bool negate = false;        // money: a refund is a negative payment
  bool cut = false;           // text longer than the column is cut instead of refused
  bool required = false;      // a record without it is refused
  std::string template_text;  // "Job #{jobNumber}" where everything in `from` is empty
  std::string reference;      // resource that the value is an external id of; with find_by: "client.phone"
  std::string own_id;         // path where the service carries the hub's own id of what the field refers to
  std::string find_by;        // phone, email: the value is one of the entity that the field refers to
  int rank = 0;               // who wins between services; the same field's higher rank owns it
  std::string to;             // path in the service's shape for write-back; empty: never written
  base::yaml::Place place;
};

struct ResourceMapping {
  std::string resource;
  std::string entity_kind;
  std::vector<FieldRule> fields;
  std::vector<std::string> match_by;  // identity: email, phone; empty: by link only
  bool create_from_hub = false;       // a new entity of the hub is created in this service
  bool update_from_hub = false;
  bool remove_from_hub = false;  // a deletion in the hub is a deletion (or archiving) in the service
  // Which rows of the hub are created there, by a condition on the row; also later, when they come to meet it.
  std::optional<Condition> create_when;
  // What a deletion in the service changes on the entity instead of taking it away; may be nothing at all.
  std::optional<sdk::json::object> when_deleted;
  std::string skip_when;          // path = value: records that are not imported at all
  std::optional<Condition> skip;  // the same, parsed
  bool needs_currency = false;    // has amounts, and its records do not say of which currency
  std::string digest;  // over the rules: part of every fingerprint, so that an edited mapping is applied anew
  const FieldRule* find_field(std::string_view field) const;
};

class Mapping {
 public:
  /// Checks every path syntax, transform, target field, enum value and type against the description and the registry.
  /// Error with file, line and column.
  static sdk::Result<Mapping> load(const base::yaml::Node& root, const sdk::Description& description,
                                   const resources::Registry& registry);
  const std::string& connector() const { return connector_; }
  const ResourceMapping* find(std::string_view resource) const;
  /// The resource that an entity kind is written back to, or nullptr.
  const ResourceMapping* find_writable(std::string_view entity_kind) const;
  const std::vector<ResourceMapping>& resources() const { return resources_; }
  /// Decimal places of this service's smallest unit where they differ from ISO 4217 (Stripe counts ISK in hundredths).
  int minor_unit_places(std::string_view currency) const;

 private:
  std::string connector_;
  std::map<std::string, int, std::less<>> minor_units_;
  std::vector<ResourceMapping> resources_;
};

/// Runs a mapping. Pure and thread-safe.
class Mapper {
 public:
  Mapper(const Mapping& mapping, const resources::Registry& registry, MappingContext context);
  /// kInvalid naming the field and the reason when the record cannot be mapped (it is then logged and skipped).
  sdk::Result<MappedRecord> to_entity(const sdk::Record& record) const;
  /// The service's shape of the given entity fields (only those with a `to`); references by `external_ids`: field →
  /// external id.
  sdk::Result<sdk::json::value> to_record(const ResourceMapping& rules, const sdk::json::object& row,
                                          const std::vector<std::string>& changed_fields,
                                          const std::map<std::string, std::string>& external_ids) const;

  const Mapping& mapping() const { return mapping_; }

 private:
  sdk::Result<void> map_field(const FieldRule& rule, const resources::ResourceDescription& description,
                              const sdk::json::value& data, MappedRecord& record) const;
  std::optional<std::string> identity_key(const std::string& kind, const std::string& address) const;
  const Mapping& mapping_;
  const resources::Registry& registry_;
  MappingContext context_;
};

}  // namespace patchbay::mapping
