// What only QuickBooks has: voiding, sending an invoice, reports, batches.
#pragma once

#include "writing.hpp"

#include <vector>

namespace patchbay::quickbooks {

std::vector<sdk::OperationDescription> describe_operations();

sdk::Result<sdk::json::value> run_operation(const sdk::CallContext& context, Api& api, Writing& writing,
                                            const std::string& name, const sdk::json::object& arguments);

}  // namespace patchbay::quickbooks
