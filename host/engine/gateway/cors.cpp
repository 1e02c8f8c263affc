#include "engine/gateway/cors.hpp"

#include <algorithm>

namespace patchbay::gateway {

Cors::Cors(std::vector<std::string> allowed_origins) : allowed_origins_(std::move(allowed_origins)) {
  // An origin has no path; a slash at the end is a common slip in settings.
  for (auto& origin : allowed_origins_) {
    while (origin.ends_with('/')) origin.pop_back();
  }
}

bool Cors::is_allowed(std::string_view origin) const {
  return std::find(allowed_origins_.begin(), allowed_origins_.end(), origin) != allowed_origins_.end();
}

std::optional<http::Response> Cors::answer_preflight(const http::Request& request) const {
  if (request.method != "OPTIONS") return std::nullopt;
  const auto origin = request.header("Origin");
  if (!origin || !request.header("Access-Control-Request-Method")) return std::nullopt;
  http::Response response = http::Response::empty(204);
  if (!is_allowed(*origin)) return response;
  response.headers = {
      {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"},
      {"Access-Control-Allow-Headers",
       "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key, X-Request-Id, traceparent"},
      {"Access-Control-Max-Age", "600"},
  };
  return response;
}

void Cors::add_headers(const http::Request& request, http::Response& response) const {
  if (allowed_origins_.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (!origin || !is_allowed(*origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  response.headers.emplace_back("Access-Control-Expose-Headers",
                                "ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
                                "Retry-After, X-Request-Id");
}

}  // namespace patchbay::gateway
