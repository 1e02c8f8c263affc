#include "hub/auth/sign_in.hpp"

#include "platform/base/log.hpp"

namespace patchbay::auth {
namespace {

sdk::Error invalid_credentials() {
  return sdk::auth_error("auth.invalid_credentials", "Invalid credentials");
}
sdk::Error invalid_refresh_token() {
  return sdk::auth_error("auth.invalid_refresh_token", "The refresh token is not valid. Sign in again.");
}

base::Counter sign_ins(base::Metrics& metrics, const char* result) {
  return metrics.counter("patchbay_auth_sign_ins_total", "Sign-ins by result.", {{"result", result}});
}

}  // namespace

SignIn::SignIn(SignInParts parts, const AuthSettings& settings)
    : parts_(parts),
      settings_(settings),
      succeeded_(sign_ins(parts.metrics, "succeeded")),
      failed_(sign_ins(parts.metrics, "failed")),
      reused_(parts.metrics.counter("patchbay_auth_refresh_reuse_total",
                                    "Sessions ended because a used refresh token came again.")) {}

sdk::Result<SignedIn> SignIn::login(const std::string& login, const std::string& password, const Origin& origin) {
  PATCHBAY_ASSIGN(const auto user, parts_.users.find_by_login(login));
  if (!user || user->password_hash.empty()) {
    PATCHBAY_TRY(parts_.hasher.verify_nothing(password));
    return refuse(login, nullptr, "unknown_user", origin);
  }
  PATCHBAY_ASSIGN(const bool matches, parts_.hasher.verify(password, user->password_hash));
  if (!matches) return refuse(login, &*user, "wrong_password", origin);
  if (!user->active()) return refuse(login, &*user, "not_active", origin);
  rehash_if_needed(*user, password);
  return open_session(*user, origin);
}

sdk::Error SignIn::refuse(const std::string& login, const User* user, std::string_view why, const Origin& origin) {
  failed_.add();
  sdk::json::object details{{"reason", why}};
  // People type passwords into the wrong field: only what names a user, or looks like an address, is kept.
  if (user != nullptr || login.find('@') != std::string::npos) details["login"] = login.substr(0, 255);
  parts_.audit.record({"login.failed", user == nullptr ? std::string() : user->id, origin.address, origin.request_id,
                       std::move(details)});
  return invalid_credentials();
}

void SignIn::rehash_if_needed(const User& user, const std::string& password) {
  if (!parts_.hasher.needs_rehash(user.password_hash)) return;
  const auto hash = parts_.hasher.hash(password);
  if (!hash.ok()) return;  // the next sign-in tries again
  if (const auto replaced = parts_.users.replace_hash(user.id, user.password_hash, *hash); !replaced.ok()) {
    base::log_warning("auth", "a password was not rehashed", {{"userId", user.id}, {"code", replaced.error().code}});
  }
}

sdk::Result<SignedIn> SignIn::open_session(const User& user, const Origin& origin) {
  const auto now = parts_.clock.now();
  OpenedSession opened;
  PATCHBAY_TRY(
      parts_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(opened, parts_.sessions.open(session, user.id, origin.user_agent, origin.address));
        return parts_.users.mark_login(session, user.id, now);
      }));
  PATCHBAY_ASSIGN(AccessToken access, parts_.tokens.issue(user, opened.session_id));
  succeeded_.add();
  return SignedIn{user, std::move(access), std::move(opened.refresh_token),
                  user.password_expired(now, settings_.admin_password_max_age_days)};
}

sdk::Result<SignedIn> SignIn::refresh(const std::string& refresh_token, const Origin& origin) {
  PATCHBAY_ASSIGN(RefreshOutcome outcome, parts_.sessions.refresh(refresh_token));
  if (outcome.kind == RefreshOutcome::Kind::kReused) {
    reused_.add();
    parts_.directory.end(outcome.session.session_id);
    parts_.audit.record({"refresh.reused",
                         outcome.session.user_id,
                         origin.address,
                         origin.request_id,
                         {{"sessionId", outcome.session.session_id}}});
    return invalid_refresh_token();
  }
  if (outcome.kind == RefreshOutcome::Kind::kRefused) {
    parts_.audit.record({"refresh.refused", outcome.session.user_id, origin.address, origin.request_id, {}});
    return invalid_refresh_token();
  }
  PATCHBAY_ASSIGN(auto user, parts_.users.find_by_id(outcome.session.user_id));
  if (!user || !user->active()) return invalid_refresh_token();
  PATCHBAY_ASSIGN(AccessToken access, parts_.tokens.issue(*user, outcome.session.session_id));
  const bool expired = user->password_expired(parts_.clock.now(), settings_.admin_password_max_age_days);
  return SignedIn{std::move(*user), std::move(access), std::move(outcome.session.refresh_token), expired};
}

sdk::Result<void> SignIn::change_password(const policy::Principal& principal, const std::string& current,
                                          const std::string& next, const Origin& origin) {
  PATCHBAY_ASSIGN(const auto user, parts_.users.find_by_id(principal.user_id));
  if (!user) return sdk::auth_error("auth.session_ended", "The session has ended");
  PATCHBAY_ASSIGN(const bool matches, parts_.hasher.verify(current, user->password_hash));
  if (!matches) {
    parts_.audit.record({"password.change_refused", user->id, origin.address, origin.request_id, {}});
    return sdk::invalid_error("auth.wrong_password", "The current password is wrong.", "currentPassword");
  }
  PATCHBAY_TRY(check_password_rule(next, "newPassword"));
  if (next == current) {
    return sdk::invalid_error("auth.same_password", "The new password must differ from the current one.",
                              "newPassword");
  }
  PATCHBAY_ASSIGN(const std::string hash, parts_.hasher.hash(next));
  std::vector<std::string> ended;
  PATCHBAY_TRY(
      parts_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_TRY(parts_.users.change_password(session, user->id, hash, parts_.clock.now()));
        PATCHBAY_ASSIGN(ended, parts_.sessions.end_all(session, user->id, principal.session_id, "password_changed"));
        return {};
      }));
  for (const auto& session_id : ended) parts_.directory.end(session_id);
  parts_.directory.user_changed(user->id);
  parts_.audit.record(
      {"password.changed", user->id, origin.address, origin.request_id, {{"endedSessions", ended.size()}}});
  return {};
}

sdk::Result<bool> SignIn::end_session(const std::string& user_id, const std::string& session_id,
                                      std::string_view reason) {
  PATCHBAY_ASSIGN(const bool ended, parts_.sessions.end(user_id, session_id, reason));
  if (ended) parts_.directory.end(session_id);
  return ended;
}

}  // namespace patchbay::auth
