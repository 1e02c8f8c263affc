// One process that spends from a shared rate budget as fast as it may: `budget_worker REDIS NAME LANE SECONDS`. Prints
// how many calls it could make.
#include "engine/limits/rate_budget.hpp"

#include <cstdio>

namespace patchbay::testing {
namespace {

int run(const std::vector<std::string>& arguments) {
  base::Metrics metrics;
  redis::RedisSettings settings;
  settings.url = arguments[0];
  settings.name = arguments[1];
  redis::Client redis(settings, metrics);
  limits::RateBudgets budgets(&redis);
  const auto budget = budgets.of_subject("books:1", {{"*", 40, 20, 0}}).at("*");
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(std::stol(arguments[3]));
  std::atomic<int> calls{0};
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&] {
      while (true) {
        sdk::CallContext context;
        context.deadline = end;
        context.lane = sdk::parse_lane(arguments[2]);
        const auto taken = budget->take(context, 1);
        if (!taken.ok()) return;
        ++calls;
        budget->finish(*taken);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("calls %d\n", calls.load());
  return 0;
}

}  // namespace
}  // namespace patchbay::testing

int main(int count, char** values) {
  if (count != 5) return 2;
  return patchbay::testing::run({values + 1, values + count});
}
