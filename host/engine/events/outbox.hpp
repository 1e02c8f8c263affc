// What happened, written in the transaction of the change itself.
#pragma once

#include "platform/storage/session.hpp"

#include <patchbay/sdk/json.hpp>

#include <string>
#include <vector>

namespace patchbay::events {

struct Event {
  std::string topic;        // "clients"
  std::string action;       // "client.updated"
  std::string entity_kind;  // "client"
  std::string entity_id;
  std::string origin;             // api, sync, system
  std::string origin_connection;  // empty: none
  std::string actor_id;
  std::vector<std::string> changed_fields;
  sdk::json::value data;
  sdk::json::object visibility;
};

/// An event as it is read back. `position` orders and resumes: "<xid>-<id>".
struct StoredEvent : Event {
  std::string position;
  std::string at;  // ISO 8601 UTC
};

/// Appends all in one statement.
sdk::Result<void> append(storage::Session& session, const std::vector<Event>& events);

}  // namespace patchbay::events
