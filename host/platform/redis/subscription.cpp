#include "platform/base/backoff.hpp"
#include "platform/base/log.hpp"
#include "platform/redis/client.hpp"
#include "platform/redis/connection.hpp"

#include <atomic>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace patchbay::redis {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr base::Backoff kReconnectBackoff{std::chrono::milliseconds(100), std::chrono::milliseconds(10'000), 2.0};
constexpr std::chrono::milliseconds kPingAfter{15'000};
constexpr std::chrono::milliseconds kDeadAfter{25'000};

/// A descriptor that becomes readable for good once stop() was called.
class StopDescriptor {
 public:
  StopDescriptor() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw std::runtime_error("cannot make an eventfd");
  }
  ~StopDescriptor() { ::close(descriptor_); }
  StopDescriptor(const StopDescriptor&) = delete;
  StopDescriptor& operator=(const StopDescriptor&) = delete;
  void stop() const {
    const std::uint64_t one = 1;
    static_cast<void>(::write(descriptor_, &one, sizeof one));
  }
  enum class Wake { kStopped, kReadable, kTimeout };
  /// Waits for stop(), for `other` (unless negative) or for the time-out.
  Wake wait(int other, std::chrono::milliseconds timeout) const {
    pollfd descriptors[2] = {{descriptor_, POLLIN, 0}, {other, POLLIN, 0}};
    const int ready = ::poll(descriptors, 2, static_cast<int>(timeout.count()));
    if (descriptors[0].revents != 0) return Wake::kStopped;
    return ready > 0 ? Wake::kReadable : Wake::kTimeout;
  }

 private:
  int descriptor_;
};

}  // namespace

struct Subscription::Impl {
  Impl(Client& redis, std::vector<std::string> names,
       std::function<void(const std::string&, const std::string&)> on_message, std::function<void()> on_reconnected)
      : client(redis),
        channels(std::move(names)),
        received(std::move(on_message)),
        reconnected(std::move(on_reconnected)),
        thread([this] { run(); }) {}
  ~Impl() {
    stop.stop();
    thread.join();
  }

  void run();
  sdk::Result<std::unique_ptr<Connection>> subscribe() const;
  /// Until the connection breaks (false: the subscription was stopped).
  bool listen(Connection& connection, bool& subscribed_once);
  void handle(const Reply& reply, std::size_t& confirmed, bool& subscribed_once);
  template <typename Call>
  void guarded(const Call& call) const;

  Client& client;
  const std::vector<std::string> channels;
  const std::function<void(const std::string&, const std::string&)> received;
  const std::function<void()> reconnected;
  const StopDescriptor stop;
  std::atomic<bool> connected{false};
  std::thread thread;
};

void Subscription::Impl::run() {
  bool subscribed_once = false;
  std::uint32_t failures = 0;
  while (true) {
    auto connection = subscribe();
    if (connection.ok()) {
      if (!listen(**connection, subscribed_once)) return;
      if (connected.exchange(false)) failures = 0;
    }
    subscribed_once = true;  // from here on something may have been missed
    const auto pause = kReconnectBackoff.delay(++failures, base::random_fraction());
    if (stop.wait(-1, pause) == StopDescriptor::Wake::kStopped) return;
  }
}

sdk::Result<std::unique_ptr<Connection>> Subscription::Impl::subscribe() const {
  const auto& settings = client.settings();
  PATCHBAY_ASSIGN(const auto endpoint, parse_redis_url(settings.url));
  PATCHBAY_ASSIGN(auto connection, Connection::connect(endpoint, {settings.connect_timeout, settings.command_timeout}));
  Command command = {"SUBSCRIBE"};
  command.insert(command.end(), channels.begin(), channels.end());
  PATCHBAY_TRY(connection->send(command));
  return connection;
}

bool Subscription::Impl::listen(Connection& connection, bool& subscribed_once) {
  std::size_t confirmed = 0;
  auto heard_at = SteadyClock::now();
  bool pinged = false;
  while (true) {
    switch (stop.wait(connection.descriptor(), pinged ? kDeadAfter - kPingAfter : kPingAfter)) {
      case StopDescriptor::Wake::kStopped:
        return false;
      case StopDescriptor::Wake::kReadable: {
        const auto replies = connection.receive();
        if (!replies.ok()) return true;
        for (const auto& reply : *replies) handle(reply, confirmed, subscribed_once);
        heard_at = SteadyClock::now();
        pinged = false;
        break;
      }
      case StopDescriptor::Wake::kTimeout:
        if (pinged || SteadyClock::now() - heard_at >= kDeadAfter) return true;
        if (!connection.send({"PING"}).ok()) return true;
        pinged = true;
        break;
    }
  }
}

void Subscription::Impl::handle(const Reply& reply, std::size_t& confirmed, bool& subscribed_once) {
  if (reply.items.size() != 3) return;  // the answer to PING
  if (reply.items[0].text == "subscribe" && ++confirmed == channels.size()) {
    connected = true;
    if (std::exchange(subscribed_once, true) && reconnected) guarded(reconnected);
  } else if (reply.items[0].text == "message") {
    guarded([&] { received(reply.items[1].text, reply.items[2].text); });
  }
}

template <typename Call>
void Subscription::Impl::guarded(const Call& call) const {
  try {
    call();
  } catch (const std::exception& exception) {
    base::log_error("redis", "A subscriber failed", {{"text", exception.what()}});
  }
}

Subscription::Subscription(Client& client, std::vector<std::string> channels,
                           std::function<void(const std::string& channel, const std::string& message)> received,
                           std::function<void()> reconnected)
    : impl_(std::make_unique<Impl>(client, std::move(channels), std::move(received), std::move(reconnected))) {}
Subscription::~Subscription() = default;

bool Subscription::connected() const {
  return impl_->connected;
}

}  // namespace patchbay::redis
