#include "platform/redis/client.hpp"

#include "platform/base/log.hpp"
#include "platform/redis/connection.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace patchbay::redis {
namespace {

bool says(const Reply& reply, std::string_view name, std::string_view value) {
  // A flat list of names and values.
  for (std::size_t index = 0; index + 1 < reply.items.size(); index += 2) {
    if (reply.items[index].text == name) return reply.items[index + 1].text == value;
  }
  return false;
}

}  // namespace

struct Client::Impl {
  Impl(RedisSettings client_settings, base::Metrics& metrics)
      : settings(std::move(client_settings)),
        endpoint(parse_redis_url(settings.url)),
        open_gauge(metrics.gauge("patchbay_redis_connections_open", "Connections to Redis.")),
        failures(
            metrics.counter("patchbay_redis_connections_lost_total", "Connections that broke or could not be made.")) {
    if (!endpoint.ok()) base::log_error("redis", endpoint.error().message);
  }

  /// A connection for one call; thrown away when it broke.
  class Lease {
   public:
    Lease(Impl& pool, std::unique_ptr<Connection> connection) : pool_(pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_.release(std::move(connection_));
    }
    Connection* operator->() const { return connection_.get(); }

   private:
    Impl& pool_;
    std::unique_ptr<Connection> connection_;
  };

  sdk::Result<Lease> acquire();
  void release(std::unique_ptr<Connection> connection);
  void give_back_place();

  const RedisSettings settings;
  const sdk::Result<Endpoint> endpoint;
  const base::Gauge open_gauge;
  const base::Counter failures;
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<Connection>> idle;
  std::size_t open_count = 0;
  std::atomic<bool> reached{true};
  std::atomic<std::uint64_t> connects{0};

  std::mutex durable_mutex;
  std::uint64_t durable_asked_at = 0;  // value of `connects` then; 0: never
  bool durable_answer = false;
};

sdk::Result<Client::Impl::Lease> Client::Impl::acquire() {
  if (!endpoint.ok()) return endpoint.error();
  std::unique_lock lock(mutex);
  const auto place_free = [this] { return !idle.empty() || open_count < settings.connections_max; };
  if (!freed.wait_for(lock, settings.command_timeout, place_free)) {
    return sdk::transient_error("redis.busy", "All connections to Redis are in use.");
  }
  while (!idle.empty()) {
    auto connection = std::move(idle.back());
    idle.pop_back();
    if (connection->usable_when_idle()) return Lease(*this, std::move(connection));
    --open_count;
    open_gauge.add(-1);
    failures.add();
    freed.notify_one();
  }
  ++open_count;
  lock.unlock();
  open_gauge.add(1);
  auto connection = Connection::connect(*endpoint, {settings.connect_timeout, settings.command_timeout});
  reached = connection.ok();
  if (!connection.ok()) {
    failures.add();
    give_back_place();
    return std::move(connection).error();
  }
  ++connects;
  return Lease(*this, std::move(connection).value());
}

void Client::Impl::release(std::unique_ptr<Connection> connection) {
  if (connection->broken()) {
    reached = false;
    failures.add();
    connection.reset();
    give_back_place();
    return;
  }
  reached = true;
  {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(connection));
  }
  freed.notify_one();
}

void Client::Impl::give_back_place() {
  {
    const std::lock_guard lock(mutex);
    --open_count;
  }
  open_gauge.add(-1);
  freed.notify_one();
}

Client::Client(RedisSettings settings, base::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), metrics)) {}
Client::~Client() = default;

sdk::Result<Reply> Client::command(const Command& command) {
  PATCHBAY_ASSIGN(const auto lease, impl_->acquire());
  return lease->command(command);
}

sdk::Result<std::vector<sdk::Result<Reply>>> Client::pipeline(const std::vector<Command>& commands) {
  PATCHBAY_ASSIGN(const auto lease, impl_->acquire());
  return lease->pipeline(commands);
}

std::string Client::key(std::string_view suffix) const {
  return "patchbay:" + impl_->settings.name + ":" + std::string(suffix);
}

const RedisSettings& Client::settings() const {
  return impl_->settings;
}

bool Client::reachable() {
  if (!impl_->reached) static_cast<void>(command({"PING"}));
  return impl_->reached;
}

sdk::Result<bool> Client::durable() {
  const std::lock_guard lock(impl_->durable_mutex);
  PATCHBAY_ASSIGN(const auto lease, impl_->acquire());
  const std::uint64_t connects = impl_->connects;
  if (impl_->durable_asked_at == connects) return impl_->durable_answer;
  PATCHBAY_ASSIGN(const auto replies,
                  lease->pipeline({{"CONFIG", "GET", "appendonly"}, {"CONFIG", "GET", "appendfsync"}}));
  for (const auto& reply : replies) {
    if (!reply.ok() && reply.error().error_class == sdk::ErrorClass::kTransient) return reply.error();
  }
  impl_->durable_answer = replies[0].ok() && replies[1].ok() && says(*replies[0], "appendonly", "yes") &&
                          says(*replies[1], "appendfsync", "always");
  impl_->durable_asked_at = connects;
  return impl_->durable_answer;
}

}  // namespace patchbay::redis
