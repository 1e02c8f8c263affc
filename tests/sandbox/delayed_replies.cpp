#include "tests/sandbox/delayed_replies.hpp"

namespace patchbay::sandbox {
namespace {
constexpr std::size_t kWaitingMax = 10'000;
}

DelayedReplies::DelayedReplies() : thread_([this] { run(); }) {}

DelayedReplies::~DelayedReplies() {
  stop();
}

void DelayedReplies::send_after(std::chrono::milliseconds delay, const http::Responder& responder,
                                http::Response response) {
  if (delay.count() > 0) {
    std::scoped_lock lock(mutex_);
    if (!stopping_ && waiting_.size() < kWaitingMax) {
      waiting_.emplace(std::chrono::steady_clock::now() + delay, std::make_pair(responder, std::move(response)));
      wake_.notify_one();
      return;
    }
  }
  responder.send(std::move(response));
}

void DelayedReplies::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !waiting_.empty()) {
    if (waiting_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto due = waiting_.begin()->first;
    if (!stopping_ && due > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, due);
      continue;
    }
    auto reply = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    lock.unlock();
    reply.first.send(std::move(reply.second));
    lock.lock();
  }
}

void DelayedReplies::stop() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace patchbay::sandbox
