// One command on its way: run on the pool, answered in time whatever happens.
#pragma once

#include "engine/gateway/route.hpp"
#include "engine/plugins/catalog.hpp"
#include "hub/webhooks/command.hpp"
#include "platform/base/worker_pool.hpp"
#include "platform/storage/pg_pipeline.hpp"

#include <chrono>
#include <memory>

namespace patchbay::webhooks {

/// What a command needs of its request.
struct CommandOrder {
  CommandCall call;
  sdk::WebhookRequest request;
  const plugins::LoadedPlugin* plugin = nullptr;
  std::shared_ptr<const void> keep_alive;  // whatever `plugin` and the request belong to
};

/// Where commands run.
struct CommandRoom {
  CommandHandler* handler = nullptr;  // null: commands are not available
  base::WorkerPool* pool = nullptr;
  storage::EventLoop* loop = nullptr;  // of the I/O thread that the request came on; called on it
};

/// Gives the connector's form of the reply, of "it takes longer" after 2.5 s (or less, where the service waits less),
/// or of "not available".
void run_command(CommandOrder order, const CommandRoom& room, gateway::Reply reply);

/// An answer of a connector as a response of ours: what it says may come from outside, so never as a page.
http::Response response_of(const sdk::WebhookAnswer& answer);

}  // namespace patchbay::webhooks
