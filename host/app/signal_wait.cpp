#include "app/signal_wait.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace patchbay::app {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

SignalWait::SignalWait() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { run(); });
}

SignalWait::~SignalWait() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  thread_.join();
}

void SignalWait::on_signal(std::function<void()> handler) {
  {
    const std::lock_guard lock(mutex_);
    if (!received_) {
      handler_ = std::move(handler);
      return;
    }
  }
  handler();
}

void SignalWait::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return received_; });
}

void SignalWait::run() {
  const sigset_t set = ending_signals();
  while (true) {
    const timespec tick{0, 100'000'000};
    const int signal = sigtimedwait(&set, nullptr, &tick);
    std::function<void()> handler;
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      if (signal <= 0) continue;
      if (received_) _exit(1);
      received_ = true;
      handler = handler_;
    }
    changed_.notify_all();
    if (handler) handler();
  }
}

}  // namespace patchbay::app
