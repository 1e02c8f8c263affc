// Sync on real servers, with a scripted service at the other end.
#pragma once

#include "business/entities/registry.hpp"
#include "engine/events/outbox_reader.hpp"
#include "engine/queue/sweeper.hpp"
#include "engine/queue/work_queue.hpp"
#include "engine/queue/worker.hpp"
#include "hub/sync/runner.hpp"
#include "hub/sync/scheduler.hpp"
#include "hub/sync/writeback.hpp"
#include "platform/base/ids.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/integration/scripted_service.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

namespace patchbay::testing {

/// The descriptions of the connectors whose mappings are tested, as far as the host looks at them.
sdk::Description stripe_description();
sdk::Description jobber_description();
sdk::Description twilio_description();
sdk::Description google_description();

/// Hands out the scripted service of each connection.
class ScriptedClients : public connections::ClientFactory {
 public:
  std::map<std::string, std::shared_ptr<ScriptedService>> services;
  sdk::Result<std::unique_ptr<connections::ClientLease>> client(const connections::Connection& connection) override;
};

/// A claim that the test itself holds: work is handled in the test's thread, at the moment that the test chooses.
class HeldClaim : public queue::WorkClaim {
 public:
  sdk::Result<void> complete(storage::Session& session, const std::vector<std::int64_t>& ids,
                             const std::string& outcome) override;
  bool renew() override { return !token_.cancelled(); }
  sdk::CancelToken cancel() const override { return token_; }
  /// As if this host stopped or the lease was lost.
  void interrupt() { token_.cancel(); }

 private:
  sdk::CancelToken token_;
};

class SyncTest : public ::testing::Test {
 protected:
  SyncTest();

  /// A connected connection of a connector ("stripe", "jobber") with an empty service behind it.
  std::string connect(const std::string& connector, const std::string& name = "main",
                      const std::string& options = "{}");
  ScriptedService& service(const std::string& connection_id) { return *clients_.services.at(connection_id); }
  connections::Connection connection(const std::string& id) { return connections_.get(id).value(); }

  /// Asks for a run and works it off in this thread. Returns its id.
  std::string sync(const std::string& connection_id, sdk::SyncMode mode = sdk::SyncMode::kFull, bool dry_run = false,
                   const std::vector<std::string>& resources = {});
  std::string enqueue(const std::string& connection_id, sdk::SyncMode mode = sdk::SyncMode::kFull, bool dry_run = false,
                      const std::vector<std::string>& resources = {});
  /// Handles the oldest item of a kind that is due; nullopt where there is none. `outcome` is stored as the worker
  /// does.
  std::optional<queue::WorkOutcome> work_once(queue::WorkHandler& handler, HeldClaim& claim);
  /// Handles everything of a kind that is due.
  void work_off(queue::WorkHandler& handler);
  /// Gives the outbox's new events to the write-back sink, as the pump does.
  void deliver_events();
  /// Delivers events and works off write-backs until there are none.
  void write_back();

  /// Applies records as one page outside of any run.
  sync::ApplyCounts apply(const std::string& connection_id, std::vector<sdk::Record> records);

  storage::Rows query(std::string_view sql, const storage::Params& params = {});
  std::int64_t count(const std::string& sql, const storage::Params& params = {});
  std::string value(const std::string& sql, const storage::Params& params = {});
  std::string counts(const std::string& run_id) {
    return value("select counts::text from sync_runs where id = $1::uuid", {run_id});
  }
  std::string run_state(const std::string& run_id) {
    return value("select state from sync_runs where id = $1::uuid", {run_id});
  }
  /// The clients as sets of external ids, with their service: what identity resolution made of the services.
  std::set<std::set<std::string>> groups();
  resources::Actor user() const;

  TestDatabase database_;
  base::Metrics metrics_;
  std::unique_ptr<storage::PgPool> pool_;
  policy::Policy policy_ = policy::Policy::shipped().value();
  workflow::Workflows workflows_ = workflow::Workflows::shipped().value();
  resources::Registry registry_ = entities::make_registry();
  resources::Writer writer_{registry_, policy_, workflows_};
  plugins::PluginCatalog plugins_;
  mapping::MappingCatalog mappings_;
  base::SecretBox box_ = base::SecretBox::from_hex("test", std::string(64, 'a')).value();
  connections::ConnectionStore connections_;
  ScriptedClients clients_;
  std::unique_ptr<redis::Client> redis_;
  std::unique_ptr<queue::Road> road_;
  std::unique_ptr<queue::PgWorkQueue> queue_;
  sync::PageApplier applier_{registry_, writer_, mappings_};
  std::unique_ptr<sync::RunStore> runs_;
  std::unique_ptr<sync::SyncRunner> runner_;
  std::unique_ptr<sync::WritebackSink> sink_;
  std::unique_ptr<sync::WritebackHandler> writeback_;
};

}  // namespace patchbay::testing
