// entity_links as sync uses it: many rows of one connection and resource at a time. Runs in the caller's transaction.
#pragma once

#include "platform/storage/session.hpp"

#include <patchbay/sdk/records.hpp>

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchbay::sync {

struct LinkRow {
  std::string external_id;
  std::string entity_id;
  std::string fingerprint;  // in the text form of bytea ("\x…"), compared with bytea_literal
  bool deleted = false;
  std::vector<std::string> pending_fields;
  std::optional<sdk::SystemTime> state_at;
};

using LinksById = std::unordered_map<std::string, LinkRow>;

/// What is known of a record after it was applied.
struct LinkState {
  std::string external_id;
  std::string entity_id;
  std::string remote_version;
  std::string fingerprint;  // raw bytes
  bool deleted = false;
  std::optional<sdk::SystemTime> state_at;
};

class LinkTable {
 public:
  LinkTable(std::string connection_id, std::string service, std::string resource, std::string entity_kind);

  sdk::Result<LinksById> load(storage::Session& session, const std::vector<std::string>& external_ids) const;
  /// Inserts links that are not there yet, in key order. Returns the external ids that are now ours; another
  /// transaction was faster with the others, whose links can be loaded after this call.
  sdk::Result<std::vector<std::string>> claim(storage::Session& session, std::vector<LinkState> links) const;
  /// Stores the new state of existing links; clears their error.
  sdk::Result<void> store(storage::Session& session, const std::vector<LinkState>& links) const;
  /// Remembers why a record could not be applied; only where it says something new.
  sdk::Result<void> store_errors(storage::Session& session, const std::vector<std::string>& external_ids,
                                 const std::vector<std::string>& messages) const;
  /// Those of the entities that have a live record of any connection.
  sdk::Result<std::set<std::string>> find_linked(storage::Session& session,
                                                 const std::vector<std::string>& entity_ids) const;

 private:
  std::string connection_id_, service_, resource_, entity_kind_;
};

}  // namespace patchbay::sync
