#include "api.hpp"

#include <array>
#include <charconv>

namespace patchbay::google {
namespace {

constexpr const char* kRefused = "google.unauthorized";
constexpr std::chrono::seconds kBackOff{5};
constexpr std::chrono::hours kQuotaPause{1};  // a day's quota is used up
constexpr std::size_t kMessageMax = 300;
constexpr sdk::JsonLimits kAnswerLimits{64 * 1024 * 1024, 64};

bool is_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// "Retry-After" in seconds, at most an hour.
std::optional<std::chrono::milliseconds> retry_after(const sdk::Headers& headers) {
  const auto header = sdk::find_header(headers, "Retry-After");
  if (!header) return std::nullopt;
  long seconds = 0;
  const auto [end, failure] = std::from_chars(header->data(), header->data() + header->size(), seconds);
  if (failure != std::errc() || end != header->data() + header->size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, 3600L));
}

std::string message_of(const sdk::json::value& body, const sdk::HttpResponse& response) {
  std::string message = sdk::string_at(body, "error.message");
  if (message.empty()) message = sdk::string_at(body, "error_description");
  if (message.empty()) message = "HTTP " + std::to_string(response.status);
  return "Google: " + message.substr(0, kMessageMax);
}

/// 403 has as many meanings as reasons: over a limit, a scope that is missing, not this person's.
sdk::Error forbidden(const std::string& reason, const std::string& text, const sdk::HttpResponse& response) {
  if (is_any(reason, {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}))
    return sdk::rate_limited_error("google.rate_limited", text, retry_after(response.headers).value_or(kBackOff));
  if (is_any(reason, {"dailyLimitExceeded", "quotaExceeded"}))
    return sdk::rate_limited_error("google.quota_used_up", text, retry_after(response.headers).value_or(kQuotaPause));
  if (is_any(reason, {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}))
    return sdk::permanent_error("google.scope_missing",
                                text + "; authorise the connection again and leave every permission ticked");
  return sdk::permanent_error("google.forbidden", text + (reason.empty() ? "" : " (" + reason + ")"));
}

/// 410 has three meanings; only the reason tells them apart.
sdk::Error gone(const std::string& reason, const std::string& text) {
  if (is_any(reason, {"fullSyncRequired", "updatedMinTooLongAgo"}))
    return sdk::conflict_error("google.full_sync_required", text);
  return sdk::not_found_error("google.deleted", text);
}

/// Only Google's own word says that something is not there: a proxy or a wrong address answers 404 as well.
sdk::Error not_found(const std::string& reason, const std::string& text) {
  if (is_any(reason, {"notFound", "NOT_FOUND"})) return sdk::not_found_error("google.not_found", text);
  if (reason.empty()) return sdk::transient_error("google.unreadable", text);
  return sdk::permanent_error("google.refused", text + " (" + reason + ")");
}

}  // namespace

std::string reason_of(const sdk::json::value& body) {
  if (const std::string reason = sdk::string_at(body, "error.errors[0].reason"); !reason.empty()) return reason;
  if (const auto* details = sdk::find_path(body, "error.details"); details != nullptr && details->is_array()) {
    for (const auto& detail : details->as_array()) {
      if (const std::string reason = sdk::string_at(detail, "reason"); !reason.empty()) return reason;
    }
  }
  const std::string status = sdk::string_at(body, "error.status");
  return status.empty() ? sdk::string_at(body, "error") : status;
}

sdk::Error error_of(const sdk::HttpResponse& response) {
  const auto parsed = sdk::parse_json(response.body, {1024 * 1024, 32});
  const sdk::json::value body = parsed.ok() ? *parsed : sdk::json::value();
  const std::string reason = reason_of(body);
  const std::string text = message_of(body, response);
  const int status = response.status;
  if (status == 401) return sdk::auth_error(kRefused, text);
  if (status == 403) return forbidden(reason, text, response);
  if (status == 404) return not_found(reason, text);
  if (status == 408) return sdk::transient_error("google.timeout", text);
  if (status == 409) return sdk::conflict_error(reason == "duplicate" ? "google.duplicate" : "google.conflict", text);
  if (status == 410) return gone(reason, text);
  if (status == 412) return sdk::conflict_error("google.condition_not_met", text);
  if (status == 429)
    return sdk::rate_limited_error("google.rate_limited", text, retry_after(response.headers).value_or(kBackOff));
  if (status >= 500) {
    sdk::Error error = sdk::transient_error("google.unavailable", text);
    error.retry_after = retry_after(response.headers);
    return error;
  }
  if (is_any(reason, {"failedPrecondition", "FAILED_PRECONDITION"}))
    return sdk::permanent_error("google.failed_precondition", text);
  if (status == 400 || status == 413 || status == 416 || status == 422)
    return sdk::invalid_error("google.invalid", text + (reason.empty() ? "" : " (" + reason + ")"));
  return sdk::permanent_error("google.refused", text);
}

Api::Api(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : base_(settings.option("apiBase")), services_(services) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
}

std::string Api::root_of(Root root) const {
  const bool own = base_.empty();
  switch (root) {
    case Root::kCalendar:
      return (own ? "https://www.googleapis.com" : base_) + "/calendar/v3";
    case Root::kGmail:
      return (own ? "https://gmail.googleapis.com" : base_) + "/gmail/v1/users/me";
    case Root::kDrive:
      return (own ? "https://www.googleapis.com" : base_) + "/drive/v3";
    case Root::kDriveUpload:
      return (own ? "https://www.googleapis.com" : base_) + "/upload/drive/v3";
    case Root::kTokenInfo:
      return (own ? "https://oauth2.googleapis.com" : base_) + "/tokeninfo";
  }
  return base_;
}

bool Api::is_own_address(Root root, const std::string& url) const {
  return url.rfind(root_of(root) + "/", 0) == 0;
}

sdk::Result<sdk::HttpResponse> Api::attempt(const sdk::CallContext& context, const Call& call,
                                            const std::string& token) {
  static constexpr std::array<const char*, 5> kGroups = {"calendar", "gmail", "drive", "drive", "calendar"};
  sdk::HttpRequest request;
  request.method = call.method;
  request.url = call.url.empty() ? root_of(call.root) + call.path : call.url;
  if (!call.query.empty()) request.url += "?" + sdk::form_encode(call.query);
  request.headers = call.headers;
  request.headers.emplace_back("Authorization", "Bearer " + token);
  request.headers.emplace_back("Accept", "application/json");
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  request.body = call.body;
  request.limit_group = kGroups[static_cast<std::size_t>(call.root)];
  request.cost = call.cost;
  request.retry_safe = call.retry_safe || call.method == "GET";
  return services_.http.send(context, request);
}

sdk::Result<sdk::HttpResponse> Api::send(const sdk::CallContext& context, const Call& call) {
  PATCHBAY_ASSIGN(std::string token, services_.tokens.current(context));
  PATCHBAY_ASSIGN(sdk::HttpResponse response, attempt(context, call, token));
  if (response.status == 401) {
    PATCHBAY_ASSIGN(token, services_.tokens.renew(context, token));
    PATCHBAY_ASSIGN(response, attempt(context, call, token));
  }
  if ((response.status >= 200 && response.status <= 299) || response.status == 308) return response;
  return error_of(response);
}

sdk::Result<sdk::json::value> Api::json(const sdk::CallContext& context, Call call) {
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, send(context, call));
  if (response.status == 204) return sdk::json::value();
  auto body = sdk::parse_json(response.body, kAnswerLimits);
  // Half an answer says nothing: the same call may be made again.
  if (!body.ok() || !body->is_object())
    return sdk::transient_error("google.unreadable", "Google answered with something that is no JSON object");
  return body;
}

sdk::Result<sdk::json::value> Api::token_info(const sdk::CallContext& context) {
  for (int tries = 0;; ++tries) {
    PATCHBAY_ASSIGN(const std::string token, services_.tokens.current(context));
    sdk::HttpRequest request;
    request.method = "POST";
    request.url = root_of(Root::kTokenInfo);
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = sdk::form_encode({{"access_token", token}});
    request.retry_safe = true;
    PATCHBAY_ASSIGN(const sdk::HttpResponse response, services_.http.send(context, request));
    if (response.status == 200) {
      auto body = sdk::parse_json(response.body, {64 * 1024, 16});
      if (body.ok() && body->is_object()) return body;
      return sdk::transient_error("google.unreadable", "Google answered with something that is no JSON object");
    }
    // A token that it does not know is answered with 400.
    const bool refused = response.status == 400 || response.status == 401;
    if (refused && tries == 0) {
      PATCHBAY_TRY(services_.tokens.renew(context, token));
      continue;
    }
    if (refused) return sdk::auth_error(kRefused, "Google does not accept the access token");
    return error_of(response);
  }
}

std::string body_text(const sdk::json::value& value) {
  return sdk::json::serialize(value);
}

sdk::json::array items_at(const sdk::json::value& value, std::string_view member) {
  const auto* found = sdk::find_member(value, member);
  return found != nullptr && found->is_array() ? found->as_array() : sdk::json::array();
}

std::string number_at(const sdk::json::value& value, std::string_view path) {
  const auto* found = sdk::find_path(value, path);
  return found == nullptr ? std::string() : sdk::scalar_text(*found).value_or("");
}

}  // namespace patchbay::google
