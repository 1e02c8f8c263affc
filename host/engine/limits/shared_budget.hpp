// One rate budget in Redis, spent from by every process of the hub: a token bucket with a bound on calls under way. One
// script and one round trip for each step; time is the server's.
#pragma once

#include "platform/redis/client.hpp"

#include <patchbay/sdk/description.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace patchbay::limits {

/// Thread-safe. Errors are those of redis::Client.
class SharedBudget {
 public:
  /// `subject`: application and account; the group's name is added. `client` outlives it.
  SharedBudget(redis::Client& client, const std::string& subject, const sdk::RateBudgetDescription& description);

  struct Request {
    double cost = 1;
    double reserve = 0;             // points to be left to the lanes before
    std::string lease;              // names this call among those under way
    std::optional<double> at_most;  // points there can be left, as seen while Redis was away
  };
  struct Verdict {
    std::chrono::milliseconds wait{0};  // 0: taken
    bool crowded = false;               // too many calls under way: nobody knows how long
    double points = 0;                  // left in the bucket
  };
  sdk::Result<Verdict> take(const Request& request);
  /// The call is over. A call whose process died is over after five minutes.
  sdk::Result<void> finish(const std::string& lease);
  /// The call was not made after all.
  sdk::Result<void> give_back(double cost, const std::string& lease);
  /// The service said to wait: nothing is given out before then, to nobody.
  sdk::Result<void> hold(std::chrono::milliseconds duration);

 private:
  sdk::Result<redis::Reply> run(std::vector<std::string> arguments);
  redis::Client& client_;
  const sdk::RateBudgetDescription description_;
  const std::string bucket_key_, calls_key_;
};

}  // namespace patchbay::limits
