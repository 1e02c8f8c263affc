// The road: a Redis stream that carries ids of work to the workers. It holds nothing that is not in PostgreSQL.
#pragma once

#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/redis/client.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::queue {

/// Ids of one kind, or of any kind where `kind` is empty.
struct RoadLoad {
  std::string kind;
  std::vector<std::int64_t> ids;
};

/// Several ids travel in one stream entry, which makes the road cheap under load.
redis::Command make_entry(const std::string& stream_key, const RoadLoad& load);
RoadLoad parse_entry(const redis::StreamEntry& entry);

/// Puts ids on the road from a thread of its own. Thread-safe; announcing never blocks.
class Road {
 public:
  static constexpr std::size_t kIdsPerEntry = 64;

  Road(redis::Client& client, base::Metrics& metrics);
  ~Road();
  void start();
  /// Sends what is still buffered, then ends.
  void stop();
  /// Ids beyond the buffer's bound and ids that Redis does not take are dropped: the sweeper finds the rows.
  void announce(const std::string& kind, const std::vector<std::int64_t>& ids);
  /// Entries that nobody has read yet.
  sdk::Result<std::size_t> length() const;
  const std::string& stream_key() const { return stream_key_; }
  redis::Client& client() const { return client_; }

 private:
  void run();
  void send_buffered();

  redis::Client& client_;
  const std::string stream_key_;
  base::Counter announced_count_;
  base::Counter dropped_count_;
  base::StopSignal signal_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::int64_t>> buffer_;  // by kind
  std::size_t buffered_ = 0;
  std::thread thread_;
};

}  // namespace patchbay::queue
