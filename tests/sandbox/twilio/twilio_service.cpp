#include "tests/sandbox/twilio/twilio_service.hpp"

#include "tests/sandbox/twilio/dataset.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox {

using twilio::ApiError;
using twilio::refuse;
using twilio::Reply;
using twilio::reply;

namespace {

constexpr std::string_view kAccounts = "/2010-04-01/Accounts/";
constexpr std::string_view kFiles = "/files/";
constexpr std::int64_t kGenerousPerSecond = 5'000;
/// Twilio limits calls at once and tells no figure; here it is calls a second.
constexpr std::int64_t kVendorPerSecond = 100;

struct Place {
  std::string account_sid;  // "AC…"
  std::string below;        // "/Messages.json"; ".json": the account itself
};

std::optional<Place> place_of(std::string_view path) {
  if (!path.starts_with(kAccounts)) return std::nullopt;
  path.remove_prefix(kAccounts.size());
  const auto end = std::min(path.find_first_of("/."), path.size());
  return Place{std::string(path.substr(0, end)), std::string(path.substr(end))};
}

ApiError unauthorized() {
  return {401, 20003, "Authenticate"};
}

ApiError too_many() {
  return {429, 20429, "Too Many Requests"};
}

std::string basic_credentials(const http::Request& request) {
  const std::string header(request.header("Authorization").value_or(""));
  if (!sdk::equals_ignoring_case(header.substr(0, 6), "Basic ")) return {};
  const auto decoded = sdk::base64_decode(std::string_view(header).substr(6));
  return decoded.ok() ? *decoded : std::string();
}

http::Response response_of(Reply reply) {
  auto response = http::Response::json(reply.status, std::move(reply.body));
  response.content_type = std::move(reply.content_type);
  for (auto& [name, value] : reply.headers) response.set_header(std::move(name), std::move(value));
  return response;
}

}  // namespace

TwilioService::TwilioService(const ServiceContext& context, twilio::Credentials credentials)
    : context_(context),
      account_(context, std::move(credentials)),
      per_second_(context.vendor_limits ? kVendorPerSecond : kGenerousPerSecond) {}

void TwilioService::generate() {
  twilio::generate_messages(account_, context_.people);
}

void TwilioService::add_hostile_records() {
  twilio::add_hostile_messages(account_);
}

std::string TwilioService::operation(const Call& call) const {
  std::string message, media;
  const auto place = place_of(call.path);
  const auto* route = place ? twilio::find_route(call.request.method, place->below, message, media) : nullptr;
  if (route != nullptr) return call.request.method + " " + std::string(route->pattern);
  return call.request.method + (place && place->below == ".json" ? " /Accounts/{Sid}.json" : " (unknown)");
}

/// By the account's own auth token, or by an API key, which may do everything but read the account.
std::optional<ApiError> TwilioService::check_access(const http::Request& request, std::string_view account_sid,
                                                    bool account_itself) const {
  const auto& known = account_.credentials();
  const auto given = basic_credentials(request);
  const bool by_token = given == known.account_sid + ":" + known.auth_token;
  const bool by_key = given == known.key_sid + ":" + known.key_secret;
  if (!by_token && (!by_key || account_itself)) return unauthorized();
  if (account_sid != known.account_sid) return ApiError{404, 20404, "The requested resource was not found"};
  return std::nullopt;
}

bool TwilioService::over_limit() {
  const auto second =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  if (second_ != second) calls_ = 0;
  second_ = second;
  return ++calls_ > per_second_;
}

Reply TwilioService::run(const Call& call) {
  if (call.path.starts_with(kFiles)) {
    if (call.request.header("Authorization")) return refuse({400, 0, "Only one auth mechanism allowed"});
    return account_.media().find(call.path.substr(kFiles.size())) == nullptr ? refuse({404, 20404, "No such file"})
                                                                             : twilio::file_bytes();
  }
  const auto place = place_of(call.path);
  if (!place) return refuse({404, 20404, "The requested resource " + call.path + " was not found"});
  const bool itself = place->below == ".json";
  if (const auto error = check_access(call.request, place->account_sid, itself)) return refuse(*error);
  if (over_limit()) return refuse(too_many());
  if (itself) {
    return reply(json::object{{"sid", account_.credentials().account_sid},
                              {"friendly_name", "Sandbox"},
                              {"status", "active"},
                              {"type", "Full"}});
  }
  std::string message_sid, media_sid;
  const auto* route = twilio::find_route(call.request.method, place->below, message_sid, media_sid);
  if (route == nullptr) return refuse({404, 20404, "The requested resource " + call.path + " was not found"});
  const bool has_body = call.request.method == "POST";
  const auto params = has_body ? http::parse_query(call.request.body) : http::parse_query(call.request.raw_query);
  if (!params) return refuse({400, 20001, "The parameters cannot be read."});
  twilio::Request request{account_, std::move(message_sid), std::move(media_sid), *params, call.request};
  return route->handler(request);
}

http::Response TwilioService::answer(const Call& call) {
  auto response = response_of(run(call));
  response.set_header("Twilio-Request-Id", context_.new_id("RQ", 32));
  return response;
}

http::Response TwilioService::failure(const Fault& fault) const {
  ApiError error{500, 20500, "Internal Server Error"};
  if (fault.kind == FaultKind::kRateLimit) error = too_many();
  if (fault.kind == FaultKind::kExpiredToken) error = unauthorized();
  if (fault.kind == FaultKind::kForbidden) error = {403, 20403, "Forbidden"};
  if (fault.status != 0) error.status = fault.status;
  return response_of(refuse(error));
}

sdk::Result<void> TwilioService::set_limits(const json::object& limits) {
  for (const auto& member : limits) {
    const std::string name(member.key());
    if (name != "callsPerSecond") return sdk::invalid_error("sandbox.limits", "unknown limit", name);
    if (!member.value().is_int64() || member.value().get_int64() < 1)
      return sdk::invalid_error("sandbox.limits", "must be from 1 on", name);
    per_second_ = member.value().get_int64();
  }
  return {};
}

sdk::Result<void> TwilioService::set_webhook_target(const json::object& settings) {
  account_.set_webhook_target(sdk::string_at(settings, "target"), sdk::string_at(settings, "twilioAuthToken"));
  return {};
}

}  // namespace patchbay::sandbox
