// Idempotency-Key: the first request's answer is kept, so that a repeat gets it again instead of a second effect.
#pragma once

#include "platform/http/message.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <variant>

namespace patchbay::gateway {

/// One request that carries a key. Keys are the caller's: of a user, or of an address where nobody is signed in.
struct IdempotentRequest {
  std::string user_id;  // UUID; the nil UUID for nobody
  std::string route;    // method and pattern (and a hash of the address for nobody)
  std::string key;
  std::string body_hash;  // SHA-256 of path, query and body
};

/// Thread-safe; blocks on PostgreSQL. A key is taken before the handler runs and its answer stored afterwards; both are
/// statements of their own, so a crash in between leaves a key without an answer: the effect is then in doubt, and a
/// repeat is told so instead of being run again or given a made-up answer.
class IdempotencyStore {
 public:
  IdempotencyStore(storage::Database& database, const sdk::Clock& clock,
                   std::chrono::milliseconds lifetime = std::chrono::hours(24),
                   std::chrono::milliseconds under_way_max = std::chrono::minutes(2));

  struct Taken {};  // the caller goes on and calls finish() or abandon()
  /// The stored answer of the first request, or Taken. Errors: kConflict "request.idempotency_mismatch" (other body,
  /// 422), "request.under_way", "request.outcome_unknown" (crash between effect and answer), "request.already_created"
  /// (the answer held a secret or was too large, and was not kept).
  sdk::Result<std::variant<Taken, http::Response>> begin(const IdempotentRequest& request);
  /// Keeps the answer; with `keep_body` false only that the request succeeded.
  sdk::Result<void> finish(const IdempotentRequest& request, const http::Response& response, bool keep_body);
  /// The request had no effect: the key is free again.
  sdk::Result<void> abandon(const IdempotentRequest& request);
  /// Deletes keys past their lifetime, at most 5,000; begin() does so now and then.
  sdk::Result<std::uint64_t> remove_expired();

 private:
  sdk::Result<std::variant<Taken, http::Response>> judge_repeat(const IdempotentRequest& request);
  void remove_expired_now_and_then();

  storage::Database& database_;
  const sdk::Clock& clock_;
  const std::chrono::milliseconds lifetime_;
  const std::chrono::milliseconds under_way_max_;
  std::atomic<std::chrono::system_clock::rep> next_removal_{0};
};

}  // namespace patchbay::gateway
