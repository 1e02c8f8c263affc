// How a receipt is made from an event: keys of a bounded length, headers without secrets.
#pragma once

#include "hub/connections/connection_store.hpp"
#include "hub/webhooks/receipt.hpp"

#include <patchbay/sdk/records.hpp>

#include <string>
#include <string_view>

namespace patchbay::webhooks {

/// "<connection>|<resource>|<external id>", or a lane of its own for an event that is about no record.
std::string lane_key_of(const std::string& connection_id, const sdk::WebhookEvent& event,
                        const std::string& dedupe_key);
/// The event's key within its connection.
std::string dedupe_key_of(const std::string& connection_id, const sdk::WebhookEvent& event, std::string_view body);
/// Receipt of one event. `whole_body`: the body is this event alone.
Receipt make_receipt(const std::string& connection_id, const sdk::WebhookEvent& event, std::string_view body,
                     bool whole_body);
/// Receipt of a body that could not be read; it becomes a dead letter, so that nobody wonders where it went.
Receipt make_unread_receipt(const std::string& connection_id, std::string_view body);
/// JSON of the headers without credentials and signatures, bounded.
std::string stored_headers(const sdk::Headers& headers, std::string_view signature_header);

}  // namespace patchbay::webhooks
