// Answers that a latency fault holds back, sent by one thread when they are due.
#pragma once

#include "platform/http/message.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace patchbay::sandbox {

class DelayedReplies {
 public:
  DelayedReplies();
  ~DelayedReplies();
  /// At once where the delay is zero or too many are waiting already.
  void send_after(std::chrono::milliseconds delay, const http::Responder& responder, http::Response response);
  /// Sends what waits and ends the thread. Idempotent.
  void stop();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::multimap<TimePoint, std::pair<http::Responder, http::Response>> waiting_;
  std::thread thread_;
};

}  // namespace patchbay::sandbox
