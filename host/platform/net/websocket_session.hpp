// A connection after its upgrade: Beast reads, our own queue writes.
#pragma once

#include "platform/net/byte_stream.hpp"
#include "platform/net/request_parser.hpp"
#include "platform/net/server_context.hpp"

#include <optional>
#include <string>

namespace patchbay::net {

/// What is wrong with the upgrade request (RFC 6455, 4.2.1), or nullopt.
std::optional<RequestParser::Failure> check_websocket_upgrade(const http::Request& request);

/// Answers 101 and serves the socket on `loop`. `unread`: what the client sent after the upgrade request.
void start_websocket(std::shared_ptr<ServerContext> server, IoLoop& loop, std::shared_ptr<ByteStream> stream,
                     std::string unread, http::Request upgrade, std::string subprotocol);

}  // namespace patchbay::net
