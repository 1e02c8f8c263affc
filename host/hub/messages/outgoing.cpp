#include "hub/messages/outgoing.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/http.hpp>

#include <algorithm>

namespace patchbay::messages {
namespace {

bool sends(const plugins::LoadedPlugin* plugin, const std::string& channel) {
  if (plugin == nullptr) return false;
  const auto& channels = plugin->description.channels;
  return std::find(channels.begin(), channels.end(), channel) != channels.end();
}

/// Messages to one address leave in the order in which they were written.
std::string lane_key_of(const std::string& connection_id, const std::string& to) {
  return "message:" + connection_id + ":" + sdk::hex_encode(base::sha256(to)).substr(0, 32);
}

}  // namespace

sdk::Result<connections::Connection> Outgoing::get_connection(const std::string& channel,
                                                              const std::string& wanted) const {
  PATCHBAY_ASSIGN(auto known, connections_.list());
  for (auto& connection : known) {
    const bool meant = wanted.empty() || connection.id == wanted || sdk::equals_ignoring_case(connection.name, wanted);
    if (meant && connection.state == "connected" && sends(catalog_.find(connection.connector), channel))
      return std::move(connection);
  }
  return sdk::conflict_error("messages.no_connection",
                             wanted.empty() ? "No connected service sends " + channel + "."
                                            : "There is no connected '" + wanted + "' that sends " + channel + ".");
}

sdk::Result<Outgoing::Added> Outgoing::add(storage::Session& session, const resources::Actor& actor,
                                           sdk::json::object body, const Order& order,
                                           std::vector<sdk::Error>& field_errors) const {
  body["direction"] = "outbound";
  Added added;
  PATCHBAY_ASSIGN(added.message, writer_.create(session, *registry_.find("message"), actor, body, field_errors));
  queue::NewWork work;
  work.kind = kWorkKind;
  work.connection_id = order.connection_id;
  work.lane_key = lane_key_of(order.connection_id, sdk::string_at(body, "toAddress"));
  work.dedupe_key = order.dedupe_key.empty() ? added.message.entity_id : order.dedupe_key;
  work.payload = {{"messageId", added.message.entity_id},
                  {"threadId", order.thread_id},
                  {"html", order.html},
                  {"options", order.options}};
  PATCHBAY_ASSIGN(added.work_ids, queue_.enqueue(session, {work}));
  if (added.work_ids.empty()) return sdk::conflict_error("messages.known", "This message was ordered before.");
  return added;
}

}  // namespace patchbay::messages
