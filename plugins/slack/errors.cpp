#include "errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace patchbay::slack {
namespace {

constexpr std::chrono::seconds kRetryDefault{30};  // limits count by the minute
constexpr std::chrono::seconds kRetryMax{3600};
constexpr std::size_t kWordMax = 60;

constexpr std::array<std::string_view, 8> kDead{
    "invalid_auth",       "token_revoked",         "account_inactive",        "not_authed",
    "org_login_required", "app_access_restricted", "team_access_not_granted", "token_expired"};
constexpr std::array<std::string_view, 9> kPassing{
    "internal_error", "fatal_error",      "service_unavailable",       "request_timeout", "team_added_to_org",
    "timeout",        "connection_error", "org_migration_in_progress", "upstream_error"};
constexpr std::array<std::string_view, 7> kUnknown{"channel_not_found", "message_not_found", "user_not_found",
                                                   "users_not_found",   "thread_not_found",  "file_not_found",
                                                   "user_not_visible"};
/// Not the input, but what the app or the workspace allows.
constexpr std::array<std::string_view, 14> kForbidden{"missing_scope",
                                                      "not_allowed_token_type",
                                                      "no_permission",
                                                      "access_denied",
                                                      "not_in_channel",
                                                      "is_archived",
                                                      "ekm_access_denied",
                                                      "method_deprecated",
                                                      "deprecated_endpoint",
                                                      "unknown_method",
                                                      "accesslimited",
                                                      "file_uploads_disabled",
                                                      "enterprise_is_restricted",
                                                      "storage_limit_reached"};

template <std::size_t Count>
bool among(const std::array<std::string_view, Count>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Slack's word, or a plain one where the answer holds something else.
std::string word_of(const sdk::json::value& body) {
  const std::string word = sdk::string_at(body, "error");
  const bool plain = !word.empty() && word.size() <= kWordMax && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain ? word : "refused";
}

std::string text_of(const std::string& method, const std::string& word, const sdk::json::value& body) {
  const std::string text = "Slack: " + word + " (" + method + ")";
  if (word == "missing_scope") {
    return text + "; the app needs the scope " + sdk::string_at(body, "needed") + ": add it and install the app again";
  }
  if (word == "not_in_channel") return text + "; invite the app to the channel";
  return text;
}

}  // namespace

sdk::Error error_of(const std::string& method, const sdk::json::value& body, const sdk::HttpResponse& response) {
  const std::string word = word_of(body);
  const std::string code = "slack." + word;
  const std::string text = text_of(method, word, body);
  if (word == "ratelimited" || word == "rate_limited" || word == "message_limit_exceeded")
    return too_many_requests(method, response);
  if (among(kDead, word)) return sdk::auth_error(code, text);
  if (among(kPassing, word)) return sdk::transient_error(code, text);
  if (among(kUnknown, word)) return sdk::not_found_error(code, text);
  if (among(kForbidden, word) || word.rfind("restricted_action", 0) == 0) return sdk::permanent_error(code, text);
  if (word == "refused") return sdk::permanent_error(code, text);
  return sdk::invalid_error(code, text);
}

sdk::Error too_many_requests(const std::string& method, const sdk::HttpResponse& response) {
  const auto header = sdk::find_header(response.headers, "Retry-After");
  long seconds = 0;
  if (header) std::from_chars(header->data(), header->data() + header->size(), seconds);
  const auto wait = seconds > 0 ? std::min(std::chrono::seconds(seconds), kRetryMax) : kRetryDefault;
  return sdk::rate_limited_error("slack.rate_limited", "Slack asks to wait before the next " + method, wait);
}

bool is_closed_channel(const sdk::Error& error) {
  return error.code == "slack.channel_not_found" || error.code == "slack.not_in_channel" ||
         error.code == "slack.is_archived";
}

bool is_ambiguous(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kTransient || error.error_class == sdk::ErrorClass::kCancelled;
}

}  // namespace patchbay::slack
