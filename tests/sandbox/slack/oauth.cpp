#include "tests/sandbox/slack/oauth.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::sandbox::slack {
namespace {

constexpr std::int64_t kCodeSeconds = 600;
constexpr std::int64_t kRotatedSeconds = 43'200;
constexpr std::size_t kActiveMax = 2;
constexpr std::string_view kUserId = "U0OWNER";

http::Response redirect(const std::string& location) {
  auto response = http::Response::empty(302);
  response.set_header("Location", location);
  return response;
}

std::string with_query(const std::string& address, const std::string& query) {
  return address + (address.find('?') == std::string::npos ? "?" : "&") + query;
}

/// Client id and secret, from the Authorization header or the form.
std::pair<std::string, std::string> client_of(const http::Request& request, const Arguments& arguments) {
  const auto header = request.header("Authorization").value_or("");
  if (!header.starts_with("Basic ")) return {arguments.text("client_id"), arguments.text("client_secret")};
  const auto text = sdk::base64_decode(header.substr(6)).value_or("");
  const auto colon = std::min(text.find(':'), text.size());
  return {http::url_decode(text.substr(0, colon), false).value_or(""),
          http::url_decode(text.substr(std::min(colon + 1, text.size())), false).value_or("")};
}

/// A form for the owner; what was asked for goes along in its address.
http::Response page() {
  auto response = http::Response::text(
      200,
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Slack (sandbox)</title></head><body>"
      "<h1>Install Patchbay in Sandbox Services?</h1><form method=\"post\">"
      "<button name=\"decision\" value=\"approve\">Allow access</button> "
      "<button name=\"decision\" value=\"deny\">Cancel</button></form></body></html>");
  response.content_type = "text/html; charset=utf-8";
  return response;
}

}  // namespace

std::string token_of(const http::Request& request, const Arguments& arguments) {
  const auto header = request.header("Authorization").value_or("");
  if (header.starts_with("Bearer ")) return std::string(header.substr(7));  // with a capital letter only
  return arguments.text("token");
}

http::Response OAuth::authorize(const http::Request& request) {
  const Arguments arguments(request, false);
  if (arguments.text("client_id") != workspace_.secrets().client_id) return refusal("invalid_client_id");
  const auto back = arguments.text("redirect_uri");
  if (!back.starts_with("http://") && !back.starts_with("https://")) return refusal("bad_redirect_uri");
  const auto state = "state=" + sdk::url_encode(arguments.text("state"));
  const auto decision = request.method == "POST" ? arguments.text("decision") : arguments.text("auto");
  if (decision == "deny") return redirect(with_query(back, "error=access_denied&" + state));
  if (decision != "approve") return page();
  const auto code = workspace_.context().new_id("code.", 30);
  workspace_.put("codes", code, workspace_.now_seconds() * 1000,
                 {{"redirect", back},
                  {"scope", arguments.text("scope")},
                  {"expires", workspace_.now_seconds() + kCodeSeconds},
                  {"used", false}});
  return redirect(with_query(back, "code=" + code + "&" + state));
}

http::Response OAuth::access(const http::Request& request) {
  const Arguments arguments(request, false);
  const auto [id, secret] = client_of(request, arguments);
  if (id != workspace_.secrets().client_id) return refusal("invalid_client_id");
  if (secret != workspace_.secrets().client_secret) return refusal("bad_client_secret");
  const auto grant = arguments.text("grant_type");
  if (grant == "refresh_token") return refresh(arguments);
  if (!grant.empty() && grant != "authorization_code") return refusal("invalid_grant_type");
  return exchange(arguments);
}

http::Response OAuth::exchange(const Arguments& arguments) {
  const auto code = arguments.text("code");
  const auto* known = workspace_.find("codes", code);
  if (known == nullptr || known->value.at("expires").to_number<std::int64_t>() < workspace_.now_seconds())
    return refusal("invalid_code");
  if (known->value.at("used").as_bool()) return refusal("code_already_used");
  if (sdk::string_at(known->value, "redirect") != arguments.text("redirect_uri")) return refusal("bad_redirect_uri");
  auto used = known->value;
  const auto scopes = sdk::string_at(used, "scope");
  used["used"] = true;
  workspace_.put("codes", code, workspace_.now_seconds() * 1000, std::move(used));
  return issue(scopes, workspace_.context().new_id("grant", 12));
}

http::Response OAuth::refresh(const Arguments& arguments) {
  const auto token = arguments.text("refresh_token");
  const auto* known = workspace_.find("tokens", token);
  if (known == nullptr || sdk::string_at(known->value, "kind") != "refresh" ||
      sdk::string_at(known->value, "state") != "valid")
    return refusal("invalid_refresh_token");
  auto used = known->value;
  used["state"] = "revoked";
  const auto scopes = sdk::string_at(used, "scope"), family = sdk::string_at(used, "family");
  workspace_.put("tokens", token, workspace_.now_seconds() * 1000, std::move(used));
  return issue(scopes, family);
}

/// Two tokens may be in use; a third ends the oldest.
void OAuth::revoke_oldest(const std::string& family) {
  std::vector<const Record*> active;
  for (const auto* record : workspace_.table("tokens").by_created()) {
    const auto& token = record->value;
    if (sdk::string_at(token, "family") == family && sdk::string_at(token, "kind") == "access" &&
        sdk::string_at(token, "state") == "valid")
      active.push_back(record);
  }
  if (active.size() < kActiveMax) return;
  auto ended = active.front()->value;
  ended["state"] = "revoked";
  workspace_.put("tokens", std::string(active.front()->id), active.front()->created_ms, std::move(ended));
}

http::Response OAuth::issue(const std::string& scopes, const std::string& family) {
  const auto now = workspace_.now_seconds();
  const auto token = workspace_.context().new_id(rotation_ ? "xoxe.xoxb-1-" : "xoxb-", 40);
  json::object body{{"access_token", token},
                    {"token_type", "bot"},
                    {"scope", scopes},
                    {"bot_user_id", kBotUserId},
                    {"app_id", kAppId},
                    {"team", json::object{{"id", kTeamId}, {"name", "Sandbox Services"}}},
                    {"enterprise", nullptr},
                    {"is_enterprise_install", false},
                    // The person's own token is another, and not the hub's to use.
                    {"authed_user", json::object{{"id", kUserId},
                                                 {"scope", "identify"},
                                                 {"access_token", workspace_.context().new_id("xoxp-", 40)},
                                                 {"token_type", "user"}}}};
  json::object stored{{"kind", "access"}, {"state", "valid"}, {"scope", scopes}, {"family", family}};
  if (rotation_) {
    revoke_oldest(family);
    const auto refresh_token = workspace_.context().new_id("xoxe-1-", 40);
    workspace_.put("tokens", refresh_token, now * 1000,
                   {{"kind", "refresh"}, {"state", "valid"}, {"scope", scopes}, {"family", family}});
    body["refresh_token"] = refresh_token;
    body["expires_in"] = kRotatedSeconds;
    stored["expires"] = now + kRotatedSeconds;
  }
  workspace_.put("tokens", token, now * 1000, std::move(stored));
  return answer(std::move(body));
}

std::string OAuth::check(const std::string& token, std::string& scopes) const {
  if (token.empty()) return "not_authed";
  const auto* known = workspace_.find("tokens", token);
  const auto state = known == nullptr ? std::string() : sdk::string_at(known->value, "state");
  if (state == "revoked") return "token_revoked";
  if (state == "uninstalled") return "account_inactive";
  if (known == nullptr) return token == kBotToken ? std::string() : "invalid_auth";
  if (sdk::string_at(known->value, "kind") != "access") return "invalid_auth";
  const auto* expires = known->value.if_contains("expires");
  if (expires != nullptr && expires->to_number<std::int64_t>() <= workspace_.now_seconds()) return "token_expired";
  scopes = sdk::string_at(known->value, "scope");
  return {};
}

http::Response OAuth::revoke(const std::string& token) {
  workspace_.put("tokens", token, workspace_.now_seconds() * 1000, {{"kind", "access"}, {"state", "revoked"}});
  workspace_.announce({{"type", "tokens_revoked"},
                       {"tokens", json::object{{"oauth", json::array()}, {"bot", json::array{kBotUserId}}}},
                       {"event_ts", workspace_.new_timestamp()}});
  return answer({{"revoked", true}});
}

http::Response OAuth::uninstall() {
  std::vector<std::string> tokens{std::string(kBotToken)};
  for (const auto* record : workspace_.table("tokens").by_created()) tokens.emplace_back(record->id);
  for (const auto& token : tokens)
    workspace_.put("tokens", token, workspace_.now_seconds() * 1000, {{"kind", "access"}, {"state", "uninstalled"}});
  workspace_.announce({{"type", "app_uninstalled"}, {"event_ts", workspace_.new_timestamp()}});
  return answer({});
}

}  // namespace patchbay::sandbox::slack
