#include "tests/sandbox/quickbooks/oauth.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox::quickbooks {
namespace {

constexpr std::int64_t kAccessSeconds = 3600;
constexpr std::int64_t kRefreshSeconds = 8'726'400;
constexpr std::int64_t kHardSeconds = 5LL * 365 * 86'400;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kCodeMilliseconds = 10 * 60 * 1000;

std::string field(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

http::Response refused(int status, std::string_view error, std::string_view description) {
  return http::Response::json(status, to_wire(json::object{{"error_description", description}, {"error", error}}));
}

http::Response redirect(const std::string& location) {
  auto response = http::Response::empty(302);
  response.set_header("Location", location);
  return response;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string page(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string inputs;
  for (const auto* name : {"client_id", "redirect_uri", "state", "response_type", "scope"})
    inputs +=
        "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" + escaped(field(fields, name)) + "\">";
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Intuit (sandbox)</title></head><body>"
         "<h1>Connect Sandbox Services Ltd. to this app?</h1><form method=\"post\">" +
         inputs +
         "<button name=\"decision\" value=\"approve\">Allow access</button> "
         "<button name=\"decision\" value=\"deny\">No thanks</button></form></body></html>";
}

std::int64_t number_of(const Record& record, std::string_view name) {
  const auto* value = record.value.if_contains(name);
  return value == nullptr ? 0 : value->to_number<std::int64_t>();
}

}  // namespace

http::Response OAuth::authorize(const http::Request& request) {
  auto fields = request.query;
  if (request.method == "POST") {
    for (auto& parsed : http::parse_query(request.body).value_or(Fields{}))
      fields.insert(fields.begin(), std::move(parsed));
  }
  const auto redirect_uri = field(fields, "redirect_uri");
  if (field(fields, "client_id") != keys_.client_id) return refused(400, "invalid_client", "unknown client_id");
  if (field(fields, "response_type") != "code") return refused(400, "unsupported_response_type", "must be code");
  if (field(fields, "scope").find("com.intuit.quickbooks.accounting") == std::string::npos)
    return refused(400, "invalid_scope", "the scope is missing");
  const bool plain = redirect_uri.starts_with("http://") || redirect_uri.starts_with("https://");
  if (!plain || redirect_uri.find('?') != std::string::npos)
    return refused(400, "invalid_request", "the redirect_uri is none of the app's");
  const auto state = field(fields, "state");
  const auto tail = state.empty() ? std::string() : "&state=" + sdk::url_encode(state);
  const auto decision = request.method == "POST" ? field(fields, "decision") : field(fields, "auto");
  if (decision == "deny") return redirect(redirect_uri + "?error=access_denied" + tail);
  if (decision != "approve") {
    auto response = http::Response::text(200, page(fields));
    response.content_type = "text/html; charset=utf-8";
    return response;
  }
  const auto code = company_.context().new_id("AB1", 47);
  company_.put_private("codes", code,
                       {{"redirectUri", redirect_uri}, {"expiresAt", company_.now_ms() + kCodeMilliseconds}});
  return redirect(redirect_uri + "?code=" + code + tail + "&realmId=" + std::string(kRealm));
}

bool OAuth::is_app(const http::Request& request) const {
  const std::string authorization(request.header("Authorization").value_or(""));
  if (!authorization.starts_with("Basic ")) return false;
  const auto decoded = sdk::base64_decode(authorization.substr(6));
  return decoded && *decoded == keys_.client_id + ":" + keys_.client_secret;
}

http::Response OAuth::token(const http::Request& request) {
  if (!is_app(request)) return refused(401, "invalid_client", "the client authentication failed");
  const auto fields = http::parse_query(request.body);
  if (!fields) return refused(400, "invalid_request", "the request is malformed");
  const auto grant = field(*fields, "grant_type");
  const bool tell_end = request.header("x-include-refresh-token-hard-expires-in") == "true";
  if (grant == "authorization_code") return exchange(*fields);
  if (grant == "refresh_token") return refresh(*fields, tell_end);
  return refused(400, "unsupported_grant_type", "the grant type is not supported");
}

http::Response OAuth::exchange(const Fields& fields) {
  const auto code = field(fields, "code");
  const auto* known = company_.find("codes", code);
  if (known == nullptr || number_of(*known, "expiresAt") < company_.now_ms())
    return refused(400, "invalid_grant", "Invalid authorization code");
  if (const auto family = sdk::string_at(known->value, "family"); !family.empty()) {
    end_family(family);  // a second exchange: somebody has stolen the code
    return refused(400, "invalid_grant", "Authorization code has already been used");
  }
  if (sdk::string_at(known->value, "redirectUri") != field(fields, "redirect_uri"))
    return refused(400, "invalid_grant", "The redirect uri does not match");
  const auto family = company_.context().new_id("grant_", 16);
  auto used = known->value;
  used["family"] = family;
  company_.put_private("codes", code, std::move(used));
  return issue(family, new_refresh_token(family), false);
}

std::string OAuth::new_refresh_token(const std::string& family) {
  const auto token = company_.context().new_id("RT1-", 46);
  company_.put_private("tokens", token,
                       {{"kind", "refresh"}, {"family", family}, {"issuedAt", company_.context().clock.now_seconds()}});
  return token;
}

http::Response OAuth::refresh(const Fields& fields, bool tell_end) {
  const auto token = field(fields, "refresh_token");
  const auto* known = company_.find("tokens", token);
  const auto now = company_.context().clock.now_seconds();
  const bool valid = known != nullptr && sdk::string_at(known->value, "kind") == "refresh" &&
                     number_of(*known, "issuedAt") + kRefreshSeconds > now;
  if (!valid) return refused(400, "invalid_grant", "Incorrect or invalid refresh token");
  const auto family = sdk::string_at(known->value, "family");
  const bool rotates = always_rotates_ || number_of(*known, "issuedAt") + kDaySeconds <= now;
  if (!rotates) return issue(family, token, tell_end);
  company_.erase_private("tokens", token);  // dead from now on
  return issue(family, new_refresh_token(family), tell_end);
}

http::Response OAuth::issue(const std::string& family, const std::string& refresh_token, bool tell_end) {
  const auto access = "eyJ" + company_.context().new_id("", 120);
  const auto expires_at = company_.context().clock.now_seconds() + kAccessSeconds;
  company_.put_private("tokens", access, {{"kind", "access"}, {"family", family}, {"expiresAt", expires_at}});
  json::object body{{"access_token", access},
                    {"refresh_token", refresh_token},
                    {"expires_in", kAccessSeconds},
                    {"x_refresh_token_expires_in", kRefreshSeconds},
                    {"token_type", "bearer"}};
  if (tell_end) body["x_refresh_token_hard_expires_in"] = kHardSeconds;
  auto response = http::Response::json(200, to_wire(body));
  response.set_header("Cache-Control", "no-cache, no-store");
  return response;
}

void OAuth::end_family(const std::string& family) {
  std::vector<std::string> ids;
  for (const auto* token : company_.table("tokens").by_created()) {
    if (family.empty() || sdk::string_at(token->value, "family") == family) ids.push_back(token->id);
  }
  for (const auto& id : ids) company_.erase_private("tokens", id);
}

void OAuth::disconnect() {
  end_family("");
}

http::Response OAuth::revoke(const http::Request& request) {
  if (!is_app(request)) return refused(401, "invalid_client", "the client authentication failed");
  const auto body = sdk::parse_json(request.body);
  const auto* known = body ? company_.find("tokens", sdk::string_at(*body, "token")) : nullptr;
  if (known == nullptr) return refused(400, "invalid_token", "the token is not known");
  end_family(sdk::string_at(known->value, "family"));
  return http::Response::json(200, "{}");
}

bool OAuth::accepts(const http::Request& request) const {
  const auto authorization = request.header("Authorization").value_or("");
  if (!authorization.starts_with("Bearer ")) return false;
  const auto* known = company_.find("tokens", authorization.substr(7));
  return known != nullptr && sdk::string_at(known->value, "kind") == "access" &&
         number_of(*known, "expiresAt") > company_.context().clock.now_seconds();
}

}  // namespace patchbay::sandbox::quickbooks
