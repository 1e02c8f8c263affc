#include "tests/contract/connected_service.hpp"

#include "platform/base/digest.hpp"
#include "platform/http/message.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <stdexcept>

namespace patchbay::testing {
namespace {

constexpr const char* kRedirect = "http://127.0.0.1/api/v1/oauth/callback";
constexpr const char* kVerifier = "a-verifier-of-at-least-forty-three-characters-0123456789";

std::map<std::string, std::string> texts(const sdk::json::object& connection, const char* member) {
  std::map<std::string, std::string> found;
  if (const auto* members = connection.if_contains(member); members != nullptr) {
    for (const auto& [name, value] : members->as_object()) found[std::string(name)] = std::string(value.as_string());
  }
  return found;
}

oauth::OAuthClient oauth_client(const sdk::Description& description, const sdk::ConnectionSettings& settings) {
  oauth::OAuthClient client;
  if (description.oauth2) client.endpoints = *description.oauth2;
  if (const auto url = settings.option("authorizeUrl"); !url.empty()) client.endpoints.authorize_url = url;
  if (const auto url = settings.option("tokenUrl"); !url.empty()) client.endpoints.token_url = url;
  client.client_id = settings.credential("clientId");
  client.client_secret = settings.credential("clientSecret");
  return client;
}

template <typename Value>
Value value_of(sdk::Result<Value> result, const char* what) {
  if (!result.ok()) throw std::runtime_error(std::string(what) + ": " + result.error().message);
  return std::move(result).value();
}

}  // namespace

sdk::Result<std::string> SandboxTokens::current(const sdk::CallContext&) {
  const std::lock_guard lock(mutex_);
  return grant_.access_token;
}

sdk::Result<std::string> SandboxTokens::renew(const sdk::CallContext& context, std::string_view rejected) {
  const std::lock_guard lock(mutex_);
  if (grant_.access_token != rejected) return grant_.access_token;
  if (grant_.refresh_token.empty()) return sdk::auth_error("token.needs_reauth", "There is no refresh token.");
  PATCHBAY_ASSIGN(auto fresh,
                  oauth::refresh(http_, context, client_, grant_.refresh_token, std::chrono::system_clock::now()));
  if (fresh.tokens.refresh_token.empty()) fresh.tokens.refresh_token = grant_.refresh_token;
  grant_ = std::move(fresh.tokens);
  return grant_.access_token;
}

ConnectedService::ConnectedService(const SandboxProcess& sandbox, const sdk::json::object& connection) {
  const std::string name = sdk::string_at(connection, "connector");
  plugins::LoadProblem problem;
  loaded_ = plugins::load_plugin(std::filesystem::path(PATCHBAY_BUILD_DIR) / "plugins" / (name + ".so"), problem);
  if (!loaded_) throw std::runtime_error(problem.message);
  settings_.connection_id = "contract";
  settings_.credentials = texts(connection, "credentials");
  for (const auto& option : loaded_->description.options) settings_.options[option.name] = option.default_value;
  for (auto& [option, value] : texts(connection, "options")) settings_.options[option] = value;
  tokens_ = std::make_unique<SandboxTokens>(http_, oauth_client(loaded_->description, settings_));
  if (loaded_->description.oauth2) authorize(sandbox);
}

void ConnectedService::authorize(const SandboxProcess& sandbox) {
  const auto client = oauth_client(loaded_->description, settings_);
  const std::string challenge = client.endpoints.pkce ? sdk::base64url_encode(base::sha256(kVerifier)) : std::string();
  const auto back = sandbox.approve(oauth::authorize_url(client, kRedirect, "state", challenge));
  std::string code;
  const auto answer = http::parse_query(back.substr(back.find('?') + 1)).value();
  for (const auto& [name, value] : answer) {
    if (name == "code") code = value;
    if (name == client.endpoints.account_callback_parameter) settings_.account_id = value;
  }
  auto grant = value_of(
      oauth::exchange_code(http_, {}, client, code, kRedirect, client.endpoints.pkce ? kVerifier : "", clock_.now()),
      "the exchange of the code");
  tokens_->start(std::move(grant.tokens));
}

std::unique_ptr<sdk::ServiceClient> ConnectedService::client() {
  return value_of(loaded_->plugin->connect(settings_, {http_, clock_, logger_, state_, *tokens_}), "connect");
}

}  // namespace patchbay::testing
