#include "engine/events/position.hpp"

#include <gtest/gtest.h>

namespace patchbay::events {
namespace {

TEST(Position, IsReadBackAsItWasWritten) {
  const Position position{18446744073709551615ULL, 9223372036854775807LL};
  EXPECT_EQ(parse_position(format_position(position)), position);
  EXPECT_EQ(format_position({7, 12}), "7-12");
}

TEST(Position, RefusesWhatItWouldNotWrite) {
  for (const char* text : {"", "7", "7-", "-7", "7--1", "+7-1", "7-1 ", "a-1", "7-1-2", "99999999999999999999-1"}) {
    EXPECT_FALSE(parse_position(text).has_value()) << text;
  }
}

TEST(Position, OrdersByTransactionThenId) {
  EXPECT_LT((Position{7, 900}), (Position{8, 1}));
  EXPECT_LT((Position{7, 1}), (Position{7, 2}));
}

}  // namespace
}  // namespace patchbay::events
