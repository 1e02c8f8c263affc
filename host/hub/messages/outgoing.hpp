// Messages on their way out: the row that people see and the work that sends it are one transaction.
#pragma once

#include "engine/plugins/catalog.hpp"
#include "engine/queue/work.hpp"
#include "engine/resources/writer.hpp"
#include "hub/connections/connection_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace patchbay::messages {

/// The kind of a message among all work.
inline constexpr const char* kWorkKind = "message";

/// What the sender needs besides the row.
struct Order {
  std::string connection_id;
  std::string thread_id;      // in the service's terms; empty: a new thread
  std::string html;           // e-mail only
  sdk::json::object options;  // the service's own: blocks
  std::string dedupe_key;     // an order with a known key is left alone; empty: none
};

/// Thread-safe. What it borrows outlives it.
class Outgoing {
 public:
  struct Added {
    resources::WriteOutcome message;
    std::vector<std::int64_t> work_ids;
  };

  Outgoing(const resources::Registry& registry, const resources::Writer& writer, queue::WorkQueue& queue,
           const connections::ConnectionStore& connections, const plugins::PluginCatalog& catalog)
      : registry_(registry), writer_(writer), queue_(queue), connections_(connections), catalog_(catalog) {}

  /// The connected connection that sends by `channel`: the one with id or name `wanted`, or the first. kConflict
  /// "messages.no_connection" where there is none.
  sdk::Result<connections::Connection> get_connection(const std::string& channel, const std::string& wanted) const;
  /// Writes the row (`body` as POST /messages takes it, direction and status are set here) and its work, in the
  /// caller's transaction. kConflict "messages.known" for a known dedupe key.
  sdk::Result<Added> add(storage::Session& session, const resources::Actor& actor, sdk::json::object body,
                         const Order& order, std::vector<sdk::Error>& field_errors) const;
  /// After the commit.
  void announce(const std::vector<std::int64_t>& work_ids) const { queue_.announce(kWorkKind, work_ids); }

 private:
  const resources::Registry& registry_;
  const resources::Writer& writer_;
  queue::WorkQueue& queue_;
  const connections::ConnectionStore& connections_;
  const plugins::PluginCatalog& catalog_;
};

}  // namespace patchbay::messages
