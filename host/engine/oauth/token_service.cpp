#include "engine/oauth/token_service.hpp"

#include "platform/base/digest.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::oauth {
namespace {

constexpr std::chrono::seconds kRefreshAhead{60};
constexpr std::chrono::seconds kRefreshLimit{25};
constexpr std::chrono::milliseconds kLook{100};
// Each holds a database connection while it talks to a service and needs another one for a moment.
constexpr std::size_t kRefreshesAtOnce = 3;
constexpr int kSavesAtOnce = 3;

std::string box_context(const std::string& connection_id) {
  return "tokens:" + connection_id;
}

storage::Param time_param(const std::optional<sdk::SystemTime>& time) {
  return time ? storage::Param(sdk::format_time(*time)) : std::nullopt;
}

/// Whoever comes second waits here and then finds the token that the first one stored.
sdk::Result<void> lock_tokens(storage::Session& session, const std::string& connection_id) {
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(kRefreshLimit + std::chrono::seconds(5));
  PATCHBAY_TRY(session.execute("select set_config('lock_timeout', $1, true)", {std::to_string(limit.count())}));
  PATCHBAY_TRY(
      session.execute("select pg_advisory_xact_lock($1)", {std::to_string(base::lock_hash("token:" + connection_id))}));
  return {};
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

/// One thread of the process at a time renews a connection's token, and few connections at once: those who wait hold no
/// database connection.
class TokenService::Turn {
 public:
  Turn(TokenService& service, std::string connection_id) : service_(service), id_(std::move(connection_id)) {}
  ~Turn() {
    if (!taken_) return;
    const std::lock_guard lock(service_.mutex_);
    service_.renewing_.erase(id_);
    service_.turn_over_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  sdk::Result<void> take(const sdk::CallContext& context) {
    std::unique_lock lock(service_.mutex_);
    const auto free = [this] {
      return service_.renewing_.count(id_) == 0 && service_.renewing_.size() < kRefreshesAtOnce;
    };
    while (!service_.turn_over_.wait_for(lock, kLook, free)) PATCHBAY_TRY(context.check());
    service_.renewing_.insert(id_);
    taken_ = true;
    return {};
  }

 private:
  TokenService& service_;
  const std::string id_;
  bool taken_ = false;
};

TokenService::TokenService(storage::Database& database, const base::SecretBox& box, sdk::HttpClient& http,
                           sdk::Clock& clock)
    : database_(database), box_(box), http_(http), clock_(clock), journal_(database) {}

TokenService::~TokenService() {
  std::vector<std::string> ids;
  for (const auto& [id, grant] : unsaved_) ids.push_back(id);
  for (const std::string& id : ids) (void)save_unsaved(id);
}

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
  if (unsaved(subject.connection_id)) (void)save_unsaved(subject.connection_id);
  PATCHBAY_ASSIGN(const Stored stored, load(subject.connection_id));
  if (usable(stored, rejected)) return stored.grant.access_token;
  return refresh_in_turn(context, subject, rejected);
}

sdk::Result<std::string> TokenService::refresh_in_turn(const sdk::CallContext& context, const TokenSubject& subject,
                                                       std::string_view rejected) {
  Turn turn(*this, subject.connection_id);
  PATCHBAY_TRY(turn.take(context));
  PATCHBAY_ASSIGN(const Stored stored, load(subject.connection_id));
  if (usable(stored, rejected)) return stored.grant.access_token;
  Attempt attempt;
  const auto done = database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) {
    return refresh_locked(session, context, subject, rejected, attempt);
  });
  if (!done.ok() && attempt.grant) {
    base::log_warning("oauth", "a refreshed token could not be saved at once",
                      {{"connection", subject.connection_id}, {"code", done.error().code}});
    {
      const std::lock_guard lock(mutex_);
      unsaved_.insert_or_assign(subject.connection_id, Unsaved{*attempt.grant, attempt.base_version});
    }
    for (int round = 0; round < kSavesAtOnce && !save_unsaved(subject.connection_id).ok(); ++round) {
    }
    return attempt.token;
  }
  PATCHBAY_TRY(done);
  if (attempt.refused.ok()) return attempt.token;
  // Refreshed ahead of its end: what the service still takes is good enough while it cannot give a new one.
  const bool still_good =
      stored.grant.expires_at && *stored.grant.expires_at > clock_.now() && stored.grant.access_token != rejected;
  if (still_good && attempt.refused.error().error_class == sdk::ErrorClass::kTransient)
    return stored.grant.access_token;
  return attempt.refused.error();
}

/// Under the lock of all processes. An error rolls back; what the service said of the token is no error here.
sdk::Result<void> TokenService::refresh_locked(storage::Session& session, const sdk::CallContext& context,
                                               const TokenSubject& subject, std::string_view rejected,
                                               Attempt& attempt) {
  PATCHBAY_TRY(lock_tokens(session, subject.connection_id));
  PATCHBAY_ASSIGN(const Stored stored, load(session, subject.connection_id));
  attempt.refused = {};
  if (usable(stored, rejected)) {
    attempt.token = stored.grant.access_token;
    return {};
  }
  const bool by_client = subject.client.endpoints.grant == sdk::OAuth2Description::Grant::kClientCredentials;
  if (!by_client && !stored.authorised) {
    attempt.refused = sdk::auth_error("token.needs_reauth", "the connection has not been authorised yet");
    return {};
  }
  if (!by_client && stored.grant.refresh_token.empty()) {
    sdk::Error ended =
        sdk::auth_error("token.refused", rejected.empty() ? "the access token has expired and there is no "
                                                            "refresh token; connect it again"
                                                          : "the service no longer accepts the access "
                                                            "token; connect it again");
    return note_refusal(session, subject.connection_id, std::move(ended), std::nullopt, attempt);
  }
  PATCHBAY_ASSIGN(const auto before, journal_.find_unfinished(session, subject.connection_id));
  if (!attempt.grant) {
    PATCHBAY_TRY(journal_.begin(subject.connection_id));
    auto grant = ask_service(context, subject, by_client ? std::string() : stored.grant.refresh_token);
    if (!grant.ok()) return note_refusal(session, subject.connection_id, std::move(grant).error(), before, attempt);
    attempt.grant = std::move(grant).value();
    attempt.base_version = stored.version;
    attempt.token = attempt.grant->tokens.access_token;
  }
  PATCHBAY_TRY(store(session, subject.connection_id, *attempt.grant));
  if (before && before->outcome == "started") {
    base::log_warning("oauth", "a token refresh that was cut off is made good",
                      {{"connection", subject.connection_id}, {"since", before->at}});
  }
  return journal_.finish(session, subject.connection_id, "stored", before ? "after one cut off at " + before->at : "");
}

sdk::Result<Grant> TokenService::ask_service(const sdk::CallContext& context, const TokenSubject& subject,
                                             const std::string& refresh_token) {
  // Not the caller's deadline and cancellation: a request that is broken off may have used the refresh token up.
  sdk::CallContext own;
  own.deadline = std::chrono::steady_clock::now() + kRefreshLimit;
  own.lane = context.lane;
  own.trace_id = context.trace_id;
  if (refresh_token.empty()) return client_credentials(http_, own, subject.client, clock_.now());
  return refresh(http_, own, subject.client, refresh_token, clock_.now());
}

sdk::Result<void> TokenService::note_refusal(storage::Session& session, const std::string& connection_id,
                                             sdk::Error error, const std::optional<UnfinishedRefresh>& before,
                                             Attempt& attempt) {
  const bool dead = error.error_class == sdk::ErrorClass::kAuth;
  std::string outcome = dead ? "refused" : "failed";
  if (error.code == "token.no_answer") outcome = "no_answer";
  if (error.code == "http.connect") outcome = "unsent";
  PATCHBAY_TRY(journal_.finish(session, connection_id, outcome, error.code));
  if (!dead) {
    attempt.refused = std::move(error);
    return {};
  }
  std::string reason = error.message;
  if (before)
    reason += "; a refresh of " + before->at + " had ended before its answer was saved (" + before->outcome + ")";
  PATCHBAY_TRY(session.execute(
      "update connections set state = 'needs_reconnect', state_reason = $2, updated_at = now(), version = version + 1 "
      "where id = $1 and (state, coalesce(state_reason, '')) <> ('needs_reconnect', $2)",
      {connection_id, reason}));
  attempt.refused = sdk::auth_error("token.needs_reauth", std::move(reason));
  return {};
}

std::optional<TokenService::Unsaved> TokenService::unsaved(const std::string& connection_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = unsaved_.find(connection_id);
  if (found == unsaved_.end()) return std::nullopt;
  return found->second;
}

sdk::Result<void> TokenService::save_unsaved(const std::string& connection_id) {
  const auto kept = unsaved(connection_id);
  if (!kept) return {};
  PATCHBAY_TRY(database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(lock_tokens(session, connection_id));
    PATCHBAY_ASSIGN(const Stored stored, load(session, connection_id));
    if (stored.version != kept->base_version) return {};  // saved after all, or authorised anew
    PATCHBAY_TRY(store(session, connection_id, kept->grant));
    return journal_.finish(session, connection_id, "stored", "late");
  }));
  const std::lock_guard lock(mutex_);
  const auto found = unsaved_.find(connection_id);
  if (found != unsaved_.end() && found->second.base_version == kept->base_version) unsaved_.erase(found);
  return {};
}

sdk::Result<void> TokenService::store(storage::Session& session, const std::string& connection_id,
                                      const Grant& grant) const {
  const sdk::TokenGrant& tokens = grant.tokens;
  base::add_log_secret(tokens.access_token);
  if (!tokens.refresh_token.empty()) base::add_log_secret(tokens.refresh_token);
  sdk::json::object content{{"accessToken", tokens.access_token}, {"refreshToken", tokens.refresh_token}};
  if (tokens.expires_at) content["expiresAt"] = sdk::format_time(*tokens.expires_at);
  const std::string sealed = box_.seal(sdk::json::serialize(content), box_context(connection_id));
  // Without a refresh token the authorisation ends with the access token.
  const auto ends_at = tokens.refresh_token.empty() ? tokens.expires_at : grant.renewable_until;
  PATCHBAY_TRY(session.execute(
      "update connections set tokens = $2, token_version = token_version + 1, token_expires_at = $3::timestamptz, "
      "authorization_ends_at = coalesce($4::timestamptz, case when $6::boolean then authorization_ends_at end), "
      "granted_scopes = coalesce(nullif($5::text[], '{}'), granted_scopes) "
      "where id = $1",
      {connection_id, sealed, time_param(tokens.expires_at), time_param(ends_at), storage::array_literal(grant.scopes),
       grant.same_refresh_token ? "true" : "false"}));
  return {};
}

sdk::Result<TokenService::Stored> TokenService::load(const std::string& connection_id) const {
  const auto kept = unsaved(connection_id);
  Stored stored;
  const auto loaded =
      database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(stored, load(session, connection_id));
        return {};
      });
  const bool away = !loaded.ok() && loaded.error().error_class == sdk::ErrorClass::kTransient;
  if (kept && (away || stored.version == kept->base_version)) {
    return Stored{kept->grant.tokens, kept->base_version, true};
  }
  PATCHBAY_TRY(loaded);
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
  stored.authorised = rows.at(0, "tokens").has_value();
  if (!stored.authorised) return stored;
  PATCHBAY_ASSIGN(const std::string opened, box_.open(rows.text(0, "tokens"), box_context(connection_id)));
  PATCHBAY_ASSIGN(const sdk::json::value content, sdk::parse_json(opened));
  stored.grant.access_token = sdk::string_at(content, "accessToken");
  stored.grant.refresh_token = sdk::string_at(content, "refreshToken");
  if (const auto expiry = sdk::parse_time(sdk::string_at(content, "expiresAt")); expiry.ok())
    stored.grant.expires_at = *expiry;
  return stored;
}

}  // namespace patchbay::oauth
