// The bytes before a response's body.
#pragma once

#include "platform/http/message.hpp"

#include <string>
#include <string_view>

namespace patchbay::net {

struct ResponseFraming {
  bool keep_alive = true;
  bool http_1_0 = false;  // such a client keeps the connection only if told so
  std::string_view date;  // empty: no Date field
};

/// Whether a response of this status has a body at all.
bool status_has_body(int status);
/// Replaces `head` by the status line and the fields. Length, Connection and Date are the server's own; a field whose
/// name or value could break out of its line is left out (and logged by name).
void write_response_head(const http::Response& response, const ResponseFraming& framing, std::string& head);
/// The response asks to end the connection.
bool asks_to_close(const http::Response& response);

}  // namespace patchbay::net
