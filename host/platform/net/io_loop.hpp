// One I/O thread: its event loop, the connections that live on it and the coarse clock that times them all out.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::net {

using Executor = boost::asio::io_context::executor_type;
using TimePoint = std::chrono::steady_clock::time_point;

/// Lives on one loop; every method is called on its thread.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Called a few times a second: the one place where connections notice that their time is over.
  virtual void on_tick(TimePoint now) = 0;
  /// The server stops: finish what is under way, then close.
  virtual void drain() = 0;
  /// Close now. Operations under way end with an error.
  virtual void abort() = 0;

 private:
  friend class IoLoop;
  std::size_t slot_ = 0;
};

/// Has output that other threads queued. flush() is called once on the loop for any number of IoLoop::request_flush.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

/// Something that must let go of its descriptor or timer before the loop ends.
class Cancellable {
 public:
  virtual ~Cancellable() = default;
  virtual void cancel() = 0;
};

class IoLoop : public std::enable_shared_from_this<IoLoop> {
 public:
  IoLoop(std::size_t index, std::chrono::milliseconds tick_period);
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  std::size_t index() const { return index_; }
  Executor executor() { return context_.get_executor(); }
  bool on_this_thread() { return context_.get_executor().running_in_this_thread(); }
  /// Any thread. After the loop has ended work is dropped.
  template <typename Work>
  void post(Work&& work) {
    if (!ended_) boost::asio::post(context_, std::forward<Work>(work));
  }
  /// Any thread. One post serves all objects that ask before it runs.
  void request_flush(std::shared_ptr<Flushable> object);

  // On the loop's thread only.
  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);
  void add_cancellable(std::weak_ptr<Cancellable> object);
  /// Value of a Date header, renewed by the tick.
  const std::string& date() const { return date_; }

  void start();
  /// Any thread; the three steps of stopping, in this order.
  void drain();
  void abort_connections();
  void stop_and_join();

 private:
  void run();
  void cancel_all();
  void run_leftovers();
  void tick();
  void flush_requested();
  template <typename Step>
  void for_each_connection(Step step);

  const std::size_t index_;
  const std::chrono::milliseconds tick_period_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<Executor> keep_running_{context_.get_executor()};
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      timer_{context_.get_executor()};
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::weak_ptr<Cancellable>> cancellables_;
  std::string date_;
  std::mutex flush_mutex_;
  std::vector<std::shared_ptr<Flushable>> flush_requests_;  // guarded by flush_mutex_
  std::vector<std::shared_ptr<Flushable>> flushing_;        // on the loop: keeps its memory between flushes
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace patchbay::net
