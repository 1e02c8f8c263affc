// POST /webhooks/{connector}[/{connection}]: verify the raw bytes, store a receipt, answer.
#pragma once

#include "engine/gateway/rate_limiter.hpp"
#include "engine/gateway/route.hpp"
#include "engine/plugins/catalog.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/webhooks/receipt_writer.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/worker_pool.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <memory>
#include <string>
#include <vector>

namespace patchbay::webhooks {

struct IngressSettings {
  std::size_t body_bytes_max = 4 * 1024 * 1024;
  std::size_t connections_tried_max = 20;  // by signature, where the path names no connection
  std::size_t events_max = 1'000;          // in one body
  std::string public_url;                  // for schemes that sign the URL
};

/// What an I/O thread has for storing.
struct IngressLane {
  ReceiptWriter* writer = nullptr;
  storage::EventLoop* loop = nullptr;
};

/// Thread-safe. Signatures that are data are checked on the I/O thread; what runs in a plugin's child process, or in a
/// plugin's own verification, goes to the pool.
class Ingress {
 public:
  /// `lanes` by index of the I/O thread. What is passed in outlives the ingress.
  Ingress(const connections::ConnectionStore& connections, const plugins::PluginCatalog& catalog,
          std::vector<IngressLane> lanes, base::WorkerPool& pool, gateway::RateLimiter& limiter,
          const sdk::Clock& clock, IngressSettings settings, base::Metrics& metrics);
  gateway::Routes routes();

 private:
  using Context = std::shared_ptr<gateway::RequestContext>;
  using Candidates = std::vector<const connections::Connection*>;
  /// One request on its way; keeps the snapshot alive that its candidates point into.
  struct Delivery {
    Context context;
    gateway::Reply reply;
    connections::ConnectionStore::Snapshot snapshot;
    const plugins::LoadedPlugin* plugin = nullptr;
    Candidates candidates;
  };

  void receive(const Context& context, const gateway::Reply& reply);
  sdk::Result<Candidates> find_candidates(const gateway::RequestContext& context,
                                          const connections::ConnectionStore::Snapshot& snapshot) const;
  void process(const std::shared_ptr<Delivery>& delivery, bool on_io_thread);
  Candidates verified(const Delivery& delivery, const sdk::WebhookRequest& request) const;
  sdk::Error refuse(const gateway::RequestContext& context);
  std::vector<Receipt> make_receipts(const Delivery& delivery, const Candidates& verified,
                                     sdk::WebhookRequest request) const;
  void store(const std::shared_ptr<Delivery>& delivery, std::vector<Receipt> receipts);

  const connections::ConnectionStore& connections_;
  const plugins::PluginCatalog& catalog_;
  const std::vector<IngressLane> lanes_;
  base::WorkerPool& pool_;
  gateway::RateLimiter& limiter_;
  const sdk::Clock& clock_;
  const IngressSettings settings_;
  base::Counter received_count_;
  base::Counter refused_count_;
  base::Counter acknowledged_count_;
  base::Counter unavailable_count_;
};

}  // namespace patchbay::webhooks
