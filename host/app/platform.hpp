// The lowest floor, made once: settings' servers and the clients to them. Commands use it too.
#pragma once

#include "app/servers.hpp"
#include "app/settings.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "platform/redis/client.hpp"
#include "platform/storage/pg_pool.hpp"

#include <memory>

namespace patchbay::app {

struct Platform {
  Settings settings;
  base::SystemClock clock;
  base::Metrics metrics;
  base::SecretBox box;
  Servers servers;
  std::unique_ptr<storage::PgPool> database;
  std::unique_ptr<redis::Client> redis;
  std::unique_ptr<outbound::OutboundHttp> http;
};

/// Opens everything; waits for servers that come up later than we do, saying so, until `stop`.
sdk::Result<std::unique_ptr<Platform>> open_platform(Settings settings, Servers::Ownership ownership,
                                                     base::StopSignal& stop);

}  // namespace patchbay::app
