#include "engine/queue/road.hpp"

#include <gtest/gtest.h>

namespace patchbay::queue {
namespace {

TEST(Road, AnEntryIsReadBackAsItWasWritten) {
  const RoadLoad load{"webhook", {1, 20, 9'223'372'036'854'775'807}};
  const redis::Command command = make_entry("patchbay:main:road", load);
  ASSERT_EQ(command.size(), 7u);
  EXPECT_EQ(command[0], "XADD");
  redis::StreamEntry entry{"1-1", {{command[3], command[4]}, {command[5], command[6]}}};
  const RoadLoad read = parse_entry(entry);
  EXPECT_EQ(read.kind, load.kind);
  EXPECT_EQ(read.ids, load.ids);
}

TEST(Road, AForeignEntryYieldsNothing) {
  EXPECT_TRUE(parse_entry({"1-1", {{"ids", "abc"}, {"other", "1"}}}).ids.empty());
  EXPECT_TRUE(parse_entry({"1-1", {}}).ids.empty());
  EXPECT_EQ(parse_entry({"1-1", {{"ids", "5,x,6"}}}).ids, (std::vector<std::int64_t>{5}));
}

}  // namespace
}  // namespace patchbay::queue
