#include "engine/gateway/access_log.hpp"

#include "platform/base/log.hpp"

#include <patchbay/sdk/json.hpp>

#include <utility>

namespace patchbay::gateway {
namespace {

constexpr std::size_t kWaitingMax = 20'000;
constexpr std::chrono::milliseconds kPeriod{50};

void write(const AccessLine& line) {
  sdk::json::object fields;
  fields.reserve(9);
  fields.emplace("method", line.method);
  fields.emplace("path", line.path);
  fields.emplace("status", line.status);
  fields.emplace("ms", std::chrono::duration<double, std::milli>(line.duration).count());
  fields.emplace("bytes", line.body_bytes);
  fields.emplace("requestId", line.request_id);
  fields.emplace("address", line.address);
  if (!line.user_id.empty()) fields.emplace("user", line.user_id);
  if (!line.code.empty()) fields.emplace("code", line.code);
  base::log_info("access", "request", fields);
}

}  // namespace

AccessLog::AccessLog(base::Metrics& metrics)
    : dropped_(
          metrics.counter("patchbay_gateway_access_lines_dropped_total", "Access log lines that were not written.")),
      thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
  stop_.stop();
  thread_.join();
}

void AccessLog::add(AccessLine line) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kWaitingMax) {
    waiting_.push_back(std::move(line));
  } else {
    dropped_.add();
  }
}

void AccessLog::run() {
  while (stop_.wait_for(kPeriod)) write_waiting();
  write_waiting();
}

void AccessLog::write_waiting() {
  std::vector<AccessLine> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(waiting_);
  }
  for (const auto& line : lines) write(line);
}

}  // namespace patchbay::gateway
