#include "api.hpp"

#include "errors.hpp"

namespace patchbay::slack {
namespace {

/// Scheme, host and port of a URL, lower case; empty where there is no host.
std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  const auto end = url.find_first_of("/?#", scheme + 3);
  std::string origin = url.substr(0, end);
  // Somebody else's host can stand behind an `@` that looks like Slack's.
  if (origin.find('@') != std::string::npos || origin.size() == scheme + 3) return {};
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return origin;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

sdk::Result<sdk::json::value> read_answer(const std::string& method, const sdk::HttpResponse& response) {
  if (response.status == 429) return too_many_requests(method, response);
  auto body = sdk::parse_json(response.body);
  const auto* ok = body.ok() ? sdk::find_member(*body, "ok") : nullptr;
  const bool told = ok != nullptr && ok->is_bool();
  if (told && !ok->as_bool()) return error_of(method, *body, response);
  if (response.status >= 500) return sdk::transient_error("slack.unavailable", "Slack is not available at the moment");
  if (response.status == 401) return sdk::auth_error("slack.unauthorized", "Slack refuses the token");
  if (response.status < 200 || response.status > 299) {
    return sdk::permanent_error("slack.refused", "Slack answered HTTP " + std::to_string(response.status));
  }
  // Half an answer, or a page in place of one, says nothing about what was done.
  if (!told) return sdk::transient_error("slack.unreadable", "Slack answered with something that is no answer");
  return std::move(*body);
}

Api::Api(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : base_(settings.option("apiBase")), bot_token_(settings.credential("botToken")), services_(services) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
}

sdk::Result<std::string> Api::token(const sdk::CallContext& context) {
  if (!bot_token_.empty()) return bot_token_;
  return services_.tokens.current(context);
}

sdk::Result<sdk::HttpResponse> Api::post(const sdk::CallContext& context, const std::string& method,
                                         const std::string& body, bool repeatable, const std::string& token) {
  sdk::HttpRequest request;
  request.method = "POST";
  request.url = base_ + "/api/" + method;
  // Only some methods take JSON; every method takes a form.
  request.headers = {{"Authorization", "Bearer " + token},
                     {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"Accept", "application/json"}};
  request.body = body;
  request.limit_group = method;
  request.retry_safe = repeatable;
  return services_.http.send(context, request);
}

sdk::Result<sdk::json::value> Api::call(const sdk::CallContext& context, const std::string& method,
                                        const Arguments& arguments, bool repeatable) {
  const std::string body = sdk::form_encode(arguments);
  PATCHBAY_ASSIGN(std::string used, token(context));
  PATCHBAY_ASSIGN(sdk::HttpResponse response, post(context, method, body, repeatable, used));
  auto answer = read_answer(method, response);
  // A token that rotation has ended: the call was not made. A token given by hand has nothing to be renewed with.
  if (!answer.ok() && answer.error().code == kTokenExpired && bot_token_.empty()) {
    PATCHBAY_ASSIGN(used, services_.tokens.renew(context, used));
    PATCHBAY_ASSIGN(response, post(context, method, body, repeatable, used));
    answer = read_answer(method, response);
  }
  return answer;
}

bool Api::is_upload_address(const std::string& url) const {
  const std::string origin = origin_of(url);
  if (origin.empty()) return false;
  if (origin == origin_of(base_)) return true;
  return origin.rfind("https://", 0) == 0 && (ends_with(origin, ".slack.com") || ends_with(origin, ".slack-gov.com"));
}

sdk::Result<void> Api::upload(const sdk::CallContext& context, const std::string& url, sdk::HttpRequest body) {
  if (!is_upload_address(url)) {
    return sdk::permanent_error("slack.upload_address", "Slack named an upload address that is not Slack's");
  }
  body.method = "POST";
  body.url = url;
  // The address itself is the permission: the token goes nowhere but to the API.
  body.headers = {{"Content-Type", "application/octet-stream"}};
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, services_.http.send(context, body));
  if (response.status == 200) return {};
  if (response.status == 429) return too_many_requests("upload", response);
  if (response.status >= 500) return sdk::transient_error("slack.upload_failed", "Slack did not take the file's bytes");
  return sdk::permanent_error("slack.upload_refused",
                              "Slack refused the file's bytes (HTTP " + std::to_string(response.status) + ")");
}

}  // namespace patchbay::slack
