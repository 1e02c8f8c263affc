// Description: what a plugin says of itself, as JSON.
#include "codec_reader.hpp"

#include <patchbay/sdk/codec.hpp>

namespace patchbay::sdk {
namespace {

using detail::CodecReader;
using detail::encode_list;
using detail::encode_texts;
constexpr auto kRequired = CodecReader::Need::kRequired;

constexpr std::string_view kAuthKinds[] = {"none", "api_key", "oauth2"};
constexpr std::string_view kOptionKinds[] = {"string", "url", "integer", "boolean", "enum", "duration"};
constexpr std::string_view kAlgorithms[] = {"none", "hmac_sha256", "hmac_sha1", "custom"};
constexpr std::string_view kEncodings[] = {"hex", "base64"};

template <typename Enumeration, std::size_t kCount>
std::string_view word_of(Enumeration value, const std::string_view (&names)[kCount]) {
  return names[static_cast<std::size_t>(value)];
}

json::value encode_resource(const ResourceDescription& value) {
  return {{"name", value.name},
          {"entity", value.entity},
          {"dependsOn", encode_texts(value.depends_on)},
          {"list", value.list},
          {"get", value.get},
          {"create", value.create},
          {"update", value.update},
          {"remove", value.remove},
          {"incremental", value.incremental},
          {"reportsDeletions", value.reports_deletions},
          {"filters", encode_texts(value.filters)},
          {"scopes", encode_texts(value.scopes)}};
}

Result<ResourceDescription> decode_resource(const json::value& value) {
  CodecReader reader(value, "resource");
  ResourceDescription resource;
  reader.text("name", resource.name, kRequired);
  reader.text("entity", resource.entity);
  reader.texts("dependsOn", resource.depends_on);
  reader.flag("list", resource.list);
  reader.flag("get", resource.get);
  reader.flag("create", resource.create);
  reader.flag("update", resource.update);
  reader.flag("remove", resource.remove);
  reader.flag("incremental", resource.incremental);
  reader.flag("reportsDeletions", resource.reports_deletions);
  reader.texts("filters", resource.filters);
  reader.texts("scopes", resource.scopes);
  return reader.finish(std::move(resource));
}

json::value encode_oauth2(const OAuth2Description& value) {
  return {{"authorizeUrl", value.authorize_url},
          {"tokenUrl", value.token_url},
          {"revokeUrl", value.revoke_url},
          {"scopes", encode_texts(value.scopes)},
          {"scopeSeparator", value.scope_separator},
          {"clientSecretInBody", value.client_secret_in_body},
          {"pkce", value.pkce},
          {"rotatesRefreshToken", value.rotates_refresh_token},
          {"defaultLifetimeSeconds", value.default_lifetime.count()}};
}

Result<OAuth2Description> decode_oauth2(const json::value& value) {
  CodecReader reader(value, "oauth2");
  OAuth2Description oauth2;
  reader.text("authorizeUrl", oauth2.authorize_url, kRequired);
  reader.text("tokenUrl", oauth2.token_url, kRequired);
  reader.text("revokeUrl", oauth2.revoke_url);
  reader.texts("scopes", oauth2.scopes);
  reader.text("scopeSeparator", oauth2.scope_separator);
  reader.flag("clientSecretInBody", oauth2.client_secret_in_body);
  reader.flag("pkce", oauth2.pkce);
  reader.flag("rotatesRefreshToken", oauth2.rotates_refresh_token);
  reader.duration("defaultLifetimeSeconds", oauth2.default_lifetime);
  return reader.finish(std::move(oauth2));
}

json::value encode_credential(const CredentialDescription& value) {
  return {{"name", value.name}, {"label", value.label}, {"help", value.help}, {"required", value.required}};
}

Result<CredentialDescription> decode_credential(const json::value& value) {
  CodecReader reader(value, "credential");
  CredentialDescription credential;
  reader.text("name", credential.name, kRequired);
  reader.text("label", credential.label);
  reader.text("help", credential.help);
  reader.flag("required", credential.required);
  return reader.finish(std::move(credential));
}

json::value encode_option(const OptionDescription& value) {
  return {{"name", value.name},
          {"kind", word_of(value.kind, kOptionKinds)},
          {"default", value.default_value},
          {"help", value.help},
          {"values", encode_texts(value.values)}};
}

Result<OptionDescription> decode_option(const json::value& value) {
  CodecReader reader(value, "option");
  OptionDescription option;
  reader.text("name", option.name, kRequired);
  reader.word("kind", option.kind, kOptionKinds);
  reader.text("default", option.default_value);
  reader.text("help", option.help);
  reader.texts("values", option.values);
  return reader.finish(std::move(option));
}

json::value encode_rate_budget(const RateBudgetDescription& value) {
  return {{"group", value.group},
          {"capacity", value.capacity},
          {"refillPerSecond", value.refill_per_second},
          {"concurrencyMax", value.concurrency_max}};
}

Result<RateBudgetDescription> decode_rate_budget(const json::value& value) {
  CodecReader reader(value, "rate_budget");
  RateBudgetDescription budget;
  reader.text("group", budget.group, kRequired);
  reader.number("capacity", budget.capacity);
  reader.number("refillPerSecond", budget.refill_per_second);
  reader.integer("concurrencyMax", budget.concurrency_max);
  return reader.finish(std::move(budget));
}

json::value encode_signature(const SignatureDescription& value) {
  return {{"algorithm", word_of(value.algorithm, kAlgorithms)},
          {"encoding", word_of(value.encoding, kEncodings)},
          {"keyCredential", value.key_credential},
          {"header", value.header},
          {"listKey", value.list_key},
          {"timestampListKey", value.timestamp_list_key},
          {"timestampHeader", value.timestamp_header},
          {"prefix", value.prefix},
          {"signedParts", encode_texts(value.signed_parts)},
          {"toleranceSeconds", value.tolerance.count()},
          {"signaturesMax", value.signatures_max}};
}

Result<SignatureDescription> decode_signature(const json::value& value) {
  CodecReader reader(value, "signature");
  SignatureDescription signature;
  reader.word("algorithm", signature.algorithm, kAlgorithms);
  reader.word("encoding", signature.encoding, kEncodings);
  reader.text("keyCredential", signature.key_credential);
  reader.text("header", signature.header);
  reader.text("listKey", signature.list_key);
  reader.text("timestampListKey", signature.timestamp_list_key);
  reader.text("timestampHeader", signature.timestamp_header);
  reader.text("prefix", signature.prefix);
  reader.texts("signedParts", signature.signed_parts);
  reader.duration("toleranceSeconds", signature.tolerance);
  reader.integer("signaturesMax", signature.signatures_max);
  return reader.finish(std::move(signature));
}

json::value encode_webhooks(const WebhookDescription& value) {
  return {{"supported", value.supported},
          {"signature", encode_signature(value.signature)},
          {"topics", encode_texts(value.topics)},
          {"answerWithinMs", value.answer_within.count()},
          {"carriesSnapshot", value.carries_snapshot}};
}

Result<WebhookDescription> decode_webhooks(const json::value& value) {
  CodecReader reader(value, "webhooks");
  WebhookDescription webhooks;
  reader.flag("supported", webhooks.supported);
  reader.nested("signature", webhooks.signature, decode_signature);
  reader.texts("topics", webhooks.topics);
  reader.duration("answerWithinMs", webhooks.answer_within);
  reader.flag("carriesSnapshot", webhooks.carries_snapshot);
  return reader.finish(std::move(webhooks));
}

json::value encode_operation(const OperationDescription& value) {
  return {{"name", value.name},
          {"summary", value.summary},
          {"arguments", encode_list<OptionDescription>(value.arguments, encode_option)}};
}

Result<OperationDescription> decode_operation(const json::value& value) {
  CodecReader reader(value, "operation");
  OperationDescription operation;
  reader.text("name", operation.name, kRequired);
  reader.text("summary", operation.summary);
  reader.list("arguments", operation.arguments, decode_option);
  return reader.finish(std::move(operation));
}

}  // namespace

json::value encode(const Description& value) {
  return {{"name", value.name},
          {"title", value.title},
          {"version", value.version},
          {"documentationUrl", value.documentation_url},
          {"auth", word_of(value.auth, kAuthKinds)},
          {"oauth2", value.oauth2 ? encode_oauth2(*value.oauth2) : json::value(nullptr)},
          {"resources", encode_list<ResourceDescription>(value.resources, encode_resource)},
          {"credentials", encode_list<CredentialDescription>(value.credentials, encode_credential)},
          {"options", encode_list<OptionDescription>(value.options, encode_option)},
          {"rateBudgets", encode_list<RateBudgetDescription>(value.rate_budgets, encode_rate_budget)},
          {"webhooks", encode_webhooks(value.webhooks)},
          {"operations", encode_list<OperationDescription>(value.operations, encode_operation)}};
}

Result<Description> decode_description(const json::value& value) {
  CodecReader reader(value, "description");
  Description description;
  reader.text("name", description.name, kRequired);
  reader.text("title", description.title);
  reader.text("version", description.version);
  reader.text("documentationUrl", description.documentation_url);
  reader.word("auth", description.auth, kAuthKinds);
  reader.nested("oauth2", description.oauth2, decode_oauth2);
  reader.list("resources", description.resources, decode_resource);
  reader.list("credentials", description.credentials, decode_credential);
  reader.list("options", description.options, decode_option);
  reader.list("rateBudgets", description.rate_budgets, decode_rate_budget);
  reader.nested("webhooks", description.webhooks, decode_webhooks);
  reader.list("operations", description.operations, decode_operation);
  return reader.finish(std::move(description));
}

}  // namespace patchbay::sdk
