#pragma once

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <cstdint>
#include <string>

namespace patchbay::testing {

struct ApiAnswer {
  int status = 0;
  sdk::Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return sdk::find_header(headers, name).value_or(""); }
  sdk::json::value json() const;
  /// Text at a dotted path of the body.
  std::string at(std::string_view path) const { return sdk::string_at(json(), path); }
};

/// Speaks HTTP/1.1 to a server on 127.0.0.1, one connection a request. Throws std::runtime_error when no whole answer
/// comes within ten seconds.
class ApiClient {
 public:
  explicit ApiClient(std::uint16_t port) : port_(port) {}
  void set_token(std::string token) { token_ = std::move(token); }
  ApiAnswer get(const std::string& path, sdk::Headers headers = {}) const {
    return send("GET", path, "", std::move(headers));
  }
  ApiAnswer post(const std::string& path, const sdk::json::value& body, sdk::Headers headers = {}) const;
  ApiAnswer send(const std::string& method, const std::string& path, const std::string& body,
                 sdk::Headers headers = {}) const;

 private:
  std::uint16_t port_;
  std::string token_;
};

}  // namespace patchbay::testing
