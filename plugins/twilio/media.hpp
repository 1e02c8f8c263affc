// What only Twilio has: files of a message, cancelling and redacting. Run as described operations.
#pragma once

#include "records.hpp"

namespace patchbay::twilio {

std::vector<sdk::OperationDescription> describe_operations();

/// Runs one of them; kPermanent "twilio.unknown_operation" for another name.
sdk::Result<sdk::json::value> run_operation(Api& api, const sdk::CallContext& context, const std::string& name,
                                            const sdk::json::object& arguments);

/// The files of a message: [{sid, content_type, …}].
sdk::Result<sdk::json::array> list_media(Api& api, const sdk::CallContext& context, const std::string& message_sid);

}  // namespace patchbay::twilio
