// What is to go wrong: planned by tests, used up by calls and deliveries.
#pragma once

#include "tests/sandbox/random.hpp"
#include "tests/sandbox/wire_json.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace patchbay::sandbox {

enum class FaultKind {
  kLatency,    // the answer is held back
  kRateLimit,  // the service's own refusal
  kServerError,
  kReset,      // the connection is cut
  kMalformed,  // the answer breaks off in the middle of its JSON
  kExpiredToken,
  kForbidden,    // a permission is missing
  kLockTimeout,  // the object is locked (Stripe: a 429 that is no rate limit)
  kWebhookDuplicate,
  kWebhookDelay,  // deliveries overtake each other
  kWebhookDrop,   // never sent: only a reconciliation finds the change
  kWebhookBadSignature,
};

std::string_view fault_kind_name(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view name);

struct Fault {
  std::uint64_t id = 0;
  std::string service;  // empty: every service
  std::string match;    // part of, or pattern in, "METHOD path" or the operation's name; empty: every call
  FaultKind kind = FaultKind::kServerError;
  std::optional<std::uint64_t> remaining;  // for the next so many calls
  double share = 1.0;                      // or this part of them
  int status = 0;                          // instead of the kind's own
  std::chrono::milliseconds delay{0};
  bool after = false;  // the call takes effect, its answer is lost
  std::uint64_t used = 0;
  std::optional<std::regex> pattern;

  json::object view() const;
};

/// What one call meets: a delay, and at most one failure.
struct FaultDecision {
  std::chrono::milliseconds delay{0};
  std::optional<Fault> failure;
};

/// Thread-safe: calls and deliveries ask from their own threads.
class FaultPlan {
 public:
  explicit FaultPlan(std::uint64_t seed) : random_(derived_random(seed, "faults")) {}

  /// From the body of POST /_sandbox/faults.
  sdk::Result<json::object> add(const json::value& body);
  FaultDecision decide(std::string_view service, std::string_view call, std::string_view operation);
  /// Whether a delivery of `topic` meets a fault of this kind; gives its delay.
  std::optional<std::chrono::milliseconds> decide_delivery(FaultKind kind, std::string_view service,
                                                           std::string_view topic);
  json::array view() const;
  bool remove(std::uint64_t id);
  void clear();

 private:
  bool meets(Fault& fault, std::string_view service, std::string_view call, std::string_view operation);
  void drop_used_up();

  mutable std::mutex mutex_;
  Random random_;
  std::uint64_t last_id_ = 0;
  std::vector<Fault> faults_;
};

}  // namespace patchbay::sandbox
