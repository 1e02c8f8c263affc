#include "engine/queue/inbox.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace patchbay::queue {
namespace {

using std::chrono::milliseconds;

std::vector<std::int64_t> ids_of(const std::vector<Ticket>& tickets) {
  std::vector<std::int64_t> ids;
  for (const Ticket& ticket : tickets) ids.push_back(ticket.id);
  return ids;
}

TEST(Inbox, SharesWhatIsThereBetweenTheTakers) {
  Inbox inbox(100);
  EXPECT_EQ(inbox.put({1, 2, 3, 4, 5}), 5u);
  EXPECT_EQ(ids_of(inbox.take(10, 2, milliseconds(0))), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(ids_of(inbox.take(10, 1, milliseconds(0))), (std::vector<std::int64_t>{4, 5}));
}

TEST(Inbox, TakesNoMoreThanItsBound) {
  Inbox inbox(3);
  EXPECT_EQ(inbox.put({1, 2, 3, 4, 5}), 3u);
  EXPECT_EQ(inbox.put({6}), 0u);
  EXPECT_EQ(inbox.size(), 3u);
}

TEST(Inbox, WhatWasPutBackComesAgainLaterAndNotForEver) {
  Inbox inbox(10);
  inbox.put({7});
  auto tickets = inbox.take(1, 1, milliseconds(0));
  int returns = 0;
  auto last = std::chrono::steady_clock::now();
  milliseconds last_wait{0};
  while (!tickets.empty()) {
    inbox.put_back(tickets);
    tickets = inbox.take(1, 1, milliseconds(5'000));
    if (tickets.empty() || inbox.size() > 0) break;
    const auto now = std::chrono::steady_clock::now();
    const auto waited = std::chrono::duration_cast<milliseconds>(now - last);
    EXPECT_GT(waited + milliseconds(4), last_wait);
    last_wait = waited;
    last = now;
    if (++returns == 7) break;
  }
  EXPECT_EQ(returns, 7);
  inbox.put_back(tickets);
  EXPECT_EQ(inbox.size(), 0u) << "after the last return it is left to the sweeper";
}

TEST(Inbox, StopEndsAWaitAndHandsBackWhatIsLeft) {
  Inbox inbox(10);
  std::thread taker([&] { EXPECT_TRUE(inbox.take(1, 1, std::chrono::seconds(60)).empty()); });
  EXPECT_TRUE(inbox.stop().empty());
  taker.join();
  Inbox other(10);
  other.put({1, 2});
  EXPECT_EQ(other.stop(), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(other.put({3}), 0u);
}

}  // namespace
}  // namespace patchbay::queue
