#include "hub/auth/session_directory.hpp"

#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"

namespace patchbay::auth {
namespace {

constexpr std::size_t kSessionsMax = 50'000;
constexpr std::size_t kEndedMax = 100'000;
/// How long an end is remembered: longer than any read of the row that began before it.
constexpr std::chrono::minutes kEndRemembered{5};

long long milliseconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

sdk::Error session_ended() {
  return sdk::auth_error("auth.session_ended", "The session has ended");
}

policy::Principal principal_of(const User& user, const std::string& session_id, bool password_expired) {
  policy::Principal principal;
  principal.kind = policy::Principal::Kind::kUser;
  principal.user_id = user.id;
  principal.session_id = session_id;
  principal.role = user.role;
  principal.client_id = user.client_id;
  principal.username = user.username;
  principal.email = user.email;
  principal.password_change_required = password_expired;
  return principal;
}

sdk::json::object encode(const LiveSession& session) {
  const policy::Principal& principal = session.principal;
  return {{"userId", principal.user_id},
          {"role", principal.role},
          {"clientId", principal.client_id},
          {"username", principal.username},
          {"email", principal.email},
          {"passwordChangeRequired", principal.password_change_required},
          {"checkedAt", milliseconds_of(session.checked_at)}};
}

std::shared_ptr<const LiveSession> decode(const std::string& session_id, const std::string& text) {
  const auto value = sdk::parse_json(text);
  if (!value.ok()) return nullptr;
  const auto* checked_at = sdk::find_member(*value, "checkedAt");
  const auto* required = sdk::find_member(*value, "passwordChangeRequired");
  if (checked_at == nullptr || !checked_at->is_int64() || required == nullptr || !required->is_bool()) return nullptr;
  auto session = std::make_shared<LiveSession>();
  session->principal.kind = policy::Principal::Kind::kUser;
  session->principal.session_id = session_id;
  session->principal.user_id = sdk::string_at(*value, "userId");
  session->principal.role = sdk::string_at(*value, "role");
  session->principal.client_id = sdk::string_at(*value, "clientId");
  session->principal.username = sdk::string_at(*value, "username");
  session->principal.email = sdk::string_at(*value, "email");
  session->principal.password_change_required = required->get_bool();
  session->checked_at = std::chrono::system_clock::time_point(std::chrono::milliseconds(checked_at->get_int64()));
  return session->principal.user_id.empty() || session->principal.role.empty() ? nullptr : session;
}

}  // namespace

SessionDirectory::SessionDirectory(const SessionStore& store, redis::Client* redis, const sdk::Clock& clock,
                                   const AuthSettings& settings)
    : store_(store), redis_(redis), clock_(clock), settings_(settings) {}

SessionDirectory::~SessionDirectory() {
  stop();
}

void SessionDirectory::tell(Heard session_ended, Heard user_changed) {
  tell_session_ended_ = std::move(session_ended);
  tell_user_changed_ = std::move(user_changed);
}

void SessionDirectory::start() {
  if (redis_ == nullptr || subscription_) return;
  subscription_ = std::make_unique<redis::Subscription>(
      *redis_, std::vector<std::string>{redis_->key("sessions")},
      [this](const std::string&, const std::string& message) { received(message); },
      [this] {
        // Ends may have been missed: everything is read anew.
        const std::lock_guard lock(mutex_);
        sessions_.clear();
      });
}

void SessionDirectory::stop() {
  subscription_.reset();
}

std::shared_ptr<const LiveSession> SessionDirectory::find_fresh(const std::string& session_id) const {
  const auto oldest = clock_.now() - settings_.session_check_period;
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session_id);
  return found == sessions_.end() || found->second->checked_at < oldest ? nullptr : found->second;
}

sdk::Result<std::shared_ptr<const LiveSession>> SessionDirectory::get(const std::string& session_id) {
  if (auto fresh = find_fresh(session_id)) return fresh;
  if (auto copy = read_copy(session_id); copy && keep(session_id, copy)) return copy;
  const auto now = clock_.now();
  PATCHBAY_ASSIGN(const SessionState state, store_.load(session_id));
  if (!state.live) {
    forget_session(session_id);
    return session_ended();
  }
  const bool expired = state.user.password_expired(now, settings_.admin_password_max_age_days);
  const auto session =
      std::make_shared<const LiveSession>(LiveSession{principal_of(state.user, session_id, expired), now});
  if (!keep(session_id, session)) return session_ended();
  write_copy(session_id, *session);
  return session;
}

bool SessionDirectory::keep(const std::string& session_id, const std::shared_ptr<const LiveSession>& session) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (ended_.contains(session_id)) return false;
  const auto changed = changed_users_.find(session->principal.user_id);
  if (changed != changed_users_.end() && session->checked_at < changed->second)
    return true;  // right now, but not to be kept
  if (sessions_.size() >= kSessionsMax) prune(now);
  if (sessions_.size() < kSessionsMax) sessions_.insert_or_assign(session_id, session);
  return true;
}

void SessionDirectory::prune(Time now) {
  const auto oldest = now - settings_.session_check_period;
  std::erase_if(sessions_, [&](const auto& item) { return item.second->checked_at < oldest; });
}

void SessionDirectory::end(const std::string& session_id) {
  forget_session(session_id);
  if (tell_session_ended_) tell_session_ended_(session_id);
  if (redis_ != nullptr && base::is_uuid(session_id)) {
    if (const auto deleted = redis_->command({"DEL", redis_->key("session:" + session_id)}); !deleted.ok()) {
      base::log_warning("auth", "an ended session's copy was not removed from Redis", {{"code", deleted.error().code}});
    }
    publish("ended:" + session_id);
  }
}

void SessionDirectory::user_changed(const std::string& user_id) {
  forget_user(user_id);
  if (tell_user_changed_) tell_user_changed_(user_id);
  publish("changed:" + user_id);
}

void SessionDirectory::forget_session(const std::string& session_id) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  sessions_.erase(session_id);
  if (ended_.size() >= kEndedMax) {
    std::erase_if(ended_, [&](const auto& item) { return item.second < now - kEndRemembered; });
  }
  if (ended_.size() < kEndedMax) ended_.insert_or_assign(session_id, now);
}

void SessionDirectory::forget_user(const std::string& user_id) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const auto& item) { return item.second->principal.user_id == user_id; });
  if (changed_users_.size() >= kEndedMax) {
    std::erase_if(changed_users_, [&](const auto& item) { return item.second < now - kEndRemembered; });
  }
  if (changed_users_.size() < kEndedMax) changed_users_.insert_or_assign(user_id, now);
}

void SessionDirectory::received(const std::string& message) {
  constexpr std::string_view kEnded = "ended:";
  constexpr std::string_view kChanged = "changed:";
  if (message.starts_with(kEnded)) {
    const std::string id = message.substr(kEnded.size());
    if (!base::is_uuid(id)) return;
    forget_session(id);
    if (tell_session_ended_) tell_session_ended_(id);
  } else if (message.starts_with(kChanged)) {
    const std::string id = message.substr(kChanged.size());
    if (!base::is_uuid(id)) return;
    forget_user(id);
    if (tell_user_changed_) tell_user_changed_(id);
  }
}

std::shared_ptr<const LiveSession> SessionDirectory::read_copy(const std::string& session_id) {
  if (redis_ == nullptr || !base::is_uuid(session_id)) return nullptr;
  const auto reply = redis_->command({"GET", redis_->key("session:" + session_id)});
  if (!reply.ok() || reply->kind != redis::Reply::Kind::kText) return nullptr;
  auto session = decode(session_id, reply->text);
  if (!session || session->checked_at < clock_.now() - settings_.session_check_period) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto changed = changed_users_.find(session->principal.user_id);
  return changed != changed_users_.end() && session->checked_at <= changed->second ? nullptr : session;
}

void SessionDirectory::write_copy(const std::string& session_id, const LiveSession& session) {
  if (redis_ == nullptr) return;
  const auto written =
      redis_->command({"SET", redis_->key("session:" + session_id), sdk::json::serialize(encode(session)), "PX",
                       std::to_string(settings_.session_check_period.count())});
  if (!written.ok())
    base::log_debug("auth", "a session's copy was not written to Redis", {{"code", written.error().code}});
}

void SessionDirectory::publish(const std::string& message) {
  if (redis_ == nullptr) return;
  const auto published = redis_->command({"PUBLISH", redis_->key("sessions"), message});
  if (!published.ok()) {
    base::log_warning("auth",
                      "the other hosts were not told of an ended session; they will see it within their check period",
                      {{"code", published.error().code}});
  }
}

}  // namespace patchbay::auth
