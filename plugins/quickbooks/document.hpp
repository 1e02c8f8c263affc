// Bodies of writes: what QuickBooks takes, made from what the hub's mapping says.
#pragma once

#include "resources.hpp"

namespace patchbay::quickbooks {

/// For a create: no nulls, no member that the connector itself added.
sdk::json::object new_document(const Resource& resource, const sdk::WriteRequest& request);
/// For a sparse update: only what changed; a cleared text is an empty one, since null is passed over.
sdk::json::object sparse_document(const Resource& resource, const sdk::WriteRequest& request);
/// A UUID that follows from the host's key alone: the same write has the same `requestid`. Empty for an empty key.
std::string request_id_of(const std::string& idempotency_key);
/// Whether `found` is what `document` asked for: same customer, vendor, number, day, amounts.
bool is_same_transaction(const sdk::json::object& document, const sdk::json::value& found);
/// Whether a customer of the same name is the same person: an e-mail or phone in common, or nothing that tells.
bool is_same_customer(const sdk::json::object& document, const sdk::json::value& found);

}  // namespace patchbay::quickbooks
