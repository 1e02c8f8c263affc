#include "engine/limits/budgeted_http.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

namespace patchbay::limits {
namespace {

constexpr std::chrono::milliseconds kWorthCounting{5};
constexpr std::chrono::seconds kHoldDefault{1};
constexpr std::chrono::seconds kHoldMax{300};

/// What was taken of one budget; the place is given back however the call ends.
class Place {
 public:
  explicit Place(std::shared_ptr<RateBudget> budget) : budget_(std::move(budget)) {}
  ~Place() {
    if (!taken_) return;
    if (used_) {
      budget_->finish(*taken_);
    } else {
      budget_->give_back(*taken_);
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// How long it waited; 0 where there is no budget.
  sdk::Result<std::chrono::milliseconds> take(const sdk::CallContext& context, double cost) {
    if (budget_ == nullptr) return std::chrono::milliseconds(0);
    PATCHBAY_ASSIGN(taken_, budget_->take(context, cost));
    return taken_->waited;
  }
  /// The call goes out: its points are spent.
  void use() { used_ = true; }
  void hold_for(std::chrono::milliseconds duration) {
    if (budget_ != nullptr) budget_->hold_for(duration);
  }
  bool bounded() const { return budget_ != nullptr; }

 private:
  const std::shared_ptr<RateBudget> budget_;
  std::optional<RateBudget::Taken> taken_;
  bool used_ = false;
};

/// What `Retry-After` says: seconds, or a date (RFC 9110 §10.2.3); nullopt where it is missing or makes no sense.
std::optional<std::chrono::milliseconds> retry_after(const sdk::HttpResponse& response) {
  const auto header = sdk::find_header(response.headers, "Retry-After");
  if (!header || header->empty()) return std::nullopt;
  long seconds = 0;
  const auto read = std::from_chars(header->data(), header->data() + header->size(), seconds);
  if (read.ec == std::errc() && read.ptr == header->data() + header->size()) {
    if (seconds < 0) return std::nullopt;
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), kHoldMax);
  }
  std::tm date{};
  const char* end = strptime(header->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto until = std::chrono::system_clock::from_time_t(timegm(&date));
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::system_clock::now());
  return std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds(0), kHoldMax);
}

/// How long nothing may go out after this answer: 429 always, 503 where it names a time.
std::chrono::milliseconds hold_after(const sdk::HttpResponse& response) {
  if (response.status == 429)
    return std::max<std::chrono::milliseconds>(retry_after(response).value_or(kHoldDefault),
                                               std::chrono::milliseconds(1));
  if (response.status == 503) return retry_after(response).value_or(std::chrono::milliseconds(0));
  return std::chrono::milliseconds(0);
}

}  // namespace

std::shared_ptr<RateBudget> BudgetedHttp::group(const std::string& name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : found->second;
}

sdk::Result<sdk::HttpResponse> BudgetedHttp::send(const sdk::CallContext& context, const sdk::HttpRequest& request) {
  Place all(group("*"));
  Place own(request.limit_group == "*" ? nullptr : group(request.limit_group));
  PATCHBAY_ASSIGN(const auto for_own, own.take(context, request.cost));
  PATCHBAY_ASSIGN(const auto for_all, all.take(context, request.cost));
  const auto waited = for_own + for_all;
  if (waited >= kWorthCounting) {
    wait_count_.fetch_add(1);
    wait_ms_.fetch_add(waited.count());
  }
  own.use();
  all.use();
  auto response = inner_.send(context, request);
  const auto hold = response.ok() ? hold_after(*response) : std::chrono::milliseconds(0);
  if (hold.count() > 0) (own.bounded() ? own : all).hold_for(hold);
  return response;
}

RateLimitWaits BudgetedHttp::waits() const {
  return {wait_count_.load(), std::chrono::milliseconds(wait_ms_.load())};
}

}  // namespace patchbay::limits
