#include "app/connection_retry.hpp"

#include "platform/base/log.hpp"

namespace patchbay::app {
namespace {

constexpr std::chrono::milliseconds kEvery{5000};

}  // namespace

ConnectionRetry::~ConnectionRetry() {
  stop();
}

void ConnectionRetry::start() {
  thread_ = std::thread([this] { run(); });
}

void ConnectionRetry::stop() {
  signal_.stop();
  if (thread_.joinable()) thread_.join();
}

void ConnectionRetry::run() {
  bool failing = false;
  while (signal_.wait_for(kEvery)) {
    const auto retried = flow_.retry();
    // The first failure is worth a line, not each look after it.
    if (!retried.ok() && !failing)
      base::log_warning("connections", "connections could not be tried again", {{"code", retried.error().code}});
    failing = !retried.ok();
  }
}

}  // namespace patchbay::app
