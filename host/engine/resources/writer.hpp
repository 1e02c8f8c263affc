// Every write of an entity, whoever asks, meets here: checks + SQL + status history + outbox rows, inside the caller's
// transaction.
#pragma once

#include "engine/policy/policy.hpp"
#include "engine/resources/description.hpp"
#include "engine/resources/json_view.hpp"
#include "engine/resources/validator.hpp"
#include "engine/workflow/workflow.hpp"
#include "platform/storage/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::resources {

/// Who writes. A service is the authority for what it owns: its moves are recorded, not refused by the workflow.
struct Actor {
  enum class Kind { kUser, kService, kSystem };
  Kind kind = Kind::kSystem;
  std::string id;               // user id or connector name
  std::string connection_id;    // of a service
  policy::Principal principal;  // of a user
};

/// The versions of a row, of which a caller saw one; nullopt: any.
using IfMatch = std::optional<std::vector<std::int64_t>>;

/// One row of a bulk write, already mapped, identified and reduced to what changed.
struct BulkRow {
  std::string entity_id;
  bool is_new = false;
  bool deleted = false;  // soft delete (is_new false); a row that comes back is undeleted by a bulk update
  sdk::json::object
      values;  // JSON names of fields → JSON values (money as decimal string, times as ISO text); only what is set
  sdk::json::object owners;  // field name → connection id: merged into the row's owners
  std::vector<std::string> changed_fields;
  std::string reason;  // of a move, for its history; empty: none
};

struct WriteOutcome {
  std::string entity_id;
  std::int64_t version = 0;
  sdk::json::object row;  // as staff sees it
  std::vector<std::string> changed_fields;
};

class Writer {
 public:
  /// `registry` is complete and outlives the writer. `phone_region`: country of phone numbers without one.
  Writer(const Registry& registry, const policy::Policy& policy, const workflow::Workflows& workflows,
         std::string phone_region = "US");

  /// Validated by the description (all errors at once, in `field_errors`).
  sdk::Result<WriteOutcome> create(storage::Session& session, const ResourceDescription& description,
                                   const Actor& actor, const sdk::json::object& body,
                                   std::vector<sdk::Error>& field_errors) const;
  /// Changes the fields that are given; null clears. A row whose version is not in `if_match` is
  /// "resources.precondition_failed". A body that changes nothing writes nothing.
  sdk::Result<WriteOutcome> update(storage::Session& session, const ResourceDescription& description,
                                   const Actor& actor, const std::string& entity_id, const sdk::json::object& body,
                                   const IfMatch& if_match, std::vector<sdk::Error>& field_errors) const;
  sdk::Result<WriteOutcome> move(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                 const std::string& entity_id, const std::string& to_status, const std::string& reason,
                                 const sdk::json::object& also_set) const;
  /// Changes fields on the hub's own behalf, read-only ones too; of rows that the actor sees.
  sdk::Result<WriteOutcome> amend(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                  const std::string& entity_id, const sdk::json::object& values) const;
  /// The row as staff sees it, locked until the end of the transaction; kNotFound where the actor does not see it.
  sdk::Result<sdk::json::object> lock(storage::Session& session, const ResourceDescription& description,
                                      const Actor& actor, const std::string& entity_id) const;
  sdk::Result<void> remove(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                           const std::string& entity_id, const IfMatch& if_match) const;
  /// Many rows of one kind in a handful of statements (unnest), in key order; with status history and outbox rows.
  /// The mapping's work is trusted for types, not for lengths: text over a column's length is refused per row by
  /// check_bulk.
  sdk::Result<void> apply_bulk(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                               std::vector<BulkRow> rows) const;
  /// What is wrong with a row that sync wants to write (length, type, enum, money range), or success.
  sdk::Result<void> check_bulk(const ResourceDescription& description, const BulkRow& row) const;
  const Registry& registry() const { return registry_; }

 private:
  struct Current;
  struct Change;
  sdk::Result<Current> read_current(storage::Session& session, const ResourceDescription& description,
                                    const Actor& actor, const std::string& entity_id, const IfMatch& if_match) const;
  ValidationRules rules_for(const Actor& actor) const;
  /// What a caller may write, and what follows from it.
  ValidatedBody validate_body(const ResourceDescription& description, const sdk::json::object& body,
                              const ValidationRules& rules, const Current* current,
                              std::vector<sdk::Error>& field_errors) const;
  /// Writes the values that differ, checks the whole row, records and announces the change.
  sdk::Result<WriteOutcome> store(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                  const Current& current, Change change) const;
  sdk::Result<void> check_references(storage::Session& session, const Actor& actor, const ValidatedBody& body,
                                     std::vector<sdk::Error>& field_errors) const;
  sdk::Result<void> after_write(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                const std::vector<std::string>& ids) const;
  Change plan_move(const ResourceDescription& description, const workflow::Workflow& workflow, const Current& current,
                   const std::string& to_status, const std::string& reason) const;

  const Registry& registry_;
  const policy::Policy& policy_;
  const workflow::Workflows& workflows_;
  const std::string phone_region_;
  const JsonViews views_;
};

}  // namespace patchbay::resources
