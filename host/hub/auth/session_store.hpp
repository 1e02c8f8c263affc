// Sessions and their refresh tokens in PostgreSQL. A refresh token works once; a used one that comes again ends the
// session.
#pragma once

#include "hub/auth/settings.hpp"
#include "hub/auth/user_store.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::auth {

struct OpenedSession {
  std::string session_id;
  std::string user_id;
  std::string refresh_token;
};

/// What became of a refresh token.
struct RefreshOutcome {
  enum class Kind { kRotated, kRefused, kReused };
  Kind kind = Kind::kRefused;
  OpenedSession session;  // kReused: the session that was ended
};

struct SessionRow {
  std::string id, created_at, last_used_at, expires_at, user_agent, address;
};

/// A session and its user as they stand now.
struct SessionState {
  bool live = false;  // neither ended nor expired, and the user may sign in
  User user;          // without the client's name and type
};

class SessionStore {
 public:
  SessionStore(storage::Database& database, const sdk::Clock& clock, const AuthSettings& settings);

  sdk::Result<OpenedSession> open(storage::Session& session, const std::string& user_id, const std::string& user_agent,
                                  const std::string& address) const;
  sdk::Result<RefreshOutcome> refresh(const std::string& refresh_token) const;
  /// Not found: not live.
  sdk::Result<SessionState> load(const std::string& session_id) const;
  sdk::Result<std::vector<SessionRow>> list(const std::string& user_id) const;
  /// Ends one session of that user; false: there is no such live one.
  sdk::Result<bool> end(const std::string& user_id, const std::string& session_id, std::string_view reason) const;
  /// Ends all of a user's sessions but `except` (may be empty); their ids.
  sdk::Result<std::vector<std::string>> end_all(storage::Session& session, const std::string& user_id,
                                                const std::string& except, std::string_view reason) const;

 private:
  sdk::Result<std::string> add_refresh_token(storage::Session& session, const std::string& session_id) const;

  storage::Database& database_;
  const sdk::Clock& clock_;
  const AuthSettings settings_;
};

}  // namespace patchbay::auth
