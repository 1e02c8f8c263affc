#include "platform/net/io_watch.hpp"

#include "platform/base/log.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <atomic>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace patchbay::net {
namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

namespace {

using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

void run_guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& exception) {
    base::log_error("net", "a watcher threw on an I/O thread", {{"what", exception.what()}});
  } catch (...) {
    base::log_error("net", "a watcher threw on an I/O thread");
  }
}

/// Waits again and again (or once) for a descriptor or a timer. The loop's own operations keep it alive, until
/// cancelled.
class Watch : public Cancellable, public std::enable_shared_from_this<Watch> {
 public:
  Watch(IoLoop& loop, std::function<void()> work) : loop_(loop.shared_from_this()), work_(std::move(work)) {}

  void start() {
    loop_->post([self = shared_from_this()] {
      if (self->cancelled_) return;
      self->loop_->add_cancellable(self);
      self->wait();
    });
  }
  /// Any thread. On the loop's thread nothing runs after it; elsewhere a call that is under way may still end.
  void end() {
    cancelled_ = true;
    if (loop_->on_this_thread()) {
      cancel();
    } else {
      loop_->post([self = shared_from_this()] { self->cancel(); });
    }
  }
  void cancel() override {
    cancelled_ = true;
    release();
  }

 protected:
  virtual void wait() = 0;
  virtual void release() = 0;

  auto next_turn(bool again) {
    return [self = shared_from_this(), again](const ErrorCode& error) {
      if (error == asio::error::operation_aborted || self->cancelled_) return;
      run_guarded(self->work_);
      if (again && !self->cancelled_) {
        self->wait();
      } else {
        self->release();
      }
    };
  }

  const std::shared_ptr<IoLoop> loop_;

 private:
  const std::function<void()> work_;
  std::atomic<bool> cancelled_{false};
};

class DescriptorWatch final : public Watch {
 public:
  DescriptorWatch(IoLoop& loop, int descriptor, Descriptor::wait_type type, bool again, std::function<void()> ready)
      : Watch(loop, std::move(ready)), type_(type), again_(again), descriptor_(loop.executor(), descriptor) {}

 protected:
  void wait() override { descriptor_.async_wait(type_, next_turn(again_)); }
  void release() override {
    ErrorCode ignored;
    descriptor_.close(ignored);
  }

 private:
  const Descriptor::wait_type type_;
  const bool again_;
  Descriptor descriptor_;
};

class TimerWatch final : public Watch {
 public:
  TimerWatch(IoLoop& loop, std::chrono::milliseconds period, std::function<void()> tick)
      : Watch(loop, std::move(tick)), period_(period), timer_(loop.executor()) {}

 protected:
  void wait() override {
    timer_.expires_after(period_);
    timer_.async_wait(next_turn(true));
  }
  void release() override { timer_.cancel(); }

 private:
  const std::chrono::milliseconds period_;
  Timer timer_;
};

std::shared_ptr<void> make_handle(std::shared_ptr<Watch> watch) {
  Watch* raw = watch.get();
  return std::shared_ptr<void>(raw, [watch = std::move(watch)](void*) { watch->end(); });
}

std::shared_ptr<Watch> watch_descriptor(IoLoop& loop, int descriptor, Descriptor::wait_type type, bool again,
                                        std::function<void()> ready) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    base::log_error("net", "a descriptor cannot be watched", {{"errno", errno}});
    return nullptr;
  }
  auto watch = std::make_shared<DescriptorWatch>(loop, copy, type, again, std::move(ready));
  watch->start();
  return watch;
}

}  // namespace

std::shared_ptr<void> watch_readable(IoLoop& loop, int descriptor, std::function<void()> ready) {
  auto watch = watch_descriptor(loop, descriptor, Descriptor::wait_read, true, std::move(ready));
  return watch ? make_handle(std::move(watch)) : nullptr;
}

void wait_writable(IoLoop& loop, int descriptor, std::function<void()> ready) {
  watch_descriptor(loop, descriptor, Descriptor::wait_write, false, std::move(ready));
}

std::shared_ptr<void> every(IoLoop& loop, std::chrono::milliseconds period, std::function<void()> tick) {
  auto watch = std::make_shared<TimerWatch>(loop, std::max(period, std::chrono::milliseconds(1)), std::move(tick));
  watch->start();
  return make_handle(std::move(watch));
}

}  // namespace patchbay::net
