#include "tests/sandbox/stripe/stripe_service.hpp"

#include "platform/base/digest.hpp"
#include "tests/sandbox/stripe/dataset.hpp"
#include "tests/sandbox/stripe/expand.hpp"
#include "tests/sandbox/stripe/form.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox {

using stripe::Account;
using stripe::ApiError;

namespace {

constexpr std::string_view kSecondKeyMark = "_acct2";
constexpr std::size_t kIdempotencyKeyBytesMax = 255;
constexpr std::int64_t kGenerousPerSecond = 5'000;

ApiError unauthorized(std::string message, std::string code = "") {
  ApiError error;
  error.status = 401;
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

/// "sk_test_*********1234"
std::string masked(const std::string& key) {
  const auto tail = key.size() > 4 ? key.substr(key.size() - 4) : key;
  return key.substr(0, std::min<std::size_t>(8, key.size())) + "*********" + tail;
}

/// From `Bearer <key>`, or `Basic` with the key as user.
std::string key_of(const http::Request& request) {
  const std::string authorization(request.header("Authorization").value_or(""));
  const auto blank = authorization.find(' ');
  if (blank == std::string::npos) return {};
  const auto scheme = authorization.substr(0, blank);
  const auto rest = authorization.substr(blank + 1);
  if (sdk::equals_ignoring_case(scheme, "Bearer")) return rest;
  if (!sdk::equals_ignoring_case(scheme, "Basic")) return {};
  const auto decoded = sdk::base64_decode(rest);
  return decoded ? decoded->substr(0, decoded->find(':')) : std::string();
}

bool is_secret_key(std::string_view key) {
  return key.starts_with("sk_test_") || key.starts_with("rk_test_") || key.starts_with("sk_live_") ||
         key.starts_with("rk_live_");
}

ApiError rate_limited() {
  ApiError error;
  error.status = 429;
  error.code = "rate_limit";
  error.message = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.";
  return error;
}

ApiError unknown_url(const Call& call) {
  ApiError error;
  error.status = 404;
  error.message =
      "Unrecognized request URL (" + call.request.method + ": " + call.path +
      "). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make "
      "sure you passed a valid (non-empty) identifier in your code. Please see https://stripe.com/docs.";
  return error;
}

}  // namespace

StripeService::StripeService(const ServiceContext& context, std::string webhook_secret)
    : context_(context),
      second_people_(make_people(context.seed, context.people.size() / 10, context.epoch_ms, 1'000'000)),
      main_(std::make_unique<Account>(context, "main", "acct_1SandboxMain0001", webhook_secret)),
      second_(std::make_unique<Account>(context, "acct2", "acct_1SandboxSecond02", webhook_secret + "_acct2")),
      per_endpoint_(context.vendor_limits ? 25 : kGenerousPerSecond),
      per_account_(context.vendor_limits ? 100 : kGenerousPerSecond) {}

void StripeService::generate() {
  stripe::generate_account(*main_, context_.people);
  stripe::generate_account(*second_, second_people_);
}

std::string StripeService::operation(const Call& call) const {
  std::string id;
  const auto* route = stripe::find_route(call.request.method, call.path, id);
  return call.request.method + " " + (route == nullptr ? "(unknown)" : std::string(route->pattern));
}

std::variant<Account*, ApiError> StripeService::authenticate(const http::Request& request) {
  const auto key = key_of(request);
  if (key.empty()) {
    return unauthorized(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').");
  }
  if (!is_secret_key(key) || key.find("invalid") != std::string::npos)
    return unauthorized("Invalid API Key provided: " + masked(key));
  if (key.find("expired") != std::string::npos)
    return unauthorized("Expired API Key provided: " + masked(key), "api_key_expired");
  const auto connected = request.header("Stripe-Account");
  if (connected && *connected != main_->id() && *connected != second_->id()) {
    auto error = unauthorized("The provided key '" + masked(key) + "' does not have access to account '" +
                                  std::string(*connected) + "' (or that account does not exist).",
                              "account_invalid");
    error.status = 403;
    return error;
  }
  const bool second = connected ? *connected == second_->id() : key.find(kSecondKeyMark) != std::string::npos;
  return second ? second_.get() : main_.get();
}

bool StripeService::over(Window& window, std::int64_t most) {
  const auto second =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  if (window.second != second) window = {second, 0};
  return ++window.count > most;
}

std::optional<StripeService::Reply> StripeService::refuse_for_rate(const std::string& operation,
                                                                   const Account& account) {
  std::string reason;
  if (over(windows_[account.key()], per_account_)) reason = "global-rate";
  if (over(windows_[account.key() + " " + operation], per_endpoint_) && reason.empty()) reason = "endpoint-rate";
  if (reason.empty()) return std::nullopt;
  return Reply{429, to_wire(rate_limited().body()), {{"Stripe-Rate-Limited-Reason", reason}}};
}

StripeService::Reply StripeService::run_once(Account& account, const Call& call, const std::string& key,
                                             const std::string& request_id) {
  const auto refuse = [](const ApiError& error) { return Reply{error.status, to_wire(error.body()), {}}; };
  std::string id;
  const auto* route = stripe::find_route(call.request.method, call.path, id);
  if (route == nullptr) return refuse(unknown_url(call));
  const bool has_body = call.request.method == "POST";
  auto form =
      stripe::parse_form(has_body ? std::string_view(call.request.body) : std::string_view(call.request.raw_query));
  if (!form) return refuse(stripe::invalid_state("parameter_invalid", form.error().message));
  stripe::Params params(std::move(*form));
  const auto expand = params.texts("expand");
  stripe::Request request{account, id, params};
  account.set_request(request_id, key);
  auto answer = route->handler(request);
  account.set_request("", "");
  if (const auto* error = std::get_if<ApiError>(&answer)) return refuse(*error);
  auto& value = std::get<json::value>(answer);
  if (const auto error = stripe::expand_paths(account, value, expand)) return refuse(*error);
  return Reply{200, to_wire(value), {}};
}

StripeService::Reply StripeService::run(Account& account, const Call& call, const std::string& request_id) {
  const std::string key(call.request.header("Idempotency-Key").value_or(""));
  if (key.empty() || call.request.method != "POST") return run_once(account, call, key, request_id);
  if (key.size() > kIdempotencyKeyBytesMax) {
    const auto error = stripe::invalid_state("", "The idempotency key is over 255 characters.");
    return Reply{400, to_wire(error.body()), {}};
  }
  const auto fingerprint = sdk::hex_encode(base::sha256(call.path + "\n" + call.request.body));
  if (const auto known = idempotency_.check(account, key, fingerprint)) {
    if (const auto* error = std::get_if<ApiError>(&*known)) return Reply{error->status, to_wire(error->body()), {}};
    const auto& kept = std::get<stripe::KeptAnswer>(*known);
    return Reply{kept.status, kept.body, {{"Idempotent-Replayed", "true"}, {"Original-Request", kept.request_id}}};
  }
  auto reply = run_once(account, call, key, request_id);
  // What failed validation was never begun, so nothing of it is kept.
  if (reply.status == 200 || reply.status == 402)
    idempotency_.keep(account, key, fingerprint, {reply.status, reply.body, request_id}, call.delay);
  return reply;
}

http::Response StripeService::answer(const Call& call) {
  const auto request_id = context_.new_id("req_", 14);
  auto account = authenticate(call.request);
  Reply reply;
  if (const auto* error = std::get_if<ApiError>(&account)) {
    reply = {error->status, to_wire(error->body()), {}};
  } else {
    auto& opened = *std::get<Account*>(account);
    auto refused = refuse_for_rate(operation(call), opened);
    reply = refused ? std::move(*refused) : run(opened, call, request_id);
  }
  auto response = http::Response::json(reply.status, std::move(reply.body));
  for (auto& [name, value] : reply.headers) response.set_header(std::move(name), std::move(value));
  response.set_header("Request-Id", request_id);
  response.set_header("Stripe-Version",
                      std::string(call.request.header("Stripe-Version").value_or(stripe::kApiVersion)));
  if (const auto key = call.request.header("Idempotency-Key"))
    response.set_header("Idempotency-Key", std::string(*key));
  return response;
}

http::Response StripeService::failure(const Fault& fault) const {
  ApiError error;
  switch (fault.kind) {
    case FaultKind::kRateLimit:
      error = rate_limited();
      break;
    case FaultKind::kExpiredToken:
      error = unauthorized("Expired API Key provided: sk_test_*********", "api_key_expired");
      break;
    case FaultKind::kForbidden:
      error.status = 403;
      error.message =
          "The provided key 'rk_test_*********' does not have the required permissions for this endpoint. Having the "
          "'rak_customer_read' permission would allow this request to continue.";
      break;
    case FaultKind::kLockTimeout:
      error.status = 429;
      error.code = "lock_timeout";
      error.message =
          "This object cannot be accessed right now because another API request or Stripe process is currently "
          "accessing it.";
      break;
    default:
      error.status = 500;
      error.type = "api_error";
      error.message = "An unknown error occurred";
  }
  if (fault.status != 0) error.status = fault.status;
  auto response = http::Response::json(error.status, to_wire(error.body()));
  if (fault.kind == FaultKind::kRateLimit) response.set_header("Stripe-Rate-Limited-Reason", "global-rate");
  response.set_header("Request-Id", "req_fault" + std::to_string(fault.id));
  return response;
}

json::object StripeService::limits() const {
  return {{"perEndpointPerSecond", per_endpoint_}, {"perAccountPerSecond", per_account_}};
}

sdk::Result<void> StripeService::set_limits(const json::object& limits) {
  for (const auto& member : limits) {
    const std::string name(member.key());
    auto* target = name == "perEndpointPerSecond"  ? &per_endpoint_
                   : name == "perAccountPerSecond" ? &per_account_
                                                   : nullptr;
    if (target == nullptr) return sdk::invalid_error("sandbox.limits", "unknown limit", name);
    if (!member.value().is_int64() || member.value().get_int64() < 1)
      return sdk::invalid_error("sandbox.limits", "must be from 1 on", name);
    *target = member.value().get_int64();
  }
  return {};
}

sdk::Result<void> StripeService::set_webhook_target(const json::object& settings) {
  const auto secret = sdk::string_at(settings, "stripeSecret");
  const auto target = sdk::string_at(settings, "target");
  main_->set_webhook_target(target, secret.empty() ? std::nullopt : std::optional(secret));
  second_->set_webhook_target(target, secret.empty() ? std::nullopt : std::optional(secret + "_acct2"));
  return {};
}

}  // namespace patchbay::sandbox
