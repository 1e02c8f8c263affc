#include "engine/gateway/compression.hpp"
#include "engine/gateway/stages.hpp"
#include "platform/base/ids.hpp"

#include <algorithm>

namespace patchbay::gateway::stages {
namespace {

constexpr std::size_t kLoggedPathMax = 256;
constexpr std::size_t kLoggedMethodMax = 16;

bool is_auth_route(const Exchange& exchange) {
  return exchange.route != nullptr &&
         (exchange.route->limit == LimitClass::kAuth || exchange.route->pattern.starts_with("/auth/"));
}

void add_if_absent(http::Response& response, const char* name, const char* value) {
  if (!response.header(name)) response.headers.emplace_back(name, value);
}

/// Weak comparison of RFC 9110: W/ does not count.
bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  const auto strip = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
  while (!if_none_match.empty()) {
    const std::size_t end = std::min(if_none_match.find(','), if_none_match.size());
    std::string_view item = if_none_match.substr(0, end);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == "*" || strip(item) == strip(etag)) return true;
    if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
  }
  return false;
}

}  // namespace

Outcome enter_request_id(Services& services, Exchange& exchange) {
  http::Request& request = exchange.context.request;
  const auto given = request.header("X-Request-Id");
  request.request_id = given && is_request_id(*given) ? std::string(*given) : base::new_uuid();
  if (const auto parent = request.header("traceparent")) exchange.context.trace_id = parse_trace_id(*parent);
  if (exchange.context.trace_id.empty())
    exchange.context.trace_id = services.span_ids.next() + services.span_ids.next();
  exchange.span_id = services.span_ids.next();
  return GoOn{};
}

void leave_request_id(Services&, Exchange& exchange, http::Response& response) {
  response.headers.emplace_back("X-Request-Id", exchange.context.request.request_id);
  std::string parent = "00-";
  parent.append(exchange.context.trace_id).append(1, '-').append(exchange.span_id).append("-01");
  response.headers.emplace_back("traceparent", std::move(parent));
}

void leave_access_log(Services& services, Exchange& exchange, http::Response& response) {
  const http::Request& request = exchange.context.request;
  const auto duration = std::chrono::steady_clock::now() - request.received_at;
  const std::size_t route = std::min(exchange.match.route, services.route_metrics.size() - 1);
  const RouteMetrics& metrics = services.route_metrics[route];
  const auto status_class = static_cast<std::size_t>(std::clamp(response.status / 100, 1, 5));
  metrics.by_status_class[status_class - 1].add();
  metrics.duration.observe(std::chrono::duration<double>(duration).count());
  if (!services.access_log) return;
  // The path only: a query may hold what must not be in a log.
  services.access_log->add({request.method.substr(0, kLoggedMethodMax), request.path.substr(0, kLoggedPathMax),
                            request.request_id, request.remote_address, exchange.context.principal.user_id,
                            exchange.error_code, response.status, response.body.size(), duration});
}

void leave_errors(Services&, Exchange& exchange, http::Response& response) {
  if (response.status < 400) return;
  const bool unanswered = response.status == 500 && response.body.find("http.not_answered") != std::string::npos;
  if (!response.body.empty() && !unanswered) return;
  const auto reason = std::string(http::reason_phrase(response.status));
  sdk::Error error = sdk::permanent_error("internal.not_answered", reason);
  if (!unanswered) error = sdk::permanent_error("request.status_" + std::to_string(response.status), reason);
  http::Response document = problem_response(error, exchange.context.request.request_id);
  if (!unanswered) {
    sdk::json::object body{{"type", "about:blank"},
                           {"title", reason},
                           {"status", response.status},
                           {"detail", reason},
                           {"code", error.code},
                           {"message", reason},
                           {"requestId", exchange.context.request.request_id}};
    document.body = sdk::json::serialize(body);
    document.status = response.status;
  }
  response.status = document.status;
  response.body = std::move(document.body);
  response.content_type = std::move(document.content_type);
}

void leave_security_headers(Services&, Exchange& exchange, http::Response& response) {
  response.headers.reserve(response.headers.size() + 10);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  add_if_absent(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (exchange.context.request.secure) {
    response.headers.emplace_back("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  }
  if (is_auth_route(exchange)) {
    response.set_header("Cache-Control", "no-store");
  } else if (exchange.context.principal.signed_in()) {
    add_if_absent(response, "Cache-Control", "private, no-cache");
  }
}

Outcome enter_cors(Services& services, Exchange& exchange) {
  if (auto answer = services.cors.answer_preflight(exchange.context.request)) return std::move(*answer);
  return GoOn{};
}

void leave_cors(Services& services, Exchange& exchange, http::Response& response) {
  services.cors.add_headers(exchange.context.request, response);
}

void leave_compress(Services& services, Exchange& exchange, http::Response& response) {
  if (!is_compressible(response, services.settings.compress_bytes_min)) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  const auto accepted = exchange.context.request.header("Accept-Encoding");
  if (!accepted || !accepts_gzip(*accepted)) return;
  // No worker was free for it: plain is better than a stalled I/O thread.
  if (!exchange.on_worker && response.body.size() > services.settings.compress_inline_bytes_max) return;
  std::string compressed = gzip(response.body);
  if (compressed.empty()) return;
  response.body = std::move(compressed);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

void leave_conditional(Services&, Exchange& exchange, http::Response& response) {
  const http::Request& request = exchange.context.request;
  if (response.status != 200 || (request.method != "GET" && request.method != "HEAD")) return;
  const auto known = request.header("If-None-Match");
  const auto etag = response.header("ETag");
  if (!known || !etag || !etag_matches(*known, *etag)) return;
  response.status = 304;
  response.body.clear();
  response.content_type.clear();
}

}  // namespace patchbay::gateway::stages
