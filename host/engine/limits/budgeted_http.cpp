#include "engine/limits/budgeted_http.hpp"

#include <charconv>

namespace patchbay::limits {
namespace {

constexpr std::chrono::milliseconds kWorthCounting{5};
constexpr std::chrono::seconds kHoldDefault{1};
constexpr std::chrono::seconds kHoldMax{300};

/// Gives the place back however the call ends.
class Place {
 public:
  explicit Place(std::shared_ptr<RateBudget> budget) : budget_(std::move(budget)) {}
  ~Place() {
    if (budget_ != nullptr) budget_->finish();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::shared_ptr<RateBudget> budget_;
};

std::chrono::seconds retry_after(const sdk::HttpResponse& response) {
  const auto header = sdk::find_header(response.headers, "Retry-After");
  long seconds = 0;
  if (header) std::from_chars(header->data(), header->data() + header->size(), seconds);
  if (seconds <= 0) return kHoldDefault;
  return std::min(std::chrono::seconds(seconds), kHoldMax);
}

}  // namespace

std::shared_ptr<RateBudget> BudgetedHttp::group(const std::string& name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : found->second;
}

sdk::Result<sdk::HttpResponse> BudgetedHttp::send(const sdk::CallContext& context, const sdk::HttpRequest& request) {
  std::chrono::milliseconds waited{0};
  const auto all = group("*");
  if (all != nullptr) {
    PATCHBAY_ASSIGN(const auto wait, all->take(context, request.cost));
    waited += wait;
  }
  const Place all_place(all);
  const auto own = request.limit_group == "*" ? nullptr : group(request.limit_group);
  if (own != nullptr) {
    PATCHBAY_ASSIGN(const auto wait, own->take(context, request.cost));
    waited += wait;
  }
  const Place own_place(own);
  if (waited >= kWorthCounting) {
    wait_count_.fetch_add(1);
    wait_ms_.fetch_add(waited.count());
  }
  auto response = inner_.send(context, request);
  if (response.ok() && response->status == 429) {
    const auto until = std::chrono::steady_clock::now() + retry_after(*response);
    if (own != nullptr) own->hold_until(until);
    if (own == nullptr && all != nullptr) all->hold_until(until);
  }
  return response;
}

RateLimitWaits BudgetedHttp::waits() const {
  return {wait_count_.load(), std::chrono::milliseconds(wait_ms_.load())};
}

}  // namespace patchbay::limits
