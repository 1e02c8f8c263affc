// Small messages of the live protocol.
#pragma once

#include "platform/http/websocket.hpp"

#include <patchbay/sdk/json.hpp>

#include <memory>
#include <string>

namespace patchbay::events {

inline void send_text(http::WebSocket& socket, std::string text) {
  socket.send(std::make_shared<const std::string>(std::move(text)));
}

inline void send_error(http::WebSocket& socket, std::string_view code, std::string_view message) {
  send_text(socket, sdk::json::serialize(sdk::json::object{{"type", "error"}, {"code", code}, {"message", message}}));
}

}  // namespace patchbay::events
