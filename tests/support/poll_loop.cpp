#include "tests/support/poll_loop.hpp"

#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace patchbay::testing {

PollLoop::PollLoop() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0) throw std::runtime_error("cannot make an eventfd");
}

PollLoop::~PollLoop() {
  ::close(wake_);
}

std::shared_ptr<void> PollLoop::watch_readable(int descriptor, std::function<void()> ready) {
  auto watch = std::make_shared<Watch>(Watch{descriptor, std::move(ready)});
  readable_.push_back(watch);
  return watch;
}

void PollLoop::wait_writable(int descriptor, std::function<void()> ready) {
  writable_.push_back(std::make_shared<Watch>(Watch{descriptor, std::move(ready)}));
}

void PollLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

std::shared_ptr<void> PollLoop::every(std::chrono::milliseconds period, std::function<void()> tick) {
  auto timer = std::make_shared<Timer>(Timer{period, std::chrono::steady_clock::now() + period, std::move(tick)});
  timers_.push_back(timer);
  return timer;
}

bool PollLoop::run_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    turn();
  }
  return true;
}

void PollLoop::run_posted() {
  std::deque<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (const auto& item : work) item();
}

void PollLoop::turn() {
  std::erase_if(readable_, [](const auto& watch) { return watch.expired(); });
  std::erase_if(timers_, [](const auto& timer) { return timer.expired(); });
  std::vector<pollfd> descriptors = {{wake_, POLLIN, 0}};
  std::vector<std::weak_ptr<Watch>> watches = readable_;
  for (const auto& watch : readable_) descriptors.push_back({watch.lock()->descriptor, POLLIN, 0});
  const auto waiting = std::exchange(writable_, {});
  for (const auto& watch : waiting) descriptors.push_back({watch->descriptor, POLLOUT, 0});
  static_cast<void>(::poll(descriptors.data(), descriptors.size(), 5));
  std::uint64_t count = 0;
  static_cast<void>(::read(wake_, &count, sizeof count));
  for (std::size_t index = 0; index < watches.size(); ++index) {
    const auto watch = watches[index].lock();  // another callback may have ended it
    if (watch && descriptors[1 + index].revents != 0) watch->ready();
  }
  for (std::size_t index = 0; index < waiting.size(); ++index) {
    const short events = descriptors[1 + watches.size() + index].revents;
    if ((events & POLLNVAL) != 0) continue;  // closed meanwhile
    if (events != 0) {
      waiting[index]->ready();
    } else {
      writable_.push_back(waiting[index]);
    }
  }
  run_posted();
  for (const auto& weak : std::vector(timers_)) {
    const auto timer = weak.lock();
    if (!timer || timer->due > std::chrono::steady_clock::now()) continue;
    timer->due += timer->period;
    timer->tick();
  }
}

}  // namespace patchbay::testing
