// How money moves invoices and jobs.
#pragma once

#include "engine/resources/route_support.hpp"

#include <string>

namespace patchbay::entities {

/// A billed job has an invoice that is sent or later. Where there is none, `make` writes one from the job's estimate or
/// expected revenue and marks it sent; else kConflict "jobs.no_invoice". `job` is the staff's view.
sdk::Result<void> ensure_invoice(const resources::RouteParts& parts, storage::Session& session,
                                 const policy::Principal& principal, const sdk::json::object& job, bool make);

/// Records a payment or a refund (negative) and settles its invoice: balance and state follow.
sdk::Result<resources::WriteOutcome> record_payment(const resources::RouteParts& parts, storage::Session& session,
                                                    const policy::Principal& principal, sdk::json::object body,
                                                    std::vector<sdk::Error>& field_errors);

}  // namespace patchbay::entities
