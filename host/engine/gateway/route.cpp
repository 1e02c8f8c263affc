#include "engine/gateway/route.hpp"

#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace patchbay::gateway {
namespace {

/// Codes with a status of their own. "part.*" stands for every code of a part, "*.reason" for a reason in every part.
constexpr auto kStatusOfCode = std::to_array<std::pair<std::string_view, int>>({
    {"policy.forbidden", 403},
    {"auth.password_change_required", 403},
    {"auth.registration_closed", 403},
    {"request.not_found", 404},
    {"request.method_not_allowed", 405},
    {"request.unsupported_media_type", 415},
    {"request.unsupported_encoding", 415},
    {"request.idempotency_mismatch", 422},
    {"request.too_large", 413},
    {"http.body_too_large", 413},
    {"*.precondition_failed", 412},
    {"*.forbidden", 403},
    {"*.not_implemented", 501},
    {"storage.sql", 500},
    {"storage.not_null", 500},
    {"internal.*", 500},
    {"token.needs_reauth", 409},
    {"payment.processing_error", 502},
});

bool matches(std::string_view rule, std::string_view code) {
  if (rule.ends_with(".*")) return code.starts_with(rule.substr(0, rule.size() - 1));
  if (rule.starts_with("*.")) return code.ends_with(rule.substr(1));
  return rule == code;
}

int status_of_class(const sdk::Error& error) {
  switch (error.error_class) {
    case sdk::ErrorClass::kAuth:
      // Only our own sign-in may ask the caller to sign in; a service that refused the hub's credentials is its
      // upstream.
      return error.code.starts_with("auth.") ? 401 : 502;
    case sdk::ErrorClass::kRateLimited:
      return 429;
    case sdk::ErrorClass::kTransient:
    case sdk::ErrorClass::kCancelled:
      return 503;
    case sdk::ErrorClass::kConflict:
      return 409;
    case sdk::ErrorClass::kInvalid:
      return 400;
    case sdk::ErrorClass::kNotFound:
      return 404;
    case sdk::ErrorClass::kPermanent:
      return 500;
  }
  return 500;
}

sdk::json::object field_json(const sdk::Error& error) {
  sdk::json::object item;
  item["field"] = error.field.value_or("");
  item["code"] = error.code;
  item["message"] = error.message;
  return item;
}

std::string retry_after_seconds(const sdk::Error& error) {
  const auto wait = error.retry_after.value_or(std::chrono::milliseconds(1000));
  return std::to_string(std::max<long long>(1, (wait.count() + 999) / 1000));
}

}  // namespace

const std::string& RequestContext::path_param(std::string_view name) const {
  const auto found = path_params.find(name);
  if (found == path_params.end()) throw std::out_of_range("no path parameter " + std::string(name));
  return found->second;
}

Reply::Reply(std::shared_ptr<RequestContext> context, http::Responder responder)
    : context_(std::move(context)), responder_(std::move(responder)) {}

void Reply::operator()(sdk::Result<http::Response> result) const {
  if (result.ok()) {
    responder_.send(std::move(result).value());
    return;
  }
  responder_.send(problem_response(result.error(), context_->request.request_id));
}

http::Response data_response(int status, const sdk::json::value& data, const sdk::json::object& extra) {
  std::string body = R"({"data":)";
  body += sdk::json::serialize(data);
  for (const auto& [name, value] : extra) {
    body += ',';
    body += sdk::json::serialize(sdk::json::string(name));
    body += ':';
    body += sdk::json::serialize(value);
  }
  body += R"(,"timestamp":")";
  body += sdk::format_time(std::chrono::system_clock::now());
  body += "\"}";
  return http::Response::json(status, std::move(body));
}

sdk::Result<sdk::json::object> json_body(const http::Request& request) {
  auto parsed = sdk::parse_json(request.body);
  if (!parsed.ok()) {
    return sdk::invalid_error("request.json", "The body is not valid JSON: " + parsed.error().message);
  }
  if (!parsed->is_object()) return sdk::invalid_error("request.not_an_object", "The body must be a JSON object.");
  return std::move(parsed->get_object());
}

int status_of(const sdk::Error& error) {
  const auto rule = std::find_if(kStatusOfCode.begin(), kStatusOfCode.end(),
                                 [&](const auto& entry) { return matches(entry.first, error.code); });
  if (rule != kStatusOfCode.end()) return rule->second;
  return status_of_class(error);
}

http::Response problem_response(const sdk::Error& error, std::string_view request_id,
                                const std::vector<sdk::Error>& field_errors) {
  const int status = status_of(error);
  // What broke inside is for the log; the caller gets the request id to ask with.
  const bool internal = status == 500 && (error.code.starts_with("storage.") || error.code.starts_with("internal.") ||
                                          error.code.starts_with("redis."));
  if (status == 500) {
    base::log_error("gateway", "request failed",
                    {{"requestId", request_id}, {"code", error.code}, {"error", error.message}});
  }
  const std::string message = internal ? "Server error" : error.message;

  sdk::json::object problem;
  problem["type"] = "urn:patchbay:problem:" + error.code;
  problem["title"] = http::reason_phrase(status);
  problem["status"] = status;
  problem["detail"] = message;
  problem["code"] = error.code;
  problem["message"] = message;
  problem["requestId"] = request_id;
  sdk::json::array items;
  for (const auto& field_error : field_errors) items.emplace_back(field_json(field_error));
  if (items.empty() && error.field && status < 500) items.emplace_back(field_json(error));
  if (!items.empty()) problem["errors"] = std::move(items);

  http::Response response = http::Response::json(status, sdk::json::serialize(problem));
  response.content_type = "application/problem+json";
  if (status == 429 || status == 503) response.set_header("Retry-After", retry_after_seconds(error));
  if (status == 401) response.set_header("WWW-Authenticate", "Bearer realm=\"patchbay\"");
  return response;
}

}  // namespace patchbay::gateway
