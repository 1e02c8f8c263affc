// The receipt of one webhook event, as it is stored before the service gets its 200.
#pragma once

#include "platform/redis/client.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::webhooks {

/// The kind of a receipt among all work.
inline constexpr std::string_view kWorkKind = "webhook";

struct Receipt {
  std::string connection_id;
  std::string lane_key;  // connection, resource and external id: events of one record are worked on one after the other
  std::string dedupe_key;  // unique over all connections
  /// The key is the service's own id of the event: a repeat is dropped. Otherwise the key is made of fields (times of
  /// one second), and a repeat that comes after work began makes the receipt due again.
  bool own_event_id = false;
  std::string topic;
  std::string headers;  // JSON object, without secrets
  std::string body;     // raw bytes
  std::string event;    // JSON of the event where the body holds several; empty: the body is the event
};

/// One statement that stores many receipts, leaves repeats alone and counts what is new.
std::string_view insert_statement();
/// Its parameters. Of receipts with one dedupe key the first counts. `shard` spreads the counting over rows.
storage::Params insert_params(const std::vector<const Receipt*>& receipts, int shard);
/// Ids to be put on the road.
std::vector<std::int64_t> inserted_ids(const storage::Rows& rows);
/// How many receipts were new.
std::size_t inserted_count(const storage::Rows& rows);

/// XADD of the whole receipt, and back. nullopt for an entry that is not one.
redis::Command make_entry(const std::string& stream_key, const Receipt& receipt);
std::optional<Receipt> parse_entry(const redis::StreamEntry& entry);

}  // namespace patchbay::webhooks
