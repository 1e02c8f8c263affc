#include "tests/sandbox/slack/slack_service.hpp"

#include "tests/sandbox/slack/dataset.hpp"

namespace patchbay::sandbox {

using slack::Arguments;
using slack::refusal;

namespace {

constexpr std::string_view kApi = "/api/";
constexpr std::string_view kUpload = "/upload/v1/";
constexpr std::size_t kReadsPerMinuteUnlisted = 1;

bool is_message_read(std::string_view method) {
  return method == "conversations.history" || method == "conversations.replies";
}

http::Response too_many(std::int64_t seconds) {
  auto response = http::Response::json(429, R"({"ok":false,"error":"ratelimited"})");
  response.set_header("Retry-After", std::to_string(seconds));
  return response;
}

/// Where this sandbox was called, for addresses that it gives out.
std::string base_of(const http::Request& request) {
  return "http://" + std::string(request.header("Host").value_or("127.0.0.1")) + "/slack";
}

bool grants(const std::string& scopes, std::string_view scope) {
  const auto all = "," + scopes + ",";
  return scope.empty() || all.find("," + std::string(scope) + ",") != std::string::npos;
}

}  // namespace

SlackService::SlackService(const ServiceContext& context, slack::Secrets secrets)
    : context_(context), workspace_(context, std::move(secrets)), oauth_(workspace_) {
  rate_limits_.enforced = context.vendor_limits;
}

void SlackService::generate() {
  slack::generate_workspace(workspace_);
}

std::string SlackService::operation(const Call& call) const {
  if (call.path.starts_with(kApi)) return call.path.substr(kApi.size());
  if (call.path.starts_with(kUpload)) return "upload";
  return call.request.method + " " + (call.path == "/oauth/v2/authorize" ? call.path : "(unknown)");
}

http::Response SlackService::answer(const Call& call) {
  const auto& method = call.request.method;
  if (call.path == "/oauth/v2/authorize" && (method == "GET" || method == "POST"))
    return oauth_.authorize(call.request);
  if (call.path.starts_with(kUpload) && method == "POST")
    return slack::take_bytes(workspace_, call.path.substr(kUpload.size()), call.request);
  if (call.path.starts_with(kApi) && (method == "GET" || method == "POST"))
    return call_method(call, call.path.substr(kApi.size()));
  return http::Response::text(404, "Not Found");
}

http::Response SlackService::call_method(const Call& call, const std::string& name) {
  const auto* method = methods_.find(name);
  if (method == nullptr) return refusal("unknown_method", {{"req_method", name}});
  if (name == "oauth.v2.access") return oauth_.access(call.request);
  slack::MethodCall made{workspace_, Arguments(call.request, method->takes_json), base_of(call.request), unlisted_};
  const auto token = slack::token_of(call.request, made.arguments);
  std::string scopes;
  if (auto error = oauth_.check(token, scopes); !error.empty()) return refusal(error);
  const bool restricted = !scopes.empty() && !grants(scopes, method->scope);
  if (restricted) return refusal("missing_scope", {{"needed", method->scope}, {"provided", scopes}});

  const auto now = context_.clock.now_milliseconds();
  const bool narrow = unlisted_ && is_message_read(name);
  auto wait = rate_limits_.admit(name, narrow ? kReadsPerMinuteUnlisted : method->per_minute, now);
  if (name == "chat.postMessage" && wait == 0) wait = rate_limits_.admit_message(made.arguments.text("channel"), now);
  if (wait > 0 && rate_limits_.enforced) return too_many(wait);

  if (name == "auth.revoke") return oauth_.revoke(token);
  if (name == "apps.uninstall") return oauth_.uninstall();
  auto response = method->run(made);
  response.set_header("x-oauth-scopes", scopes.empty() ? "all" : scopes);
  return response;
}

http::Response SlackService::failure(const Fault& fault) const {
  switch (fault.kind) {
    case FaultKind::kRateLimit:
      return too_many(1);
    case FaultKind::kExpiredToken:
      return refusal("token_expired");
    case FaultKind::kForbidden:
      return refusal("missing_scope", {{"needed", "channels:history"}, {"provided", "chat:write"}});
    case FaultKind::kLockTimeout:
      return refusal("internal_error");  // with 200, like every error of a method
    default:
      break;
  }
  return http::Response::text(fault.status != 0 ? fault.status : 500, "Internal Server Error");
}

json::object SlackService::limits() const {
  return {{"enforced", rate_limits_.enforced},
          {"overLimit", rate_limits_.over_limit},
          {"rotation", oauth_.rotation()},
          {"unlisted", unlisted_}};
}

sdk::Result<void> SlackService::set_limits(const json::object& limits) {
  for (const auto& member : limits) {
    const std::string name(member.key());
    if (name == "overLimit" && member.value() == 0) {
      rate_limits_.over_limit = 0;
      continue;
    }
    if (!member.value().is_bool()) return sdk::invalid_error("sandbox.limits", "must be true or false", name);
    const bool on = member.value().get_bool();
    if (name == "enforced") {
      rate_limits_.enforced = on;
    } else if (name == "rotation") {
      oauth_.set_rotation(on);
    } else if (name == "unlisted") {
      unlisted_ = on;
    } else {
      return sdk::invalid_error("sandbox.limits", "unknown limit", name);
    }
  }
  return {};
}

sdk::Result<void> SlackService::set_webhook_target(const json::object& settings) {
  workspace_.set_webhook_target(sdk::string_at(settings, "target"));
  if (auto secret = sdk::string_at(settings, "slackSecret"); !secret.empty())
    workspace_.set_signing_secret(std::move(secret));
  return {};
}

}  // namespace patchbay::sandbox
