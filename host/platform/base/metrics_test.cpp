#include "platform/base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace patchbay::base {
namespace {

using testing::HasSubstr;

TEST(Metrics, RendersEveryKindAsPrometheusText) {
  Metrics metrics;
  metrics.counter("patchbay_test_calls_total", "Calls.", {{"route", "/a\"b"}}).add(2);
  metrics.gauge("patchbay_test_open", "Open now.").set(-1.5);
  metrics.histogram("patchbay_test_wait_seconds", "Waiting.").observe(0.02);
  const std::string text = metrics.render();
  EXPECT_THAT(text, HasSubstr("# HELP patchbay_test_calls_total Calls.\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE patchbay_test_calls_total counter\n"));
  EXPECT_THAT(text, HasSubstr("patchbay_test_calls_total{route=\"/a\\\"b\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("patchbay_test_open -1.5\n"));
  EXPECT_THAT(text, HasSubstr("patchbay_test_wait_seconds_bucket{le=\"0.01\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("patchbay_test_wait_seconds_bucket{le=\"0.025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("patchbay_test_wait_seconds_count 1\n"));
}

TEST(Metrics, GivesTheSameSeriesForTheSameNameAndLabels) {
  Metrics metrics;
  const Counter first = metrics.counter("patchbay_test_total", "Help.", {{"a", "1"}});
  metrics.counter("patchbay_test_total", "Help.", {{"a", "1"}}).add();
  metrics.counter("patchbay_test_total", "Help.", {{"a", "2"}}).add(5);
  first.add();
  EXPECT_DOUBLE_EQ(first.value(), 2);
  const Gauge gauge = metrics.gauge("patchbay_test_level", "Help.");
  gauge.add(3);
  gauge.add(-1);
  EXPECT_DOUBLE_EQ(metrics.gauge("patchbay_test_level", "Help.").value(), 2);
}

TEST(Metrics, CountsFromManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&] {
      const Counter counter = metrics.counter("patchbay_test_total", "Help.");
      for (int round = 0; round < 10'000; ++round) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_DOUBLE_EQ(metrics.counter("patchbay_test_total", "Help.").value(), 40'000);
}

}  // namespace
}  // namespace patchbay::base
