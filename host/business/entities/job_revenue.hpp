#pragma once

#include "engine/resources/writer.hpp"

#include <string>
#include <vector>

namespace patchbay::entities {

/// A job's actual revenue is the sum of its invoices that are neither draft nor void; it follows every write of an
/// invoice.
sdk::Result<void> update_actual_revenue(const resources::Writer& writer, storage::Session& session,
                                        const resources::Actor& actor, const std::vector<std::string>& invoice_ids);

}  // namespace patchbay::entities
