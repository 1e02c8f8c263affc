// Ids of one kind on their way from the road to the worker threads of a host.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

namespace patchbay::queue {

struct Ticket {
  std::int64_t id = 0;
  int tries = 0;  // how often its lane was found taken
};

/// Bounded, thread-safe. Nothing in it is lost for good when it is dropped: the sweeper finds the rows.
class Inbox {
 public:
  explicit Inbox(std::size_t ids_max) : ids_max_(ids_max) {}

  /// How many were taken; the rest did not fit.
  std::size_t put(const std::vector<std::int64_t>& ids);
  /// Ids whose lane was taken come back a little later, each time later, and are left to the sweeper after a few times.
  void put_back(std::vector<Ticket> tickets);
  /// At most `count_max`, and not more than a fair part for each of `taker_count` threads. Empty after `wait` or
  /// stop().
  std::vector<Ticket> take(std::size_t count_max, std::size_t taker_count, std::chrono::milliseconds wait);
  /// Waits until less than half full. false: still fuller after `wait`.
  bool wait_for_room(std::chrono::milliseconds wait);
  std::size_t size() const;
  /// Ends every wait; what is left is returned.
  std::vector<std::int64_t> stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  void take_ripe(Time now);

  const std::size_t ids_max_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable emptied_;
  std::deque<Ticket> ready_;
  std::multimap<Time, Ticket> later_;
  bool stopped_ = false;
};

}  // namespace patchbay::queue
