#include "app/platform.hpp"

#include "platform/base/log.hpp"

namespace patchbay::app {
namespace {

constexpr std::chrono::milliseconds kAskEvery{200};
constexpr std::chrono::seconds kSayEvery{10};
constexpr std::chrono::seconds kCommandPatience{10};

std::unique_ptr<storage::PgPool> make_pool(const Settings& settings, const std::string& url, base::Metrics& metrics) {
  storage::PgPoolSettings pool;
  pool.url = url;
  pool.interactive_connections_max =
      static_cast<std::size_t>(settings.config.integer("database.interactive_connections"));
  pool.worker_connections_max = static_cast<std::size_t>(settings.config.integer("database.worker_connections"));
  return std::make_unique<storage::PgPool>(pool, metrics);
}

sdk::Result<void> wait_for_database(storage::Database& database, Servers::Ownership ownership, base::StopSignal& stop) {
  auto say_again = std::chrono::steady_clock::now();
  const auto began = say_again;
  while (true) {
    const auto answer = database.query(storage::Lane::kInteractive, "select 1");
    if (answer.ok()) return {};
    const auto now = std::chrono::steady_clock::now();
    if (answer.error().error_class != sdk::ErrorClass::kTransient) return answer.error();
    if (ownership == Servers::Ownership::kCommand && now - began > kCommandPatience) {
      return sdk::transient_error("storage.unavailable",
                                  "PostgreSQL cannot be reached; check database.url and that the server runs");
    }
    if (now >= say_again) {
      base::log_warning("serve", "waiting for PostgreSQL, which cannot be reached yet (database.url)",
                        {{"reason", answer.error().message}});
      say_again = now + kSayEvery;
    }
    if (!stop.wait_for(kAskEvery)) return sdk::cancelled_error("serve.stopped", "stopped while waiting for PostgreSQL");
  }
}

}  // namespace

sdk::Result<std::unique_ptr<Platform>> open_platform(Settings settings, Servers::Ownership ownership,
                                                     base::StopSignal& stop) {
  PATCHBAY_ASSIGN(base::SecretBox box, load_secret_box(settings));
  PATCHBAY_ASSIGN(Servers servers, Servers::open(settings, ownership));
  auto platform = std::unique_ptr<Platform>(
      new Platform{std::move(settings), {}, {}, std::move(box), std::move(servers), nullptr, nullptr, nullptr});
  platform->database = make_pool(platform->settings, platform->servers.database_url(), platform->metrics);
  PATCHBAY_TRY(wait_for_database(*platform->database, ownership, stop));
  redis::RedisSettings redis;
  redis.url = platform->servers.redis_url();
  redis.name = platform->settings.config.text("redis.name");
  platform->redis = std::make_unique<redis::Client>(redis, platform->metrics);
  // Redis is the road, not the record: the hub starts without it and says so.
  if (!platform->redis->command({"PING"}).ok()) {
    base::log_warning("serve",
                      "Redis cannot be reached (redis.url); the hub goes on without it, slower, until it comes");
  }
  outbound::OutboundSettings outbound;
  outbound.allow_private_addresses = platform->settings.config.flag("outbound.allow_private_addresses");
  platform->http = std::make_unique<outbound::OutboundHttp>(outbound, platform->metrics);
  return platform;
}

}  // namespace patchbay::app
