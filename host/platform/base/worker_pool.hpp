#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::base {

/// A named pool of threads with a bounded queue. A full queue is said to the caller, who answers for it (503, wait,
/// drop). An exception that escapes a task is logged and ends that task only.
class WorkerPool {
 public:
  WorkerPool(std::string name, std::size_t thread_count, std::size_t queue_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// false: the queue is full or the pool is stopping; the task was not taken.
  [[nodiscard]] bool try_submit(std::function<void()> task);
  std::size_t queued_count() const;
  /// Takes no more tasks, finishes the queued ones, joins. Idempotent.
  void stop();

 private:
  void run();

  const std::string name_;
  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace patchbay::base
