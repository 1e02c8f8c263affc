// Which sessions live, in memory: what makes a request cheap, without letting an ended session go on.
#pragma once

#include "engine/policy/principal.hpp"
#include "hub/auth/session_store.hpp"
#include "platform/redis/client.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace patchbay::auth {

/// A session and whose it is, as read at `checked_at`. Immutable.
struct LiveSession {
  policy::Principal principal;
  std::chrono::system_clock::time_point checked_at;
};

/// Thread-safe. A session is read from PostgreSQL, kept here and (for the other hosts) in Redis for at most
/// `session_check_period`. Its end is seen at once in this process and, through Redis Pub/Sub, in the others; where
/// that message is lost, after `session_check_period`.
class SessionDirectory {
 public:
  /// `redis` may be null: then each host looks for itself. All outlive this.
  SessionDirectory(const SessionStore& store, redis::Client* redis, const sdk::Clock& clock,
                   const AuthSettings& settings);
  ~SessionDirectory();
  /// Who else is to hear of ended sessions and changed users, of this host and of the others. Before start(); the
  /// functions are called on the thread that ended the session or on the one that listens to Redis.
  using Heard = std::function<void(const std::string& id)>;
  void tell(Heard session_ended, Heard user_changed);
  /// Listens to the other hosts.
  void start();
  void stop();

  /// Without blocking: nullptr where it must be looked up.
  std::shared_ptr<const LiveSession> find_fresh(const std::string& session_id) const;
  /// Blocks. kAuth "auth.session_ended" for one that does not live.
  sdk::Result<std::shared_ptr<const LiveSession>> get(const std::string& session_id);
  /// The session was ended (its row says so already): nobody gets through with it any more. Blocks on Redis.
  void end(const std::string& session_id);
  /// Role, state or password of a user changed: his sessions are read anew.
  void user_changed(const std::string& user_id);

 private:
  using Time = std::chrono::system_clock::time_point;

  void forget_session(const std::string& session_id);
  void forget_user(const std::string& user_id);
  void received(const std::string& message);
  std::shared_ptr<const LiveSession> read_copy(const std::string& session_id);
  void write_copy(const std::string& session_id, const LiveSession& session);
  void publish(const std::string& message);
  bool keep(const std::string& session_id, const std::shared_ptr<const LiveSession>& session);
  void prune(Time now);

  const SessionStore& store_;
  redis::Client* const redis_;
  const sdk::Clock& clock_;
  const AuthSettings settings_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const LiveSession>> sessions_;
  std::unordered_map<std::string, Time> ended_;          // session id → when; outlives every read that began before
  std::unordered_map<std::string, Time> changed_users_;  // copies older than this do not count
  Heard tell_session_ended_;
  Heard tell_user_changed_;
  std::unique_ptr<redis::Subscription> subscription_;
};

}  // namespace patchbay::auth
