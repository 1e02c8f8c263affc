// POST (and GET) /webhooks/{connector}[/{connection}]: verify the raw bytes, store a receipt, answer.
#pragma once

#include "engine/gateway/rate_limiter.hpp"
#include "engine/gateway/route.hpp"
#include "engine/oauth/oidc_verifier.hpp"
#include "engine/plugins/catalog.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/webhooks/command_turn.hpp"
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

/// What the ingress borrows; it outlives it.
struct IngressParts {
  const connections::ConnectionStore& connections;
  const plugins::PluginCatalog& catalog;
  std::vector<IngressLane> lanes;  // by index of the I/O thread
  base::WorkerPool& pool;
  gateway::RateLimiter& limiter;
  const sdk::Clock& clock;
  oauth::OidcVerifier& oidc;
  CommandHandler* commands = nullptr;  // null: people are told that commands are not available
};

/// Thread-safe. Signatures that are data are checked on the I/O thread; what runs in a plugin's child process, or in a
/// plugin's own verification, goes to the pool, and so do commands.
class Ingress {
 public:
  Ingress(IngressParts parts, IngressSettings settings, base::Metrics& metrics);
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
    sdk::WebhookRequest request;
    http::Response answer;               // once all is stored
    std::optional<CommandCall> command;  // or, instead, the reply to this
  };

  void receive(const Context& context, const gateway::Reply& reply);
  sdk::Result<Candidates> find_candidates(const gateway::RequestContext& context,
                                          const connections::ConnectionStore::Snapshot& snapshot) const;
  void process(const std::shared_ptr<Delivery>& delivery, bool on_io_thread);
  /// A handshake is answered here and needs nothing more.
  bool answer_handshake(const Delivery& delivery) const;
  /// kAuth where none is good, kTransient where that could not be found out.
  sdk::Result<Candidates> verified(Delivery& delivery) const;
  sdk::Result<void> verify(const Delivery& delivery, const connections::Connection& connection,
                           sdk::WebhookRequest& request) const;
  sdk::Result<void> check_verified_limit(const gateway::RequestContext& context);
  sdk::Error refuse(const gateway::RequestContext& context);
  /// Reads the events; sets what is answered.
  std::vector<Receipt> make_receipts(Delivery& delivery, const Candidates& verified) const;
  void answer(const std::shared_ptr<Delivery>& delivery);
  void store(const std::shared_ptr<Delivery>& delivery, std::vector<Receipt> receipts);

  const IngressLane& lane_of(const Delivery& delivery) const;

  const IngressParts parts_;
  const IngressSettings settings_;
  base::Counter received_count_;
  base::Counter refused_count_;
  base::Counter acknowledged_count_;
  base::Counter unavailable_count_;
};

}  // namespace patchbay::webhooks
