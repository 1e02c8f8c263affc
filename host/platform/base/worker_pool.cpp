#include "platform/base/worker_pool.hpp"

#include "platform/base/log.hpp"

#include <exception>

namespace patchbay::base {

WorkerPool::WorkerPool(std::string name, std::size_t thread_count, std::size_t queue_max)
    : name_(std::move(name)), queue_max_(queue_max) {
  threads_.reserve(thread_count);
  try {
    for (std::size_t index = 0; index < thread_count; ++index) threads_.emplace_back([this] { run(); });
  } catch (...) {
    // The system gave fewer threads than asked for: those that run must end before the members go.
    stop();
    throw;
  }
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::try_submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= queue_max_) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

std::size_t WorkerPool::queued_count() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void WorkerPool::stop() {
  std::vector<std::thread> ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(threads_);
  }
  wake_.notify_all();
  for (std::thread& thread : ending) thread.join();
}

void WorkerPool::run() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    try {
      task();
    } catch (const std::exception& thrown) {
      log_error("base", "A task of a worker pool threw an exception.", {{"pool", name_}, {"exception", thrown.what()}});
    } catch (...) {
      log_error("base", "A task of a worker pool threw an exception.", {{"pool", name_}, {"exception", "unknown"}});
    }
  }
}

}  // namespace patchbay::base
