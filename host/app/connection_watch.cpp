#include "app/connection_watch.hpp"

#include "platform/base/log.hpp"

namespace patchbay::app {
namespace {

constexpr std::chrono::seconds kRefreshEvery{30};
constexpr std::chrono::seconds kRetryAfter{1};

}  // namespace

ConnectionWatch::ConnectionWatch(connections::ConnectionStore& store, redis::Client& redis)
    : store_(store), redis_(redis) {}

ConnectionWatch::~ConnectionWatch() {
  stop();
}

void ConnectionWatch::start() {
  thread_ = std::thread([this] { run(); });
  subscription_ = std::make_unique<redis::Subscription>(
      redis_, std::vector{channel()}, [this](const std::string&, const std::string&) { signal_.wake(); },
      [this] { signal_.wake(); });
}

void ConnectionWatch::stop() {
  subscription_.reset();
  signal_.stop();
  if (thread_.joinable()) thread_.join();
}

void ConnectionWatch::changed() {
  const auto refreshed = store_.refresh();
  if (!refreshed.ok()) signal_.wake();
  // Hosts that miss this see the change within their 30 s.
  (void)redis_.command({"PUBLISH", channel(), "changed"});
}

void ConnectionWatch::run() {
  bool failed = false;
  while (signal_.wait_for(failed ? std::chrono::milliseconds(kRetryAfter) : std::chrono::milliseconds(kRefreshEvery))) {
    const auto refreshed = store_.refresh();
    if (!refreshed.ok() && !failed) {
      base::log_warning("connections", "the connections could not be read anew; the last known ones stay in force",
                        {{"reason", refreshed.error().message}});
    }
    failed = !refreshed.ok();
  }
}

}  // namespace patchbay::app
