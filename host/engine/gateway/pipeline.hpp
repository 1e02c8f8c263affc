// What every request passes, in ONE list: see default_pipeline().
#pragma once

#include "engine/gateway/access_log.hpp"
#include "engine/gateway/authenticator.hpp"
#include "engine/gateway/cors.hpp"
#include "engine/gateway/idempotency_store.hpp"
#include "engine/gateway/rate_limiter.hpp"
#include "engine/gateway/router.hpp"
#include "engine/gateway/security_audit.hpp"
#include "engine/gateway/trace_context.hpp"
#include "engine/policy/policy.hpp"
#include "platform/base/worker_pool.hpp"

#include <optional>
#include <span>
#include <variant>

namespace patchbay::gateway {

struct GatewaySettings {
  std::vector<std::string> cors_origins;
  bool access_log = true;
  std::size_t compress_bytes_min = 1024;
  std::size_t compress_inline_bytes_max = 4096;      // larger bodies are not compressed on an I/O thread
  std::chrono::milliseconds queue_wait_max{10'000};  // who waited longer for a worker is answered 503, not served late
};

/// What the gateway works with. All outlive it.
struct GatewayParts {
  const policy::Policy& policy;
  Authenticator& authenticator;
  RateLimiter& limiter;
  IdempotencyStore& idempotency;
  SecurityAudit& audit;
  base::WorkerPool& workers;          // blocking handlers
  base::WorkerPool& sign_in_workers;  // routes of LimitClass::kAuth: hashing passwords must not hold up the rest
  base::Metrics& metrics;
};

/// Counters of one route, looked up once.
struct RouteMetrics {
  std::vector<base::Counter> by_status_class;  // 1xx … 5xx
  base::Histogram duration;
};

/// One request under way. Touched by one thread at a time.
struct Exchange {
  RequestContext context;
  http::Responder responder;  // the server's
  Match match;
  const Route* route = nullptr;
  std::string span_id;
  std::size_t entered = 0;  // stages that were entered: these are left again
  bool on_worker = false;
  bool address_counted = false;
  std::optional<IdempotentRequest> idempotent;  // taken, not finished
  std::string error_code;
};

/// What the stages share. Immutable once the server runs.
struct Services {
  GatewaySettings settings;
  GatewayParts parts;
  Router router;
  Cors cors;
  SpanIds span_ids;
  std::vector<RouteMetrics> route_metrics;  // by route, and one more for what no route took
  base::Counter refused;                    // missing permission
  std::unique_ptr<AccessLog> access_log;    // null: switched off
};

/// How a stage ends: on to the next one, the same one again on a worker thread, or the answer.
struct GoOn {};
struct ToWorker {};
using Outcome = std::variant<GoOn, ToWorker, http::Response, sdk::Error>;

struct Stage {
  std::string_view name;
  Outcome (*enter)(Services&, Exchange&);                // null: nothing on the way in
  void (*leave)(Services&, Exchange&, http::Response&);  // null: nothing on the way out
};

/// The order of everything that happens to a request before its handler; on the way out the same backwards.
std::span<const Stage> default_pipeline();

}  // namespace patchbay::gateway
