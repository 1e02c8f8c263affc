#pragma once

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::testing {

struct HttpAnswer {
  int status = 0;  // 0: no whole answer came
  sdk::Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return sdk::find_header(headers, name).value_or(""); }
  /// The body; null where it is no JSON.
  sdk::json::value json() const;
  /// Text at a dotted path of the body; empty where there is none.
  std::string at(std::string_view path) const { return sdk::string_at(json(), path); }
  /// For messages: status and the beginning of the body.
  std::string text() const;
};

struct HttpCall {
  std::string method = "GET";
  std::string target = "/";
  sdk::Headers headers;
  std::string body;
  std::chrono::milliseconds limit = std::chrono::seconds(30);
};

/// One call to a server on 127.0.0.1 over a connection of its own. Never throws for what the server does: status 0.
HttpAnswer send_http(std::uint16_t port, const HttpCall& call);

}  // namespace patchbay::testing
