// QuickBooks' objects as records. What QuickBooks does not tell in so many words (an invoice has no status, a payment
// only the id of its method) is added under the member "patchbay"; everything else stays as it came.
#pragma once

#include "lookups.hpp"
#include "resources.hpp"

namespace patchbay::quickbooks {

/// `now` decides what is overdue.
sdk::Record make_record(const Resource& resource, sdk::json::value object, const Lookups& lookups, sdk::SystemTime now);

/// "draft" never: QuickBooks' invoices are booked. sent, partially_paid, paid, overdue, void.
std::string invoice_status(const sdk::json::value& invoice, sdk::SystemTime now);

/// The text in which QuickBooks marks a voided transaction; there is no member for it.
bool is_voided(const sdk::json::value& transaction);

}  // namespace patchbay::quickbooks
