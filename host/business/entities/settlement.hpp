// What is left to pay of an invoice follows from its payments: the one place where it is worked out, whoever brought
// them.
#pragma once

#include "engine/resources/writer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::entities {

/// Whether an invoice in this state may be paid.
bool is_payable(std::string_view status);

/// Balance and state of these invoices from the sum of their payments, less what went back or is disputed. Worked out
/// anew each time, so that neither repeats nor the order of what arrives matter. An invoice whose balance a service
/// keeps starts from that service's figure, less the payments that the service does not know; without such payments it
/// is left to the service. Drafts and void invoices stay.
sdk::Result<void> settle_invoices(const resources::Writer& writer, storage::Session& session,
                                  const resources::Actor& actor, const std::vector<std::string>& invoice_ids);
/// The same for the invoices of these payments.
sdk::Result<void> settle_invoices_of(const resources::Writer& writer, storage::Session& session,
                                     const resources::Actor& actor, const std::vector<std::string>& payment_ids);

}  // namespace patchbay::entities
