#include "engine/queue/road.hpp"

#include "platform/base/log.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::queue {
namespace {

constexpr std::size_t kBufferedMax = 100'000;
constexpr std::chrono::milliseconds kIdle{1'000};

}  // namespace

redis::Command make_entry(const std::string& stream_key, const RoadLoad& load) {
  std::string ids;
  for (const std::int64_t id : load.ids) {
    if (!ids.empty()) ids += ',';
    ids += std::to_string(id);
  }
  return {"XADD", stream_key, "*", "kind", load.kind, "ids", std::move(ids)};
}

RoadLoad parse_entry(const redis::StreamEntry& entry) {
  RoadLoad load;
  for (const auto& [name, value] : entry.fields) {
    if (name == "kind") load.kind = value;
    if (name != "ids") continue;
    const char* at = value.data();
    const char* const end = at + value.size();
    while (at < end) {
      std::int64_t id = 0;
      const auto [next, problem] = std::from_chars(at, end, id);
      if (problem != std::errc{}) break;  // not ours; the rows are safe in PostgreSQL
      load.ids.push_back(id);
      at = next < end ? next + 1 : end;
    }
  }
  return load;
}

Road::Road(redis::Client& client, base::Metrics& metrics)
    : client_(client),
      stream_key_(client.key("road")),
      announced_count_(metrics.counter("patchbay_queue_announced_total", "Ids of work put on the road")),
      dropped_count_(metrics.counter("patchbay_queue_unannounced_total", "Ids of work left to the sweeper")) {}

Road::~Road() {
  stop();
}

void Road::start() {
  thread_ = std::thread([this] { run(); });
}

void Road::stop() {
  signal_.stop();
  if (thread_.joinable()) thread_.join();
}

void Road::announce(const std::string& kind, const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t room = kBufferedMax - std::min(kBufferedMax, buffered_);
    const std::size_t taken = std::min(room, ids.size());
    auto& waiting = buffer_[kind];
    waiting.insert(waiting.end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(taken));
    buffered_ += taken;
    if (taken < ids.size()) dropped_count_.add(static_cast<double>(ids.size() - taken));
  }
  signal_.wake();
}

sdk::Result<std::size_t> Road::length() const {
  PATCHBAY_ASSIGN(const redis::Reply reply, client_.command({"XLEN", stream_key_}));
  return static_cast<std::size_t>(std::max(reply.integer, 0LL));
}

void Road::run() {
  while (signal_.wait_for(kIdle)) send_buffered();
  send_buffered();
}

void Road::send_buffered() {
  std::map<std::string, std::vector<std::int64_t>> buffer;
  {
    const std::lock_guard lock(mutex_);
    buffer.swap(buffer_);
    buffered_ = 0;
  }
  std::vector<redis::Command> commands;
  std::size_t count = 0;
  for (const auto& [kind, ids] : buffer) {
    for (std::size_t from = 0; from < ids.size(); from += kIdsPerEntry) {
      const std::size_t upto = std::min(from + kIdsPerEntry, ids.size());
      commands.push_back(make_entry(
          stream_key_,
          {kind, {ids.begin() + static_cast<std::ptrdiff_t>(from), ids.begin() + static_cast<std::ptrdiff_t>(upto)}}));
    }
    count += ids.size();
  }
  if (commands.empty()) return;
  const auto replies = client_.pipeline(commands);
  (replies.ok() ? announced_count_ : dropped_count_).add(static_cast<double>(count));
  if (!replies.ok()) {
    base::log_debug("queue", "the road is closed; the sweeper will find the work", {{"code", replies.error().code}});
  }
}

}  // namespace patchbay::queue
