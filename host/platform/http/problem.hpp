// The error document (RFC 9457) of what is answered before any handler has seen the request.
#pragma once

#include "platform/http/message.hpp"

#include <string_view>

namespace patchbay::http {

/// application/problem+json with type, title, status, detail, code, message. Handlers' errors are the gateway's
/// business.
/// `request_id`, where there is one, is told in the document and in X-Request-Id.
Response problem_response(int status, std::string_view code, std::string_view message,
                          std::string_view request_id = {});

}  // namespace patchbay::http
