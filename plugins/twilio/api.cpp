#include "api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <set>

namespace patchbay::twilio {
namespace {

constexpr int kRedirectsMax = 3;
constexpr auto kQueueFullPause = std::chrono::minutes(1);
constexpr auto kNotFinalPause = std::chrono::minutes(5);

std::chrono::milliseconds retry_delay(const sdk::HttpResponse& response) {
  const auto header = sdk::find_header(response.headers, "Retry-After");
  if (!header || header->empty() || header->size() > 5 || header->find_first_not_of("0123456789") != std::string::npos)
    return std::chrono::seconds(1);
  return std::chrono::seconds(std::stoi(*header));
}

std::int64_t code_of(const sdk::json::value& body) {
  const auto* code = sdk::find_member(body, "code");
  return code != nullptr && code->is_int64() ? code->as_int64() : 0;
}

sdk::Error wait_for(std::string code, std::string text, std::chrono::milliseconds pause) {
  auto error = sdk::transient_error(std::move(code), std::move(text));
  error.retry_after = pause;
  return error;
}

sdk::Error about_recipient(std::string code, std::string text) {
  auto error = sdk::permanent_error(std::move(code), std::move(text));
  error.field = "to";
  return error;
}

/// Codes of refused messages, by what is wrong.
std::optional<sdk::Error> message_error(std::int64_t code, const std::string& text) {
  static const std::set<std::int64_t> kNoNumber{21211, 21214, 21217, 21614};
  static const std::set<std::int64_t> kBody{21602, 21605, 21617, 21658};
  static const std::set<std::int64_t> kSender{21212, 21601, 21603, 21606, 21659, 21660, 21701, 21703};
  if (kNoNumber.count(code) != 0) return sdk::invalid_error("twilio.invalid_recipient", text, "to");
  if (kBody.count(code) != 0) return sdk::invalid_error("twilio.invalid_body", text, "text");
  if (kSender.count(code) != 0) return sdk::permanent_error("twilio.invalid_sender", text);
  switch (code) {
    case 21408:  // this account may not send to that region; another provider may
      return sdk::permanent_error("twilio.region_not_enabled", text);
    case 21610:
      return about_recipient("twilio.opted_out", text);
    case 21612:
      return sdk::permanent_error("twilio.not_routable", text);
    case 21611:
    case 30001:
      return wait_for("twilio.queue_full", text, kQueueFullPause);
    case 30003:
    case 30036:
      return wait_for("twilio.unreachable", text, kQueueFullPause);
    case 20009:
      return wait_for("twilio.not_final", text, kNotFinalPause);
    case 30007:
    case 30034:
    case 30450:
      return sdk::permanent_error("twilio.filtered", text);
    default:
      return std::nullopt;
  }
}

/// "https://host:port" of an address.
std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return std::string(url.substr(0, url.find_first_of("/?#", scheme + 3)));
}

}  // namespace

sdk::Error error_of(const sdk::HttpResponse& response) {
  const auto parsed = sdk::parse_json(response.body, {1024 * 1024, 32});
  const sdk::json::value body = parsed.ok() ? *parsed : sdk::json::value();
  const std::int64_t code = code_of(body);
  std::string message = sdk::string_at(body, "message");
  if (message.empty()) message = "HTTP " + std::to_string(response.status);
  const std::string text = "Twilio: " + message + (code == 0 ? "" : " (" + std::to_string(code) + ")");
  if (response.status == 429 || code == 20429)
    return sdk::rate_limited_error("twilio.rate_limited", text, retry_delay(response));
  if (response.status == 401 || code == 20003) return sdk::auth_error("twilio.unauthorized", text);
  if (auto error = message_error(code, text)) return *std::move(error);
  if (response.status == 403) return sdk::permanent_error("twilio.forbidden", text);
  if (code == 20404) return sdk::not_found_error("twilio.not_found", text);
  // Not Twilio's word for what is not there: a proxy, or a wrong address.
  if (response.status == 404 && code == 0) return sdk::transient_error("twilio.unreadable", text);
  if (response.status == 404) return sdk::permanent_error("twilio." + std::to_string(code), text);
  if (response.status >= 500) return sdk::transient_error("twilio.unavailable", text);
  return sdk::invalid_error(code == 0 ? "twilio.invalid" : "twilio." + std::to_string(code), text);
}

Api::Api(const sdk::ConnectionSettings& settings, sdk::HttpClient& http)
    : base_(settings.option("apiBase")), account_sid_(settings.credential("accountSid")), http_(http) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
  const std::string key = settings.credential("apiKeySid"), secret = settings.credential("apiKeySecret");
  const bool by_key = !key.empty() && !secret.empty();
  const std::string token = settings.credential("authToken");
  if (account_sid_.empty() || (!by_key && token.empty())) return;
  authorization_ = "Basic " + sdk::base64_encode(by_key ? key + ":" + secret : account_sid_ + ":" + token);
}

std::string Api::url_of(const std::string& path) const {
  return base_ + "/2010-04-01/Accounts/" + sdk::url_encode(account_sid_) + "/" + path;
}

sdk::HttpRequest Api::request(const std::string& method, const std::string& url, const std::string& group) const {
  sdk::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = {{"Authorization", authorization_}, {"Accept", "application/json"}};
  request.limit_group = group;
  request.retry_safe = method != "POST";
  return request;
}

sdk::Result<sdk::HttpResponse> Api::send(const sdk::CallContext& context, const sdk::HttpRequest& request) {
  if (authorization_.empty()) {
    return sdk::auth_error("twilio.no_credentials",
                           "the credential 'accountSid' and either 'authToken' or 'apiKeySid' with 'apiKeySecret' are "
                           "needed");
  }
  return http_.send(context, request);
}

sdk::Result<sdk::json::value> Api::send_json(const sdk::CallContext& context, const sdk::HttpRequest& request) {
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, send(context, request));
  if (response.status < 200 || response.status > 299) return error_of(response);
  auto body = sdk::parse_json(response.body);
  // Half an answer says nothing about the object; whether a message was taken has to be looked up.
  if (!body.ok() || !body->is_object())
    return sdk::transient_error("twilio.unreadable", "Twilio answered with something that is not a JSON object");
  return body;
}

sdk::Result<sdk::json::value> Api::get(const sdk::CallContext& context, const std::string& path,
                                       const std::string& group, const Fields& query) {
  return send_json(context, request("GET", url_of(path) + (query.empty() ? "" : "?" + sdk::form_encode(query)), group));
}

sdk::Result<sdk::json::value> Api::get_uri(const sdk::CallContext& context, const std::string& uri,
                                           const std::string& group) {
  // It came through a cursor: it must not lead anywhere but below this account.
  const std::string below = "/2010-04-01/Accounts/" + account_sid_ + "/";
  if (uri.rfind(below, 0) != 0 || uri.find("..") != std::string::npos)
    return sdk::invalid_error("twilio.cursor", "the page cursor leads to another place");
  return send_json(context, request("GET", base_ + uri, group));
}

sdk::Result<sdk::json::value> Api::post(const sdk::CallContext& context, const std::string& path,
                                        const std::string& group, const Fields& form) {
  sdk::HttpRequest call = request("POST", url_of(path), group);
  call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  call.body = sdk::form_encode(form);
  return send_json(context, call);
}

sdk::Result<void> Api::remove(const sdk::CallContext& context, const std::string& path, const std::string& group) {
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, send(context, request("DELETE", url_of(path), group)));
  if (response.status < 200 || response.status > 299) return error_of(response);
  return {};
}

sdk::Result<sdk::HttpResponse> Api::download(const sdk::CallContext& context, const std::string& path,
                                             const std::string& group) {
  sdk::HttpRequest call = request("GET", url_of(path), group);
  call.headers[1].second = "*/*";
  for (int hops = 0; hops <= kRedirectsMax; ++hops) {
    PATCHBAY_ASSIGN(sdk::HttpResponse response, send(context, call));
    if (response.status >= 200 && response.status <= 299) return response;
    const auto location = sdk::find_header(response.headers, "Location");
    if (response.status < 300 || response.status > 399 || !location) return error_of(response);
    std::string target = *location;
    if (target.rfind("/", 0) == 0) target = origin_of(call.url) + target;
    const bool same_origin = origin_of(target) == origin_of(call.url);
    if (!same_origin && target.rfind("https://", 0) != 0)
      return sdk::permanent_error("twilio.redirect", "Twilio sends to an address without TLS");
    // The credentials are for Twilio only, not for where it keeps its files.
    if (!same_origin) std::erase_if(call.headers, [](const auto& header) { return header.first == "Authorization"; });
    call.url = std::move(target);
  }
  return sdk::transient_error("twilio.redirect", "Twilio sends from one address to the next");
}

std::optional<sdk::SystemTime> parse_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // The day of the week says nothing that the date does not.
  if (const auto comma = text.find(", "); comma != std::string_view::npos) text.remove_prefix(comma + 2);
  const auto blank = text.find(' ');
  if (blank == 0 || blank > 2) return std::nullopt;
  const std::string_view rest = text.substr(blank + 1);  // "Aug 2023 05:01:45 +0000"
  const auto month = std::find(kMonths.begin(), kMonths.end(), rest.substr(0, 3));
  if (month == kMonths.end() || rest.size() < 19) return std::nullopt;
  const auto number = std::to_string(month - kMonths.begin() + 1);
  const std::string day(text.substr(0, blank));
  const std::string iso = std::string(rest.substr(4, 4)) + "-" + (number.size() < 2 ? "0" : "") + number + "-" +
                          (day.size() < 2 ? "0" : "") + day + "T" + std::string(rest.substr(9, 8)) +
                          std::string(rest.substr(18));
  const auto time = sdk::parse_time(iso);
  return time.ok() ? std::optional(*time) : std::nullopt;
}

}  // namespace patchbay::twilio
