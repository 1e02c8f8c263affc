// An entity, described once. Routes, validation, SQL, filters, visibility, OpenAPI and events follow from this value.
#pragma once

#include "engine/policy/principal.hpp"

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::storage {
class Session;
}

namespace patchbay::resources {

class Writer;
struct Actor;

enum class FieldType {
  kUuid,
  kText,
  kEmail,
  kPhone,
  kEnum,
  kInteger,
  kBoolean,
  kTime,
  kMoney,
  kObject,
  kArray,
  kTextList,
  kUuidList
};

struct Field {
  std::string name;    // JSON: "scheduledStart"
  std::string column;  // SQL: "scheduled_start"
  FieldType type = FieldType::kText;
  bool required = false;   // on create
  bool read_only = false;  // never from a caller
  bool nullable = true;
  std::size_t length_max = 0;                // text: characters; 0: 64 KiB
  std::vector<std::string> values;           // kEnum
  std::optional<std::string> default_value;  // on create by the API
  std::string second_name;                   // taken in bodies, filters, sort (G-19)
  bool answer_second_name = false;
  std::string references;  // entity kind of a kUuid
  bool filterable = false;
  bool sortable = false;
  bool searchable = false;               // part of the trigram index expression, in order of declaration
  std::vector<std::string> hidden_from;  // roles that never see it
  std::string write_permission;          // needed to write it, besides the resource's
  std::string description;
  std::string normalized_field;      // kPhone: read-only field that gets the E.164 form; filters look there
  bool services_may_exceed = false;  // length_max binds the API only; longer text from a service is kept whole
  bool identifies = false;           // a contact by which the same person is recognised in several services
  bool address_shape = false;        // kObject: line1, line2, city, state, postalCode, country; a plain text is line1
};

/// Which rows a role sees, as SQL over the alias `e` with named values {client}, {user}; chosen by policy.row_filter.
struct RowFilter {
  std::string name;
  std::string sql;
  /// The same rule on an event's visibility values; empty: events of this kind are not for such roles.
  std::function<bool(const policy::Principal&, const sdk::json::object& visibility)> sees_event;
};

/// GET /{path}/{id}/{name}: rows of `kind` whose `field` is the id.
struct ChildList {
  std::string name;
  std::string kind;
  std::string field;
};

/// Reaching `state` writes the time of the move into a field that is still empty.
struct MoveTime {
  std::string state;
  std::string field;
};

/// One statement, run once for all rows of a write that reached `state`; $1::uuid[] are their ids. Must be safe to
/// repeat.
struct StateHook {
  std::string state;
  std::string sql;
};

struct ResourceDescription {
  std::string kind;         // "client"; also events "client.updated" and entity_links.entity_kind
  std::string path;         // "clients": route, topic and table
  std::string second_path;  // "customers"
  std::string table;        // "clients"
  std::string title;
  std::vector<Field> fields;  // besides id, version, createdAt, updatedAt, deletedAt, externalIds
  std::vector<RowFilter> row_filters;
  std::string workflow;  // state machine of field `status`; empty: none
  std::string read_permission, create_permission, write_permission, delete_permission;
  bool synced = false;  // externalIds, syncStatus, lastSyncedAt are shown
  std::string default_sort = "-updatedAt";
  /// Values that row filters and event visibility need, from the row's JSON: name in `visibility` → field name.
  std::vector<std::pair<std::string, std::string>> visibility_fields;

  std::string list_permission;  // empty: read_permission. A resource has the routes whose permissions are named.
  std::vector<ChildList> children;
  std::string furthest_field;  // keeps the furthest state that the row ever reached
  std::vector<MoveTime> move_times;
  std::vector<StateHook> state_hooks;
  std::map<std::string, std::string> move_actions;  // state → event action; others are "<kind>.status_changed"
  std::vector<std::string> closed_states;           // fields of such a row are closed
  std::vector<std::string> deletable_states;        // empty: any
  std::string assigned_field;                       // kUuidList of users, or kUuid of one, that the row is assigned to
  /// Read-only values that follow from what a caller writes; `current` is null on create. Canonical names only.
  std::function<sdk::json::object(const sdk::json::object& body, const sdk::json::object* current)> derive;
  /// Follows every write of rows of this kind in its transaction, once for all of them: values of other rows that
  /// depend on them.
  std::function<sdk::Result<void>(const Writer&, storage::Session&, const Actor&, const std::vector<std::string>& ids)>
      after_write;
  /// Rules over several fields, on the row as it would be after the write (JSON values).
  std::function<void(const sdk::json::object& row, std::vector<sdk::Error>& errors)> check_row;

  /// kTextList: names of the contacts (`identifies`) that nobody has verified; the writer keeps it. Empty: none are
  /// kept.
  std::string unverified_field;

  const Field* find_field(std::string_view name) const;  // either name
  const Field* find_column(std::string_view column) const;
};

/// All entities, in an explicit list (business/entities/registry.cpp). Immutable after wiring.
class Registry {
 public:
  void add(ResourceDescription description);
  const ResourceDescription* find(std::string_view kind) const;
  const ResourceDescription* find_path(std::string_view path) const;
  const std::vector<ResourceDescription>& all() const { return descriptions_; }

 private:
  std::vector<ResourceDescription> descriptions_;
};

}  // namespace patchbay::resources
