#include "engine/gateway/pipeline.hpp"

#include "engine/gateway/stages.hpp"

#include <array>

namespace patchbay::gateway {

std::span<const Stage> default_pipeline() {
  using namespace stages;
  static constexpr std::array kPipeline{
      // What surrounds every answer, also a refusal.
      Stage{"request_id", enter_request_id, leave_request_id},     // X-Request-Id and traceparent, in and out
      Stage{"access_log", nullptr, leave_access_log},              // one line, one count, one duration
      Stage{"errors", nullptr, leave_errors},                      // no error leaves without its document
      Stage{"security_headers", nullptr, leave_security_headers},  // nosniff, CSP, HSTS, no-store …
      Stage{"cors", enter_cors, leave_cors},                       // answers preflights; echoes allowed origins
      Stage{"compress", nullptr, leave_compress},                  // gzip on large bodies
      Stage{"conditional", nullptr, leave_conditional},            // If-None-Match → 304
      // May this caller do this, now?
      Stage{"find_route", enter_find_route, nullptr},          // only looks: scans are counted before they are answered
      Stage{"limit_address", enter_limit_address, nullptr},    // 429: without a sign-in, and auth endpoints
      Stage{"refuse_unknown", enter_refuse_unknown, nullptr},  // 404, 405 with Allow
      Stage{"authenticate", enter_authenticate, nullptr},      // 401
      Stage{"limit_user", enter_limit_user, nullptr},          // 429
      Stage{"permission", enter_permission, nullptr},          // 403
      // Is it well formed, and the first of its kind?
      Stage{"path_ids", enter_path_ids, nullptr},                  // 400 for an {id} that is no UUID
      Stage{"body", enter_body, nullptr},                          // 415, 400 for broken JSON
      Stage{"limit_account", enter_limit_account, nullptr},        // 429 by the account that the body names
      Stage{"idempotency", enter_idempotency, leave_idempotency},  // a repeat gets the first answer
      // The handler itself: on a worker (BlockingHandler) or on the connection's I/O thread (AsyncHandler).
      Stage{"handler", nullptr, nullptr},
  };
  return kPipeline;
}

}  // namespace patchbay::gateway
