#include "tests/sandbox/jobber/oauth.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::int64_t kAccessSeconds = 3600;
constexpr std::int64_t kCodeMilliseconds = 10 * 60 * 1000;

std::string field(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

http::Response refused(int status, std::string_view error, std::string_view message) {
  return http::Response::json(
      status, to_wire(json::object{{"error", error}, {"error_description", message}, {"message", message}}));
}

http::Response redirect(const std::string& location) {
  auto response = http::Response::empty(302);
  response.set_header("Location", location);
  return response;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string page(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string inputs;
  for (const auto* name : {"client_id", "redirect_uri", "state", "response_type"}) {
    inputs += "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" + html_escaped(field(fields, name)) +
              "\">";
  }
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Jobber (sandbox)</title></head><body>"
         "<h1>Connect to Sandbox Services Ltd.?</h1><form method=\"post\">" +
         inputs +
         "<button name=\"decision\" value=\"approve\">Allow access</button> "
         "<button name=\"decision\" value=\"deny\">Deny</button></form></body></html>";
}

}  // namespace

http::Response OAuth::authorize(const http::Request& request) {
  auto fields = request.query;
  if (request.method == "POST") {
    for (auto& parsed : http::parse_query(request.body).value_or(Fields{}))
      fields.insert(fields.begin(), std::move(parsed));
  }
  const auto redirect_uri = field(fields, "redirect_uri");
  if (field(fields, "client_id") != client_id_)
    return refused(401, "invalid_client", "Client authentication failed due to unknown client.");
  if (field(fields, "response_type") != "code")
    return refused(400, "unsupported_response_type", "response_type must be code");
  if (!redirect_uri.starts_with("http://") && !redirect_uri.starts_with("https://")) {
    return refused(400, "invalid_request", "The redirect uri included is not valid.");
  }
  const auto decision = request.method == "POST" ? field(fields, "decision") : field(fields, "auto");
  if (decision == "deny") return redirect(redirect_uri);  // Jobber sends back nothing at all
  if (decision != "approve") {
    auto response = http::Response::text(200, page(fields));
    response.content_type = "text/html; charset=utf-8";
    return response;
  }
  const auto code = books_.context().new_id("", 40);
  books_.put_private("codes", code,
                     {{"redirectUri", redirect_uri}, {"expiresAt", books_.now_ms() + kCodeMilliseconds}});
  books_.announce("APP_CONNECT", books_.account_id());
  const auto state = field(fields, "state");
  const auto separator = redirect_uri.find('?') == std::string::npos ? "?" : "&";
  return redirect(redirect_uri + separator + "code=" + code +
                  (state.empty() ? "" : "&state=" + sdk::url_encode(state)));
}

http::Response OAuth::token(const http::Request& request) {
  const auto type = request.header("Content-Type").value_or("");
  if (type.find("application/x-www-form-urlencoded") == std::string_view::npos) {
    return refused(400, "invalid_request", "The request must be form encoded.");
  }
  const auto fields = http::parse_query(request.body);
  if (!fields) return refused(400, "invalid_request", "The request is malformed.");
  if (field(*fields, "client_id") != client_id_ || field(*fields, "client_secret") != books_.client_secret()) {
    return refused(401, "invalid_client", "Client authentication failed.");
  }
  const auto grant = field(*fields, "grant_type");
  if (grant == "authorization_code") return exchange(*fields);
  if (grant == "refresh_token") return refresh(*fields);
  return refused(400, "unsupported_grant_type", "The authorization grant type is not supported.");
}

http::Response OAuth::exchange(const Fields& fields) {
  const auto code = field(fields, "code");
  const auto* known = books_.find("codes", code);
  if (known == nullptr || known->value.at("expiresAt").to_number<std::int64_t>() < books_.now_ms()) {
    return refused(401, "invalid_grant", "The provided authorization code is not valid.");
  }
  if (sdk::string_at(known->value, "redirectUri") != field(fields, "redirect_uri")) {
    return refused(401, "invalid_grant", "The redirect uri does not match the one of the authorization request.");
  }
  books_.erase_private("codes", code);
  return issue(books_.context().new_id("grant_", 16), std::nullopt, false);
}

http::Response OAuth::refresh(const Fields& fields) {
  const auto token = field(fields, "refresh_token");
  const auto* known = books_.find("tokens", token);
  if (known == nullptr || sdk::string_at(known->value, "state") != "valid") {
    if (known != nullptr && sdk::string_at(known->value, "state") == "disconnected") {
      return http::Response::json(
          401, R"({"message":"User has disconnected this app from their account. Please delete this token"})");
    }
    return refused(401, "invalid_grant", "The provided refresh token is not valid.");
  }
  const auto family = sdk::string_at(known->value, "family");
  if (!rotation_) return issue(family, token, true);
  auto used = known->value;
  used["state"] = "used";
  books_.put_private("tokens", token, std::move(used));
  return issue(family, std::nullopt, true);
}

std::string OAuth::make_access_token(std::int64_t expires_at) {
  const auto header = sdk::base64url_encode(R"({"alg":"HS256","typ":"JWT"})");
  const auto claims = sdk::base64url_encode(to_wire(json::object{{"sub", books_.account_id()},
                                                                 {"iss", "https://api.getjobber.com"},
                                                                 {"client_id", client_id_},
                                                                 {"exp", expires_at},
                                                                 {"iat", expires_at - kAccessSeconds},
                                                                 {"jti", books_.context().new_id("", 20)}}));
  return header + "." + claims + "." +
         sdk::base64url_encode(base::hmac_sha256("sandbox-signing-key", header + "." + claims));
}

http::Response OAuth::issue(const std::string& family, const std::optional<std::string>& kept_refresh_token,
                            bool refreshed) {
  const auto expires_at = books_.context().clock.now_seconds() + kAccessSeconds;
  const auto access = make_access_token(expires_at);
  const auto refresh_token = kept_refresh_token.value_or(books_.context().new_id("", 43));
  books_.put_private("tokens", access,
                     {{"kind", "access"}, {"state", "valid"}, {"family", family}, {"expiresAt", expires_at}});
  books_.put_private("tokens", refresh_token, {{"kind", "refresh"}, {"state", "valid"}, {"family", family}});
  json::object body{{"access_token", access}, {"refresh_token", refresh_token}};
  if (refreshed) {
    auto expires = format_seconds(expires_at * 1000);
    expires.replace(10, 1, " ").replace(expires.size() - 1, 1, " UTC");
    body["expires_at"] = expires;
  }
  if (refreshed && kept_refresh_token) body["warning"] = "Refresh token rotation is off for this app.";
  auto response = http::Response::json(200, to_wire(body));
  response.set_header("Cache-Control", "no-store");
  return response;
}

OAuth::Verdict OAuth::check(const http::Request& request) const {
  const auto authorization = request.header("Authorization").value_or("");
  if (authorization.empty()) return Verdict::kMissing;
  if (!authorization.starts_with("Bearer ")) return Verdict::kUnknown;
  const auto* known = books_.find("tokens", authorization.substr(7));
  if (known == nullptr || sdk::string_at(known->value, "kind") != "access") return Verdict::kUnknown;
  if (sdk::string_at(known->value, "state") == "disconnected") return Verdict::kDisconnected;
  const auto expires_at = known->value.at("expiresAt").to_number<std::int64_t>();
  return expires_at <= books_.context().clock.now_seconds() ? Verdict::kExpired : Verdict::kValid;
}

}  // namespace patchbay::sandbox::jobber
