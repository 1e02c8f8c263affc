#include "tests/sandbox/google/oauth.hpp"

#include "platform/base/digest.hpp"
#include "tests/sandbox/google/replies.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <sstream>

namespace patchbay::sandbox::google {
namespace {

constexpr std::int64_t kAccessSeconds = 3599;
constexpr std::int64_t kCodeMilliseconds = 10 * 60 * 1000;

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string field(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

http::Response page(const Fields& fields) {
  std::string inputs;
  for (const auto& [name, value] : fields)
    inputs += "<input type=\"hidden\" name=\"" + escaped(name) + "\" value=\"" + escaped(value) + "\">";
  auto response = http::Response::text(
      200,
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Google (sandbox)</title></head><body>"
      "<h1>Patchbay wants access to owner@sandbox.example</h1><form method=\"post\">" +
          inputs + "<label>Permissions <input name=\"granted\" value=\"" + escaped(field(fields, "scope")) +
          "\"></label><button name=\"decision\" value=\"approve\">Allow access</button> "
          "<button name=\"decision\" value=\"deny\">Deny</button></form></body></html>");
  response.content_type = "text/html; charset=utf-8";
  return response;
}

http::Response redirect(const std::string& uri, const Fields& more) {
  auto response = http::Response::empty(302);
  response.set_header("Location", uri + (uri.find('?') == std::string::npos ? "?" : "&") + sdk::form_encode(more));
  return response;
}

}  // namespace

http::Response OAuth::authorize(const http::Request& request) {
  auto fields = request.query;
  if (request.method == "POST") {
    for (auto& parsed : http::parse_query(request.body).value_or(Fields{}))
      fields.insert(fields.begin(), std::move(parsed));
  }
  const auto uri = field(fields, "redirect_uri");
  if (field(fields, "client_id") != account_.client_id())
    return oauth_refused(401, "invalid_client", "The OAuth client was not found.");
  if (!uri.starts_with("http://") && !uri.starts_with("https://"))
    return oauth_refused(400, "redirect_uri_mismatch", "Bad Request");
  if (field(fields, "response_type") != "code" || field(fields, "scope").empty())
    return oauth_refused(400, "invalid_request", "Missing required parameter: scope or response_type");
  const auto challenge = field(fields, "code_challenge");
  if (!challenge.empty() && field(fields, "code_challenge_method") != "S256")
    return oauth_refused(400, "invalid_request", "Only S256 is played here");
  const auto decision = request.method == "POST" ? field(fields, "decision") : field(fields, "auto");
  const auto state = field(fields, "state");
  Fields back;
  if (!state.empty()) back.emplace_back("state", state);
  if (decision == "deny") {
    back.emplace_back("error", "access_denied");
    return redirect(uri, back);
  }
  if (decision != "approve") return page(fields);
  auto granted = field(fields, "granted");
  if (granted.empty()) granted = field(fields, "scope");
  // Consented before and not asked again: no refresh token this time.
  const bool first = account_.find("consents", account_.client_id()) == nullptr;
  const bool offline = field(fields, "access_type") == "offline";
  const bool asked = field(fields, "prompt").find("consent") != std::string::npos;
  account_.put("consents", account_.client_id(), {{"scope", granted}});
  const auto code = "4/0" + account_.context().new_id("", 60);
  account_.put("codes", code,
               {{"redirectUri", uri},
                {"scope", granted},
                {"challenge", challenge},
                {"refresh", offline && (first || asked)},
                {"expiresAt", account_.now_ms() + kCodeMilliseconds}});
  back.emplace_back("code", code);
  back.emplace_back("scope", granted);
  return redirect(uri, back);
}

http::Response OAuth::token(const http::Request& request) {
  const auto type = request.header("Content-Type").value_or("");
  const auto fields = http::parse_query(request.body);
  if (type.find("application/x-www-form-urlencoded") == std::string_view::npos || !fields)
    return oauth_refused(400, "invalid_request", "The request must be form encoded.");
  if (field(*fields, "client_id") != account_.client_id() ||
      field(*fields, "client_secret") != account_.client_secret())
    return oauth_refused(401, "invalid_client", "The provided client secret is invalid.");
  const auto grant = field(*fields, "grant_type");
  if (grant == "authorization_code") return exchange(*fields);
  if (grant == "refresh_token") return refresh(*fields);
  return oauth_refused(400, "unsupported_grant_type", "Invalid grant_type: " + grant);
}

http::Response OAuth::exchange(const Fields& fields) {
  const auto code = field(fields, "code");
  const auto* known = account_.find("codes", code);
  if (known == nullptr || known->value.at("expiresAt").to_number<std::int64_t>() < account_.now_ms())
    return oauth_refused(400, "invalid_grant", "Malformed auth code.");
  const auto kept = known->value;
  if (sdk::string_at(kept, "redirectUri") != field(fields, "redirect_uri"))
    return oauth_refused(400, "redirect_uri_mismatch", "Bad Request");
  if (const auto challenge = sdk::string_at(kept, "challenge"); !challenge.empty()) {
    const auto verifier = field(fields, "code_verifier");
    if (verifier.empty()) return oauth_refused(400, "invalid_grant", "Missing code verifier.");
    if (sdk::base64url_encode(base::sha256(verifier)) != challenge)
      return oauth_refused(400, "invalid_grant", "Invalid code verifier.");
  }
  account_.erase("codes", code);
  auto answer = issue(sdk::string_at(kept, "scope"));
  if (kept.at("refresh").as_bool()) {
    const auto token = "1//0" + account_.context().new_id("", 90);
    account_.put("tokens", token, {{"kind", "refresh"}, {"scope", kept.at("scope")}});
    answer["refresh_token"] = token;
  }
  return ok(answer);
}

http::Response OAuth::refresh(const Fields& fields) {
  const auto* known = account_.find("tokens", field(fields, "refresh_token"));
  if (known == nullptr || sdk::string_at(known->value, "kind") != "refresh")
    return oauth_refused(400, "invalid_grant", "Token has been expired or revoked.");
  return ok(issue(sdk::string_at(known->value, "scope")));
}

json::object OAuth::issue(const std::string& scope) {
  const auto token = "ya29." + account_.context().new_id("", 120);
  account_.put("tokens", token,
               {{"kind", "access"}, {"scope", scope}, {"expiresAt", account_.now_ms() + kAccessSeconds * 1000}});
  return {{"access_token", token}, {"expires_in", kAccessSeconds}, {"scope", scope}, {"token_type", "Bearer"}};
}

http::Response OAuth::revoke(const http::Request& request) {
  auto fields = request.query;
  for (auto& parsed : http::parse_query(request.body).value_or(Fields{})) fields.push_back(std::move(parsed));
  if (account_.find("tokens", field(fields, "token")) == nullptr)
    return oauth_refused(400, "invalid_token", "Token expired or revoked");
  revoke_all();
  return ok(json::object());
}

void OAuth::revoke_all() {
  std::vector<std::string> tokens;
  for (const auto* record : account_.table("tokens").by_created()) tokens.push_back(record->id);
  for (const auto& token : tokens) account_.erase("tokens", token);
  account_.erase("consents", account_.client_id());
}

std::optional<std::string> OAuth::good_token(std::string_view token) const {
  const auto* known = account_.find("tokens", token);
  if (known == nullptr || sdk::string_at(known->value, "kind") != "access") return std::nullopt;
  if (known->value.at("expiresAt").to_number<std::int64_t>() <= account_.now_ms()) return std::nullopt;
  return sdk::string_at(known->value, "scope");
}

http::Response OAuth::token_info(const http::Request& request) {
  auto fields = request.query;
  for (auto& parsed : http::parse_query(request.body).value_or(Fields{})) fields.push_back(std::move(parsed));
  std::string token = field(fields, "access_token");
  const auto header = request.header("Authorization").value_or("");
  if (token.empty() && header.starts_with("Bearer ")) token = header.substr(7);
  const auto scope = good_token(token);
  if (!scope) return oauth_refused(400, "invalid_token", "Invalid Value");
  const auto expires = account_.find("tokens", token)->value.at("expiresAt").to_number<std::int64_t>();
  json::object answer{{"azp", account_.client_id()},
                      {"aud", account_.client_id()},
                      {"scope", *scope},
                      {"exp", std::to_string(expires / 1000)},
                      {"expires_in", std::to_string((expires - account_.now_ms()) / 1000)},
                      {"access_type", "offline"}};
  if (scope->find("userinfo.email") != std::string::npos || scope->find("openid") != std::string::npos) {
    answer["sub"] = "113774264463038321964";
    answer["email"] = kEmail;
    answer["email_verified"] = "true";  // values may be texts
  }
  return ok(answer);
}

std::optional<std::set<std::string>> OAuth::scopes_of(const http::Request& request) const {
  const auto header = request.header("Authorization").value_or("");
  if (!header.starts_with("Bearer ")) return std::nullopt;
  const auto scope = good_token(header.substr(7));
  if (!scope) return std::nullopt;
  std::istringstream words(*scope);
  std::set<std::string> scopes;
  for (std::string word; words >> word;) scopes.insert(word);
  return scopes;
}

}  // namespace patchbay::sandbox::google
