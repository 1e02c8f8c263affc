#pragma once

#include "engine/limits/rate_budget.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <atomic>

namespace patchbay::limits {

/// Waits of one client, for the sync run's row.
struct RateLimitWaits {
  std::uint64_t count = 0;
  std::chrono::milliseconds total{0};
};

/// HTTP that spends from the connection's budgets first: the call's own group and "*".
class BudgetedHttp : public sdk::HttpClient {
 public:
  BudgetedHttp(sdk::HttpClient& inner, RateBudgets::Groups groups) : inner_(inner), groups_(std::move(groups)) {}
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest& request) override;
  RateLimitWaits waits() const;

 private:
  std::shared_ptr<RateBudget> group(const std::string& name) const;
  sdk::HttpClient& inner_;
  RateBudgets::Groups groups_;
  std::atomic<std::uint64_t> wait_count_{0};
  std::atomic<std::int64_t> wait_ms_{0};
};

}  // namespace patchbay::limits
