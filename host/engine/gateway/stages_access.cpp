#include "engine/gateway/stages.hpp"

#include <algorithm>

namespace patchbay::gateway::stages {
namespace {

/// Probes of a load balancer and webhooks (bounded by their own limit and by the receipt queue) do not use up the
/// global limit.
bool is_exempt(const Exchange& exchange) {
  return exchange.route != nullptr && (exchange.route->at_root || exchange.route->limit == LimitClass::kWebhook);
}

void record_limit(Services& services, const Exchange& exchange, Limit limit, const LimitVerdict& verdict) {
  if (!verdict.first_refusal) return;
  const http::Request& request = exchange.context.request;
  services.parts.audit.record(
      {"limit.exceeded",
       exchange.context.principal.user_id,
       request.remote_address,
       request.request_id,
       {{"limit", limit_name(limit)}, {"method", request.method}, {"path", request.path.substr(0, 256)}}});
}

Outcome judge(Services& services, Exchange& exchange, Limit limit, std::string_view key) {
  const LimitVerdict verdict = services.parts.limiter.count(limit, key);
  if (verdict.allowed) return GoOn{};
  record_limit(services, exchange, limit, verdict);
  const sdk::Error error = sdk::rate_limited_error("limits." + std::string(limit_name(limit)),
                                                   "Too many requests. Try again later.", verdict.wait);
  http::Response response = problem_response(error, exchange.context.request.request_id);
  response.headers.emplace_back("RateLimit-Limit", std::to_string(verdict.limit));
  response.headers.emplace_back("RateLimit-Remaining", "0");
  response.headers.emplace_back("RateLimit-Reset", std::to_string(verdict.wait.count()));
  exchange.error_code = error.code;
  return response;
}

/// Counts the request by its address, once.
Outcome judge_address(Services& services, Exchange& exchange) {
  if (is_exempt(exchange) || std::exchange(exchange.address_counted, true)) return GoOn{};
  return judge(services, exchange, Limit::kAddress, address_key(exchange.context.request.remote_address));
}

bool goes_on(const Outcome& outcome) {
  return std::holds_alternative<GoOn>(outcome);
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lowered;
}

/// A permission or a state of the account is missing; who it was stands in the audit trail.
Outcome refuse(Services& services, Exchange& exchange, sdk::Error error) {
  const http::Request& request = exchange.context.request;
  services.refused.add();
  services.parts.audit.record({"permission.refused",
                               exchange.context.principal.user_id,
                               request.remote_address,
                               request.request_id,
                               {{"permission", exchange.route->permission},
                                {"code", error.code},
                                {"method", request.method},
                                {"path", request.path.substr(0, 256)}}});
  return error;
}

}  // namespace

Outcome enter_find_route(Services& services, Exchange& exchange) {
  const http::Request& request = exchange.context.request;
  exchange.match = services.router.find(request.method, request.path);
  if (exchange.match.route == Match::kNoRoute) return GoOn{};
  exchange.route = &services.router.routes()[exchange.match.route];
  exchange.context.path_params = std::move(exchange.match.params);
  return GoOn{};
}

Outcome enter_limit_address(Services& services, Exchange& exchange) {
  const http::Request& request = exchange.context.request;
  if (exchange.route != nullptr && exchange.route->limit == LimitClass::kAuth) {
    return judge(services, exchange, Limit::kAuthAddress, address_key(request.remote_address));
  }
  // Who shows credentials is counted by user once they hold, and by address as soon as they do not.
  if (request.header("Authorization") || request.header("X-API-Key")) return GoOn{};
  return judge_address(services, exchange);
}

Outcome enter_refuse_unknown(Services&, Exchange& exchange) {
  if (exchange.route != nullptr) return GoOn{};
  const http::Request& request = exchange.context.request;
  if (exchange.match.allow.empty())
    return sdk::not_found_error("request.not_found", "There is nothing at this address.");
  if (request.method == "OPTIONS") {
    http::Response response = http::Response::empty(204);
    response.set_header("Allow", exchange.match.allow);
    return response;
  }
  const sdk::Error error =
      sdk::permanent_error("request.method_not_allowed", "This address does not take " + request.method.substr(0, 16) +
                                                             "; it takes " + exchange.match.allow + ".");
  http::Response response = problem_response(error, request.request_id);
  response.set_header("Allow", exchange.match.allow);
  exchange.error_code = error.code;
  return response;
}

Outcome enter_authenticate(Services& services, Exchange& exchange) {
  const Route& route = *exchange.route;
  // A webhook's Authorization header is the service's own and no token of ours.
  if (route.limit == LimitClass::kWebhook && route.access == Access::kPublic) return GoOn{};
  const http::Request& request = exchange.context.request;
  auto result = exchange.on_worker ? std::optional(services.parts.authenticator.authenticate_blocking(request))
                                   : services.parts.authenticator.try_authenticate(request);
  if (!result) return ToWorker{};
  const bool known = result->ok() && (*result)->kind != policy::Principal::Kind::kAnonymous;
  if (!known) {
    if (auto outcome = judge_address(services, exchange); !goes_on(outcome)) return outcome;
  }
  if (result->ok()) exchange.context.principal = std::move(*result).value();
  if (known || route.access == Access::kPublic) return GoOn{};
  if (!result->ok()) return std::move(result->error());
  return sdk::auth_error("auth.no_token", "No token provided");
}

Outcome enter_limit_user(Services& services, Exchange& exchange) {
  const policy::Principal& principal = exchange.context.principal;
  if (!principal.signed_in()) return GoOn{};
  return judge(services, exchange, Limit::kUser, principal.user_id);
}

Outcome enter_permission(Services& services, Exchange& exchange) {
  const policy::Principal& principal = exchange.context.principal;
  const Route& route = *exchange.route;
  if (principal.password_change_required && !route.open_while_password_expired && route.access == Access::kSignedIn) {
    return refuse(
        services, exchange,
        sdk::permanent_error("auth.password_change_required", "The password must be changed before anything else."));
  }
  if (route.permission.empty() || services.parts.policy.allows(principal, route.permission)) return GoOn{};
  return refuse(services, exchange, sdk::permanent_error("policy.forbidden", "Access denied"));
}

Outcome enter_limit_account(Services& services, Exchange& exchange) {
  if (exchange.route->limit != LimitClass::kAuth) return GoOn{};
  std::string account = exchange.context.principal.user_id;
  if (!exchange.context.request.body.empty() && account.empty()) {
    const auto body = json_body(exchange.context.request);
    if (!body.ok()) return body.error();
    account = sdk::string_at(*body, "email");
    if (account.empty()) account = sdk::string_at(*body, "username");
  }
  if (account.empty()) return GoOn{};
  return judge(services, exchange, Limit::kAuthAccount, lower(account));
}

}  // namespace patchbay::gateway::stages
