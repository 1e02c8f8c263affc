#include "hub/auth/session_store.hpp"

#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::auth {
namespace {

constexpr std::size_t kRefreshTokenBytes = 32;
constexpr std::size_t kRefreshTokenTextMax = 128;
constexpr std::size_t kUserAgentMax = 200;

constexpr std::string_view kLook = R"sql(
  select t.session_id, t.used_at, s.user_id, s.revoked_at is null and s.expires_at > $2 and u.deleted_at is null
         and u.status = 'ACTIVE' as live
  from refresh_tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
  where t.token_hash = $1 for update of t, s)sql";
/// A user keeps at most fifty live sessions (the least used end first), and rows that ended long ago go.
constexpr std::string_view kEndSurplus = R"sql(
  update sessions set revoked_at = $2, revoked_reason = 'too_many'
  where id in (select id from sessions where user_id = $1 and revoked_at is null and expires_at > $2
               order by last_used_at desc offset 49))sql";
constexpr std::string_view kForgetOld = R"sql(
  delete from sessions where user_id = $1 and expires_at < $2)sql";
constexpr std::string_view kLoad = R"sql(
  select s.revoked_at is null and s.expires_at > $2 and u.deleted_at is null and u.status = 'ACTIVE' as live,
         u.id, u.username, u.email, u.role, u.status, u.client_id, u.must_change_password, u.password_changed_at
  from sessions s join users u on u.id = s.user_id where s.id = $1)sql";

std::string clean(std::string_view text, std::size_t bytes_max) {
  std::string cleaned;
  for (const char character : text.substr(0, bytes_max)) {
    if (character >= ' ' && character < 0x7F) cleaned += character;
  }
  return cleaned;
}

}  // namespace

SessionStore::SessionStore(storage::Database& database, const sdk::Clock& clock, const AuthSettings& settings)
    : database_(database), clock_(clock), settings_(settings) {}

sdk::Result<std::string> SessionStore::add_refresh_token(storage::Session& session,
                                                         const std::string& session_id) const {
  std::string token = base::random_token(kRefreshTokenBytes);
  PATCHBAY_TRY(
      session.execute("insert into refresh_tokens (token_hash, session_id, created_at) values ($1, $2, $3)",
                      {storage::bytea_literal(base::sha256(token)), session_id, sdk::format_time(clock_.now())}));
  return token;
}

sdk::Result<OpenedSession> SessionStore::open(storage::Session& session, const std::string& user_id,
                                              const std::string& user_agent, const std::string& address) const {
  const auto now = clock_.now();
  PATCHBAY_TRY(session.execute(kEndSurplus, {user_id, sdk::format_time(now)}));
  PATCHBAY_TRY(session.execute(kForgetOld, {user_id, sdk::format_time(now - std::chrono::hours(24 * 30))}));
  OpenedSession opened{base::new_uuid(), user_id, {}};
  PATCHBAY_TRY(session.execute(
      "insert into sessions (id, user_id, created_at, last_used_at, expires_at, user_agent, address) "
      "values ($1, $2, $3, $3, $4, $5, $6)",
      {opened.session_id, user_id, sdk::format_time(now), sdk::format_time(now + settings_.refresh_token_ttl),
       clean(user_agent, kUserAgentMax), clean(address, kUserAgentMax)}));
  PATCHBAY_ASSIGN(opened.refresh_token, add_refresh_token(session, opened.session_id));
  return opened;
}

sdk::Result<RefreshOutcome> SessionStore::refresh(const std::string& refresh_token) const {
  RefreshOutcome outcome;
  if (refresh_token.empty() || refresh_token.size() > kRefreshTokenTextMax) return outcome;
  const std::string hash = storage::bytea_literal(base::sha256(refresh_token));
  const auto done =
      database_.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        outcome = {};
        const auto now = clock_.now();
        PATCHBAY_ASSIGN(const auto rows, session.execute(kLook, {hash, sdk::format_time(now)}));
        if (rows.empty()) return {};
        outcome.session.session_id = rows.text(0, "session_id");
        outcome.session.user_id = rows.text(0, "user_id");
        if (rows.at(0, "used_at")) {
          // Somebody holds a copy: which of the two is the thief cannot be told, so both are signed out.
          outcome.kind = RefreshOutcome::Kind::kReused;
          PATCHBAY_TRY(
              session.execute("update sessions set revoked_at = $2, revoked_reason = 'refresh_token_reuse' where id = "
                              "$1 and revoked_at is null",
                              {outcome.session.session_id, sdk::format_time(now)}));
          return {};
        }
        if (!rows.boolean(0, "live")) return {};
        PATCHBAY_TRY(session.execute("update refresh_tokens set used_at = $2 where token_hash = $1",
                                     {hash, sdk::format_time(now)}));
        PATCHBAY_TRY(session.execute(
            "update sessions set last_used_at = $2, expires_at = $3 where id = $1",
            {outcome.session.session_id, sdk::format_time(now), sdk::format_time(now + settings_.refresh_token_ttl)}));
        PATCHBAY_ASSIGN(outcome.session.refresh_token, add_refresh_token(session, outcome.session.session_id));
        outcome.kind = RefreshOutcome::Kind::kRotated;
        return {};
      });
  PATCHBAY_TRY(done);
  return outcome;
}

sdk::Result<SessionState> SessionStore::load(const std::string& session_id) const {
  SessionState state;
  if (!base::is_uuid(session_id)) return state;
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kInteractive, kLoad, {session_id, sdk::format_time(clock_.now())}));
  if (rows.empty()) return state;
  state.live = rows.boolean(0, "live");
  state.user.id = rows.text(0, "id");
  state.user.username = rows.text(0, "username");
  state.user.email = rows.text(0, "email");
  state.user.role = rows.text(0, "role");
  state.user.status = rows.text(0, "status");
  state.user.client_id = rows.text(0, "client_id");
  state.user.must_change_password = rows.boolean(0, "must_change_password");
  if (const auto changed = sdk::parse_time(rows.text(0, "password_changed_at")); changed.ok()) {
    state.user.password_changed_at = *changed;
  }
  return state;
}

sdk::Result<std::vector<SessionRow>> SessionStore::list(const std::string& user_id) const {
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kInteractive,
                                  "select id, created_at, last_used_at, expires_at, user_agent, address from sessions "
                                  "where user_id = $1 and revoked_at is null and expires_at > $2 "
                                  "order by last_used_at desc, id limit 100",
                                  {user_id, sdk::format_time(clock_.now())}));
  const auto time_at = [&](std::size_t row, std::string_view column) {
    const auto time = sdk::parse_time(rows.text(row, column));
    return time.ok() ? sdk::format_time(*time) : std::string();
  };
  std::vector<SessionRow> sessions;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    sessions.push_back({rows.text(row, "id"), time_at(row, "created_at"), time_at(row, "last_used_at"),
                        time_at(row, "expires_at"), rows.text(row, "user_agent"), rows.text(row, "address")});
  }
  return sessions;
}

sdk::Result<bool> SessionStore::end(const std::string& user_id, const std::string& session_id,
                                    std::string_view reason) const {
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kInteractive,
                                  "update sessions set revoked_at = $3, revoked_reason = $4 "
                                  "where id = $1 and user_id = $2 and revoked_at is null returning id",
                                  {session_id, user_id, sdk::format_time(clock_.now()), std::string(reason)}));
  return !rows.empty();
}

sdk::Result<std::vector<std::string>> SessionStore::end_all(storage::Session& session, const std::string& user_id,
                                                            const std::string& except, std::string_view reason) const {
  PATCHBAY_ASSIGN(const auto rows,
                  session.execute("update sessions set revoked_at = $3, revoked_reason = $4 "
                                  "where user_id = $1 and id::text <> $2 and revoked_at is null returning id",
                                  {user_id, except, sdk::format_time(clock_.now()), std::string(reason)}));
  std::vector<std::string> ids;
  for (std::size_t row = 0; row < rows.size(); ++row) ids.push_back(rows.text(row, "id"));
  return ids;
}

}  // namespace patchbay::auth
