// What a plugin says of itself, before any connection exists. The host validates it at load; half a capability group is a
// load error that names the missing half.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::sdk {

/// What a resource supports. Groups: reading = list and get; writing = create and update.
struct ResourceDescription {
  std::string name;    ///< "customers"
  std::string entity;  ///< Entity of the unified model it is mapped to by default; empty: none.
  std::vector<std::string> depends_on;  ///< Resources that are to be synced before this one in a run.
  bool list = false;
  bool get = false;
  bool create = false;
  bool update = false;
  bool remove = false;
  bool incremental = false;       ///< list honours SyncMode::kIncremental with a checkpoint.
  bool reports_deletions = false; ///< An incremental list yields deleted records.
  std::vector<std::string> filters;
  std::vector<std::string> scopes;  ///< Scopes needed to read it.
};

enum class AuthKind { kNone, kApiKey, kOAuth2 };

/// OAuth 2.0; run by the host from this description.
struct OAuth2Description {
  enum class Grant { kAuthorizationCode, kClientCredentials };
  Grant grant = Grant::kAuthorizationCode;
  std::string authorize_url;
  std::string token_url;
  std::string revoke_url;
  std::vector<std::string> scopes;
  std::string scope_separator = " ";
  bool client_secret_in_body = true;  ///< false: HTTP Basic.
  bool pkce = false;
  bool rotates_refresh_token = false; ///< Every refresh returns a new refresh token; the old one must never be sent again.
  std::chrono::seconds default_lifetime{3600};  ///< Where neither expires_in nor a JWT `exp` tells.
  /// More parameters of the authorize URL: {"access_type", "offline"}.
  std::vector<std::pair<std::string, std::string>> authorize_parameters;
  /// Parameter of the callback that names the account ("realmId"); empty: authenticate() tells it.
  std::string account_callback_parameter;
  /// Boolean member of a token answer that is false in an error answered with 200 ("ok"); empty: the status tells.
  std::string success_member;
  bool tokens_expire = true;  ///< false: an answer without expires_in is a token that lives until it is revoked.
};

/// One credential of a connection, for forms and checks. Values are encrypted at rest and never read back.
struct CredentialDescription {
  std::string name;   ///< "secretKey"
  std::string label;  ///< "Secret or restricted key"
  std::string help;   ///< Where a person finds it.
  bool required = false;
};

enum class OptionKind { kString, kUrl, kInteger, kBoolean, kEnum, kDuration };

/// One option of a connection. Options are not secret and are shown again.
struct OptionDescription {
  std::string name;  ///< "apiBase"
  OptionKind kind = OptionKind::kString;
  std::string default_value;
  std::string help;
  std::vector<std::string> values;  ///< For kEnum.
};

/// One rate budget. The host spends from it before each call and waits while it is empty.
struct RateBudgetDescription {
  std::string group;        ///< HttpRequest::limit_group it applies to; "*": every call of the connection.
  double capacity = 0;      ///< Points that a full bucket holds.
  double refill_per_second = 0;
  std::uint32_t concurrency_max = 0;  ///< 0: no limit of its own.
};

/// How webhook signatures are made, as data; run by the host (constant time, on the raw bytes).
struct SignatureDescription {
  enum class Algorithm { kNone, kHmacSha256, kHmacSha1, kCustom };
  enum class Encoding { kHex, kBase64 };
  Algorithm algorithm = Algorithm::kNone;  ///< kCustom: Plugin::verify_webhook does it.
  Encoding encoding = Encoding::kHex;
  std::string key_credential;  ///< Credential that is the key, as plain text: "webhookSecret", "clientSecret".
  std::string header;          ///< "Stripe-Signature"
  /// Empty: the whole header is the signature. Otherwise the header is a list `t=…,v1=…` and this is the key of a signature.
  std::string list_key;
  std::string timestamp_list_key;  ///< "t"; empty: none in that header.
  std::string timestamp_header;    ///< A header of its own; empty: none.
  std::string prefix;              ///< Constant text before the signature ("v0=", "sha256=").
  /// Parts that are signed, in order: "{timestamp}", "{body}", any other text literally: {"{timestamp}", ".", "{body}"}.
  std::vector<std::string> signed_parts = {"{body}"};
  std::chrono::seconds tolerance{0};  ///< Refuse when the timestamp is further away than this, either way; 0: no timestamp.
  std::uint32_t signatures_max = 8;   ///< Most signatures tried from one header.
};

/// Webhooks that come with a signed token of the sender in `Authorization: Bearer` (OpenID Connect). The host checks
/// signature, issuer, expiry and hands the claims to Plugin::verify_webhook, which compares audience and sender.
struct OidcDescription {
  std::vector<std::string> issuers;
  std::string keys_url;         ///< Where the issuer publishes its keys (JWK Set).
  std::string keys_url_option;  ///< Option of the connection that overrides it; empty: none.
};

/// Registrations that the connector can keep at the service through its API.
struct SubscriptionDescription {
  bool supported = false;
  std::chrono::seconds renew_before{0};  ///< Renewed when this little of its life is left; 0: it does not expire.
};

struct WebhookDescription {
  bool supported = false;
  SignatureDescription signature;
  std::vector<std::string> topics;
  std::chrono::milliseconds answer_within{3000};  ///< The service gives up after this.
  bool carries_snapshot = false;                  ///< Events hold the record; otherwise it must be fetched.
  bool ordered = false;          ///< The service promises order; otherwise the newest state is fetched before it is applied.
  /// Plugin::answer_webhook says what every request is answered with; otherwise it is asked only where somebody waits for the
  /// reply to a command.
  bool own_answer = false;
  bool unsigned_handshake = false;  ///< Plugin::answer_handshake may answer a request before its signature is checked.
  std::optional<OidcDescription> oidc;
  SubscriptionDescription subscriptions;
};

/// An operation that only this service has (decision G-10): run by POST /connections/{id}/operations/{name}.
struct OperationDescription {
  std::string name;
  std::string summary;
  std::vector<OptionDescription> arguments;
};

/// Everything a plugin says of itself.
struct Description {
  std::string name;     ///< Connector name, lower case: "stripe". Equals the file name of the library.
  std::string title;    ///< "Stripe"
  std::string version;  ///< Semantic version of the plugin.
  std::string documentation_url;
  AuthKind auth = AuthKind::kNone;
  std::optional<OAuth2Description> oauth2;  ///< With AuthKind::kOAuth2.
  std::vector<ResourceDescription> resources;
  std::vector<CredentialDescription> credentials;
  std::vector<OptionDescription> options;
  std::vector<RateBudgetDescription> rate_budgets;
  WebhookDescription webhooks;
  std::vector<OperationDescription> operations;
  std::vector<std::string> channels;  ///< What ServiceClient::send_message sends: "email", "sms", "slack".

  const ResourceDescription* find_resource(std::string_view resource) const;
};

}  // namespace patchbay::sdk
