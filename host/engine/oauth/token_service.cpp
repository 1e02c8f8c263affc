#include "engine/oauth/token_service.hpp"

#include "platform/base/digest.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::oauth {
namespace {

constexpr std::chrono::seconds kRefreshAhead{60};
constexpr std::chrono::seconds kRefreshLimit{25};

std::string box_context(const std::string& connection_id) {
  return "tokens:" + connection_id;
}

class ConnectionTokens : public sdk::TokenSource {
 public:
  ConnectionTokens(TokenService& service, TokenSubject subject) : service_(service), subject_(std::move(subject)) {}
  sdk::Result<std::string> current(const sdk::CallContext& context) override {
    return service_.current(context, subject_, {});
  }
  sdk::Result<std::string> renew(const sdk::CallContext& context, std::string_view rejected) override {
    return service_.current(context, subject_, rejected);
  }

 private:
  TokenService& service_;
  TokenSubject subject_;
};

}  // namespace

TokenService::TokenService(storage::Database& database, const base::SecretBox& box, sdk::HttpClient& http,
                           sdk::Clock& clock)
    : database_(database), box_(box), http_(http), clock_(clock) {}

std::unique_ptr<sdk::TokenSource> TokenService::source(TokenSubject subject) {
  return std::make_unique<ConnectionTokens>(*this, std::move(subject));
}

bool TokenService::usable(const Stored& stored, std::string_view rejected) const {
  if (stored.grant.access_token.empty() || stored.grant.access_token == rejected) return false;
  return !stored.grant.expires_at || *stored.grant.expires_at > clock_.now() + kRefreshAhead;
}

sdk::Result<std::string> TokenService::current(const sdk::CallContext& context, const TokenSubject& subject,
                                               std::string_view rejected) {
  PATCHBAY_TRY(context.check());
  PATCHBAY_ASSIGN(const Stored stored, load(subject.connection_id));
  if (usable(stored, rejected)) return stored.grant.access_token;
  return refresh_locked(context, subject, rejected);
}

sdk::Result<std::string> TokenService::refresh_locked(const sdk::CallContext& context, const TokenSubject& subject,
                                                      std::string_view rejected) {
  std::string token;
  sdk::Result<void> refused;
  const auto done = database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    // Whoever comes second waits here and then finds the token that the first one stored.
    PATCHBAY_TRY(session.execute("select pg_advisory_xact_lock($1)",
                                 {std::to_string(base::lock_hash("token:" + subject.connection_id))}));
    PATCHBAY_ASSIGN(const Stored stored, load(session, subject.connection_id));
    if (usable(stored, rejected)) {
      token = stored.grant.access_token;
      return {};
    }
    if (stored.grant.refresh_token.empty()) {
      refused = sdk::auth_error("token.needs_reauth", "the connection has no refresh token; authorise it again");
      return {};
    }
    sdk::CallContext limited = context;
    limited.deadline = std::min(context.deadline, std::chrono::steady_clock::now() + kRefreshLimit);
    // Said on a connection of its own, so that a crash in the middle leaves the trace.
    journal(subject.connection_id, "started", "");
    auto grant = refresh(http_, limited, subject.client, stored.grant.refresh_token, clock_.now());
    if (!grant.ok()) {
      journal(subject.connection_id, grant.error().error_class == sdk::ErrorClass::kAuth ? "refused" : "failed",
              grant.error().code);
      refused = std::move(grant).error();
      return {};
    }
    PATCHBAY_TRY(store(session, subject.connection_id, *grant));
    PATCHBAY_TRY(session.execute("insert into token_journal (connection_id, outcome) values ($1, 'stored')",
                                 {subject.connection_id}));
    token = grant->access_token;
    return {};
  });
  PATCHBAY_TRY(done);
  if (!refused.ok()) {
    if (refused.error().error_class == sdk::ErrorClass::kAuth) {
      (void)database_.query(
          storage::Lane::kWorker,
          "update connections set state = 'needs_reauth', state_reason = $2, updated_at = now(), version = version + 1 "
          "where id = $1 and state <> 'needs_reauth'",
          {subject.connection_id, refused.error().message});
      return sdk::auth_error("token.needs_reauth", refused.error().message);
    }
    return refused.error();
  }
  return token;
}

sdk::Result<void> TokenService::store(storage::Session& session, const std::string& connection_id,
                                      const sdk::TokenGrant& grant) const {
  base::add_log_secret(grant.access_token);
  if (!grant.refresh_token.empty()) base::add_log_secret(grant.refresh_token);
  sdk::json::object content{{"accessToken", grant.access_token}, {"refreshToken", grant.refresh_token}};
  if (grant.expires_at) content["expiresAt"] = sdk::format_time(*grant.expires_at);
  const std::string sealed = box_.seal(sdk::json::serialize(content), box_context(connection_id));
  PATCHBAY_TRY(session.execute(
      "update connections set tokens = $2, token_version = token_version + 1, token_expires_at = $3::timestamptz where "
      "id = $1",
      {connection_id, sealed, grant.expires_at ? storage::Param(sdk::format_time(*grant.expires_at)) : std::nullopt}));
  return {};
}

sdk::Result<TokenService::Stored> TokenService::load(const std::string& connection_id) const {
  Stored stored;
  PATCHBAY_TRY(database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(stored, load(session, connection_id));
    return {};
  }));
  return stored;
}

sdk::Result<TokenService::Stored> TokenService::load(storage::Session& session,
                                                     const std::string& connection_id) const {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  session.execute("select tokens, token_version from connections where id = $1 and deleted_at is null",
                                  {connection_id}));
  if (rows.empty()) return sdk::not_found_error("token.no_connection", "the connection is gone");
  Stored stored;
  stored.version = rows.integer(0, "token_version");
  if (!rows.at(0, "tokens")) return sdk::auth_error("token.needs_reauth", "the connection has not been authorised yet");
  PATCHBAY_ASSIGN(const std::string opened, box_.open(rows.text(0, "tokens"), box_context(connection_id)));
  PATCHBAY_ASSIGN(const sdk::json::value content, sdk::parse_json(opened));
  stored.grant.access_token = sdk::string_at(content, "accessToken");
  stored.grant.refresh_token = sdk::string_at(content, "refreshToken");
  if (const auto expiry = sdk::parse_time(sdk::string_at(content, "expiresAt")); expiry.ok())
    stored.grant.expires_at = *expiry;
  return stored;
}

void TokenService::journal(const std::string& connection_id, const std::string& outcome,
                           const std::string& detail) const {
  const auto written =
      database_.query(storage::Lane::kWorker,
                      "insert into token_journal (connection_id, outcome, detail) values ($1, $2, nullif($3, ''))",
                      {connection_id, outcome, detail});
  if (!written.ok())
    base::log_warning("oauth", "the token journal could not be written", {{"code", written.error().code}});
}

}  // namespace patchbay::oauth
