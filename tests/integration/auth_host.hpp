#pragma once

#include "engine/gateway/gateway.hpp"
#include "hub/auth/audit_writer.hpp"
#include "hub/auth/auth_api.hpp"
#include "hub/auth/token_authenticator.hpp"
#include "platform/net/http_server.hpp"
#include "platform/redis/client.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/integration/api_client.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

namespace patchbay::testing {

/// The real time, moved on by hand.
class MovedClock : public sdk::Clock {
 public:
  std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::now() + std::chrono::milliseconds(moved_.load());
  }
  void advance(std::chrono::milliseconds time) { moved_ += time.count(); }

 private:
  std::atomic<long long> moved_{0};
};

/// One host as far as signing in goes: PostgreSQL, Redis, gateway, server, the routes below /auth and a few to try
/// rights with.
class AuthHost {
 public:
  struct Options {
    std::string jwt_secret = "a secret of the tests, long enough for HS256";
    gateway::LimitSettings limits{.global_per_hour = 0, .user_per_minute = 0, .auth_per_minute = 0};
    gateway::Routes routes;
  };
  AuthHost(const std::string& database_url, const std::string& redis_url, const sdk::Clock& clock, Options options);
  AuthHost(const std::string& database_url, const std::string& redis_url, const sdk::Clock& clock)
      : AuthHost(database_url, redis_url, clock, Options()) {}
  ~AuthHost();

  ApiClient client() const { return ApiClient(server_.port()); }
  storage::PgPool& database() { return pool_; }
  auth::PasswordHasher& hasher() { return hasher_; }
  auth::TokenIssuer& tokens() { return tokens_; }
  auth::SessionDirectory& directory() { return directory_; }
  base::Metrics& metrics() { return metrics_; }

 private:
  base::Metrics metrics_;
  base::SecretBox box_;
  auth::AuthSettings settings_;
  storage::PgPool pool_;
  redis::Client redis_;
  policy::Policy policy_;
  auth::PasswordHasher hasher_;
  auth::UserStore users_;
  auth::SessionStore sessions_;
  auth::SessionDirectory directory_;
  auth::TokenIssuer tokens_;
  auth::TokenAuthenticator authenticator_;
  auth::AuditWriter audit_;
  auth::SignIn sign_in_;
  auth::AuthApi api_;
  gateway::RateLimiter limiter_;
  gateway::IdempotencyStore idempotency_;
  base::WorkerPool workers_;
  base::WorkerPool sign_in_workers_;
  gateway::Gateway gateway_;
  net::HttpServer server_;
};

}  // namespace patchbay::testing
