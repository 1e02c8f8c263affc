#include "engine/gateway/stages.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::gateway::stages {
namespace {

constexpr std::size_t kInlineParseBytesMax = 16 * 1024;
constexpr std::size_t kIdempotencyKeyMax = 255;
constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";

/// "application/json", in any case, with any parameters but another character set than UTF-8.
bool is_json(std::string_view content_type) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  std::string_view type = content_type.substr(0, end);
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (!sdk::equals_ignoring_case(type, "application/json")) return false;
  std::string_view parameters = content_type.substr(end);
  const std::size_t charset = parameters.find("charset=");
  if (charset == std::string_view::npos) return true;
  parameters.remove_prefix(charset + 8);
  if (parameters.starts_with('"')) parameters.remove_prefix(1);
  return sdk::equals_ignoring_case(parameters.substr(0, 5), "utf-8");
}

bool takes_key(const Exchange& exchange) {
  const Route& route = *exchange.route;
  return exchange.context.request.method == "POST" && route.idempotency_key && !route.raw_body &&
         route.limit == LimitClass::kNone && !route.pattern.starts_with("/auth/") &&
         !route.pattern.starts_with("/webhooks/") && std::holds_alternative<BlockingHandler>(route.handler);
}

IdempotentRequest idempotent_request(const Exchange& exchange, std::string_view key) {
  const http::Request& request = exchange.context.request;
  IdempotentRequest idempotent;
  idempotent.user_id = exchange.context.principal.user_id;
  idempotent.route = request.method + " " + exchange.route->pattern;
  if (idempotent.user_id.empty()) {
    idempotent.user_id = kNobody;
    idempotent.route += " " + sdk::hex_encode(base::sha256(request.remote_address).substr(0, 16));
  }
  idempotent.key = key;
  std::string hashed = request.path;
  hashed.append(1, '\0').append(request.raw_query).append(1, '\0').append(request.body);
  idempotent.body_hash = base::sha256(hashed);
  return idempotent;
}

}  // namespace

Outcome enter_path_ids(Services&, Exchange& exchange) {
  const auto id = exchange.context.path_params.find("id");
  if (id == exchange.context.path_params.end() || base::is_uuid(id->second)) return GoOn{};
  return sdk::invalid_error("request.bad_uuid", "The id in the address is not a UUID.", "id");
}

Outcome enter_body(Services&, Exchange& exchange) {
  const Route& route = *exchange.route;
  const http::Request& request = exchange.context.request;
  if (route.raw_body || request.body.empty() || request.method == "GET" || request.method == "HEAD") return GoOn{};
  if (const auto type = request.header("Content-Type"); !type || !is_json(*type)) {
    return sdk::invalid_error("request.unsupported_media_type", "The body must be sent as application/json.");
  }
  if (const auto encoding = request.header("Content-Encoding");
      encoding && !sdk::equals_ignoring_case(*encoding, "identity")) {
    return sdk::invalid_error("request.unsupported_encoding", "The body must be sent as it is, without an encoding.");
  }
  const bool will_block = std::holds_alternative<BlockingHandler>(route.handler);
  if (!exchange.on_worker && (will_block || request.body.size() > kInlineParseBytesMax)) return ToWorker{};
  if (const auto parsed = sdk::parse_json(request.body); !parsed.ok()) {
    return sdk::invalid_error("request.json", "The body is not valid JSON: " + parsed.error().message);
  }
  return GoOn{};
}

Outcome enter_idempotency(Services& services, Exchange& exchange) {
  if (!takes_key(exchange)) return GoOn{};
  const auto key = exchange.context.request.header("Idempotency-Key");
  if (!key) return GoOn{};
  const bool printable = std::all_of(key->begin(), key->end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (key->empty() || key->size() > kIdempotencyKeyMax || !printable) {
    return sdk::invalid_error("request.idempotency_key", "Idempotency-Key must be 1 to 255 printable characters.",
                              "Idempotency-Key");
  }
  if (!exchange.on_worker) return ToWorker{};
  auto idempotent = idempotent_request(exchange, *key);
  auto begun = services.parts.idempotency.begin(idempotent);
  if (!begun.ok()) return std::move(begun.error());
  if (auto* replayed = std::get_if<http::Response>(&*begun)) return std::move(*replayed);
  exchange.idempotent = std::move(idempotent);
  return GoOn{};
}

void leave_idempotency(Services& services, Exchange& exchange, http::Response& response) {
  if (!exchange.idempotent) return;
  const IdempotentRequest request = std::move(*exchange.idempotent);
  exchange.idempotent.reset();
  // Whether a lost commit took place is not known: the key stays taken, and a repeat is told so.
  if (exchange.error_code == "storage.in_doubt") return;
  const bool without_effect = response.status >= 500 || response.status == 429;
  const bool keep_body = !exchange.route->secret_answer || response.status >= 400;
  const auto stored = without_effect ? services.parts.idempotency.abandon(request)
                                     : services.parts.idempotency.finish(request, response, keep_body);
  if (!stored.ok()) {
    base::log_error("gateway", "the answer to an idempotent request was not stored",
                    {{"requestId", exchange.context.request.request_id}, {"code", stored.error().code}});
  }
}

}  // namespace patchbay::gateway::stages
