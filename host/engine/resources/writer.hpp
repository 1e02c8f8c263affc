// Every write of an entity, whoever asks, meets here: checks + SQL + status history + outbox rows, inside the caller's transaction.
#pragma once

#include "engine/policy/policy.hpp"
#include "engine/resources/description.hpp"
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
  std::string id;             // user id or connector name
  std::string connection_id;  // of a service
  policy::Principal principal;  // of a user
};

/// One row of a bulk write, already mapped, identified and reduced to what changed.
struct BulkRow {
  std::string entity_id;
  bool is_new = false;
  bool deleted = false;       // soft delete (is_new false); a row that comes back is undeleted by a bulk update
  sdk::json::object values;   // JSON names of fields → JSON values (money as decimal string, times as ISO text); only what is set
  sdk::json::object owners;   // field name → connection id: merged into the row's owners
  std::vector<std::string> changed_fields;
};

struct WriteOutcome {
  std::string entity_id;
  std::int64_t version = 0;
  sdk::json::object row;      // as staff sees it
  std::vector<std::string> changed_fields;
};

class Writer {
 public:
  Writer(const Registry& registry, const policy::Policy& policy, const workflow::Workflows& workflows);

  /// Validated by the description (all errors at once, in `field_errors`).
  sdk::Result<WriteOutcome> create(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                   const sdk::json::object& body, std::vector<sdk::Error>& field_errors) const;
  /// Changes the fields that are given; null clears. `if_match` is the version the caller saw: another is
  /// "resources.precondition_failed". A body that changes nothing writes nothing.
  sdk::Result<WriteOutcome> update(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                   const std::string& entity_id, const sdk::json::object& body,
                                   std::optional<std::int64_t> if_match, std::vector<sdk::Error>& field_errors) const;
  sdk::Result<WriteOutcome> move(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                 const std::string& entity_id, const std::string& to_status, const std::string& reason,
                                 const sdk::json::object& also_set) const;
  sdk::Result<void> remove(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                           const std::string& entity_id, std::optional<std::int64_t> if_match) const;
  /// Many rows of one kind in a handful of statements (unnest), in key order; with status history and outbox rows.
  /// The mapping's work is trusted for types, not for lengths: text over a column's length is refused per row by check_bulk.
  sdk::Result<void> apply_bulk(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                               std::vector<BulkRow> rows) const;
  /// What is wrong with a row that sync wants to write (length, type, enum, money range), or success.
  sdk::Result<void> check_bulk(const ResourceDescription& description, const BulkRow& row) const;

 private:
  const Registry& registry_;
  const policy::Policy& policy_;
  const workflow::Workflows& workflows_;
};

}  // namespace patchbay::resources
