#pragma once

#include "platform/http/message.hpp"

#include <optional>
#include <string>
#include <vector>

namespace patchbay::gateway {

/// Which web pages may call the API from another origin. Immutable.
class Cors {
 public:
  explicit Cors(std::vector<std::string> allowed_origins);
  /// The answer to a preflight, or nullopt where the request is none. A foreign origin gets no CORS header.
  std::optional<http::Response> answer_preflight(const http::Request& request) const;
  /// Echoes an allowed origin.
  void add_headers(const http::Request& request, http::Response& response) const;

 private:
  bool is_allowed(std::string_view origin) const;
  std::vector<std::string> allowed_origins_;
};

}  // namespace patchbay::gateway
