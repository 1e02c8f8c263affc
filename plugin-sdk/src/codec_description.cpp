// Description: what a plugin says of itself, as JSON. One list of members for each type, for both directions.
#include "codec_writer.hpp"

#include <patchbay/sdk/codec.hpp>

namespace patchbay::sdk {
namespace detail {

constexpr std::string_view kAuthKinds[] = {"none", "api_key", "oauth2"};
constexpr std::string_view kGrants[] = {"authorization_code", "client_credentials"};
constexpr std::string_view kOptionKinds[] = {"string", "url", "integer", "boolean", "enum", "duration"};
constexpr std::string_view kAlgorithms[] = {"none", "hmac_sha256", "hmac_sha1", "custom"};
constexpr std::string_view kEncodings[] = {"hex", "base64"};

template <typename Codec>
void members(Codec& codec, Bound<Codec, ResourceDescription>& resource) {
  codec.type("resource");
  codec.member("name", resource.name, Need::kRequired);
  codec.member("entity", resource.entity);
  codec.member("dependsOn", resource.depends_on);
  codec.member("list", resource.list);
  codec.member("get", resource.get);
  codec.member("create", resource.create);
  codec.member("update", resource.update);
  codec.member("remove", resource.remove);
  codec.member("incremental", resource.incremental);
  codec.member("reportsDeletions", resource.reports_deletions);
  codec.member("filters", resource.filters);
  codec.member("scopes", resource.scopes);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, OAuth2Description>& oauth2) {
  codec.type("oauth2");
  codec.word("grant", oauth2.grant, kGrants);
  codec.member("authorizeUrl", oauth2.authorize_url);
  codec.member("tokenUrl", oauth2.token_url, Need::kRequired);
  codec.member("revokeUrl", oauth2.revoke_url);
  codec.member("scopes", oauth2.scopes);
  codec.member("scopeSeparator", oauth2.scope_separator);
  codec.member("clientSecretInBody", oauth2.client_secret_in_body);
  codec.member("pkce", oauth2.pkce);
  codec.member("rotatesRefreshToken", oauth2.rotates_refresh_token);
  codec.member("defaultLifetimeSeconds", oauth2.default_lifetime);
  codec.member("authorizeParameters", oauth2.authorize_parameters);
  codec.member("accountCallbackParameter", oauth2.account_callback_parameter);
  codec.member("successMember", oauth2.success_member);
  codec.member("tokensExpire", oauth2.tokens_expire);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, CredentialDescription>& credential) {
  codec.type("credential");
  codec.member("name", credential.name, Need::kRequired);
  codec.member("label", credential.label);
  codec.member("help", credential.help);
  codec.member("required", credential.required);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, OptionDescription>& option) {
  codec.type("option");
  codec.member("name", option.name, Need::kRequired);
  codec.word("kind", option.kind, kOptionKinds);
  codec.member("default", option.default_value);
  codec.member("help", option.help);
  codec.member("values", option.values);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, RateBudgetDescription>& budget) {
  codec.type("rate_budget");
  codec.member("group", budget.group, Need::kRequired);
  codec.member("capacity", budget.capacity);
  codec.member("refillPerSecond", budget.refill_per_second);
  codec.member("concurrencyMax", budget.concurrency_max);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, SignatureDescription>& signature) {
  codec.type("signature");
  codec.word("algorithm", signature.algorithm, kAlgorithms);
  codec.word("encoding", signature.encoding, kEncodings);
  codec.member("keyCredential", signature.key_credential);
  codec.member("header", signature.header);
  codec.member("listKey", signature.list_key);
  codec.member("timestampListKey", signature.timestamp_list_key);
  codec.member("timestampHeader", signature.timestamp_header);
  codec.member("prefix", signature.prefix);
  codec.member("signedParts", signature.signed_parts);
  codec.member("toleranceSeconds", signature.tolerance);
  codec.member("signaturesMax", signature.signatures_max);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, OidcDescription>& oidc) {
  codec.type("oidc");
  codec.member("issuers", oidc.issuers);
  codec.member("keysUrl", oidc.keys_url, Need::kRequired);
  codec.member("keysUrlOption", oidc.keys_url_option);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, SubscriptionDescription>& subscriptions) {
  codec.type("subscriptions");
  codec.member("supported", subscriptions.supported);
  codec.member("renewBeforeSeconds", subscriptions.renew_before);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, WebhookDescription>& webhooks) {
  codec.type("webhooks");
  codec.member("supported", webhooks.supported);
  codec.member("signature", webhooks.signature);
  codec.member("topics", webhooks.topics);
  codec.member("answerWithinMs", webhooks.answer_within);
  codec.member("carriesSnapshot", webhooks.carries_snapshot);
  codec.member("ordered", webhooks.ordered);
  codec.member("ownAnswer", webhooks.own_answer);
  codec.member("unsignedHandshake", webhooks.unsigned_handshake);
  codec.member("oidc", webhooks.oidc);
  codec.member("subscriptions", webhooks.subscriptions);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, OperationDescription>& operation) {
  codec.type("operation");
  codec.member("name", operation.name, Need::kRequired);
  codec.member("summary", operation.summary);
  codec.member("arguments", operation.arguments);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, Description>& description) {
  codec.type("description");
  codec.member("name", description.name, Need::kRequired);
  codec.member("title", description.title);
  codec.member("version", description.version);
  codec.member("documentationUrl", description.documentation_url);
  codec.word("auth", description.auth, kAuthKinds);
  codec.member("oauth2", description.oauth2);
  codec.member("resources", description.resources);
  codec.member("credentials", description.credentials);
  codec.member("options", description.options);
  codec.member("rateBudgets", description.rate_budgets);
  codec.member("webhooks", description.webhooks);
  codec.member("operations", description.operations);
  codec.member("channels", description.channels);
}

}  // namespace detail

json::value encode(const Description& value) {
  return detail::write_value(value);
}
Result<Description> decode_description(const json::value& value) {
  return detail::read_value<Description>(value);
}

}  // namespace patchbay::sdk
