// Calls into a service that wait for its rate limit and repeat what may pass, by the error's class.
#pragma once

#include "platform/base/backoff.hpp"
#include "platform/base/stop_signal.hpp"

#include <patchbay/sdk/service_client.hpp>

#include <algorithm>
#include <mutex>

namespace patchbay::sync {

struct CallSettings {
  std::chrono::milliseconds call_timeout{60'000};
  std::chrono::milliseconds rate_limit_wait{1'000};  // where the service named none
  std::chrono::milliseconds wait_max{120'000};       // whatever the service asks for
  base::Backoff backoff{std::chrono::milliseconds(500), std::chrono::seconds(30), 2.0};
  std::uint32_t tries_max = 6;  // in a row, for errors that may pass; waiting for a rate limit is not a try
};

/// Waits that the service asked for.
struct CallWaits {
  std::uint64_t count = 0;
  std::chrono::milliseconds total{0};
};

/// Thread-safe.
class ServiceCaller {
 public:
  ServiceCaller(CallSettings settings, sdk::Lane lane, sdk::CancelToken cancel);
  /// `call(context) → Result<…>`, until it succeeds, cannot succeed, or the tries are used up.
  template <typename Call>
  auto operator()(const Call& call) -> decltype(call(std::declval<const sdk::CallContext&>())) {
    for (std::uint32_t tries = 1;; ++tries) {
      auto result = call(make_context());
      if (result.ok()) return result;
      const std::optional<std::chrono::milliseconds> pause = pause_after(result.error(), tries);
      if (!pause || !wait(*pause)) return result;
    }
  }
  CallWaits waits() const;
  const sdk::CancelToken& cancel() const { return cancel_; }

 private:
  sdk::CallContext make_context() const;
  /// How long to wait before the next try; nullopt: no more. Takes back a try that was only a rate limit's wait.
  std::optional<std::chrono::milliseconds> pause_after(sdk::Error& error, std::uint32_t& tries);
  /// false: cancelled meanwhile.
  bool wait(std::chrono::milliseconds duration);

  const CallSettings settings_;
  const sdk::Lane lane_;
  const sdk::CancelToken cancel_;
  mutable std::mutex mutex_;
  CallWaits waits_;
};

}  // namespace patchbay::sync
