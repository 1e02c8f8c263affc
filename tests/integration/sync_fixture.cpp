#include "tests/integration/sync_fixture.hpp"

#include "platform/base/yaml.hpp"

#include <stdexcept>

namespace patchbay::testing {
namespace {

sdk::ResourceDescription make_resource(std::string name, std::vector<std::string> depends_on, bool writable) {
  sdk::ResourceDescription resource;
  resource.name = std::move(name);
  resource.depends_on = std::move(depends_on);
  resource.list = resource.get = resource.incremental = resource.reports_deletions = true;
  resource.create = resource.update = resource.remove = writable;
  return resource;
}

void add_options(sdk::Description& description) {
  description.options = {{"writeBack", sdk::OptionKind::kEnum, "all", "", {"all", "linked", "none"}},
                         {"currency", sdk::OptionKind::kString, "", "", {}}};
}

mapping::Mapping load_mapping(const sdk::Description& description, const resources::Registry& registry) {
  const auto root =
      base::yaml::load_file(std::string(PATCHBAY_SOURCE_DIR) + "/plugins/" + description.name + "/mapping.yaml");
  if (!root.ok()) throw std::runtime_error(root.error().message);
  auto mapping = mapping::Mapping::load(root.value(), description, registry);
  if (!mapping.ok()) throw std::runtime_error(mapping.error().message);
  return std::move(mapping).value();
}

storage::PgPoolSettings pool_settings(const std::string& url) {
  storage::PgPoolSettings settings;
  settings.url = url;
  return settings;
}

class ScriptedLease : public connections::ClientLease {
 public:
  explicit ScriptedLease(std::shared_ptr<ScriptedService> service) : service_(std::move(service)), client_(*service_) {}
  sdk::ServiceClient& client() override { return client_; }

 private:
  std::shared_ptr<ScriptedService> service_;
  ScriptedClient client_;
};

}  // namespace

sdk::Description stripe_description() {
  sdk::Description description;
  description.name = "stripe";
  description.resources = {make_resource("customers", {}, true), make_resource("invoices", {"customers"}, false),
                           make_resource("charges", {"customers", "invoices"}, false),
                           make_resource("refunds", {"charges"}, false), make_resource("payment_intents", {}, false)};
  add_options(description);
  return description;
}

sdk::Description jobber_description() {
  sdk::Description description;
  description.name = "jobber";
  description.resources = {make_resource("clients", {}, true), make_resource("quotes", {"clients"}, true),
                           make_resource("jobs", {"clients", "quotes"}, true),
                           make_resource("invoices", {"clients", "jobs"}, false),
                           make_resource("payments", {"clients", "invoices"}, false),
                           make_resource("visits", {"clients", "jobs"}, false),
                           make_resource("expenses", {"jobs"}, false)};
  add_options(description);
  return description;
}

sdk::Description twilio_description() {
  sdk::Description description;
  description.name = "twilio";
  description.resources = {make_resource("messages", {}, false)};
  add_options(description);
  return description;
}

sdk::Description google_description() {
  sdk::Description description;
  description.name = "google";
  description.resources = {make_resource("events", {}, true), make_resource("job_events", {}, true),
                           make_resource("messages", {}, false)};
  add_options(description);
  return description;
}

sdk::Result<std::unique_ptr<connections::ClientLease>> ScriptedClients::client(
    const connections::Connection& connection) {
  return std::unique_ptr<connections::ClientLease>(std::make_unique<ScriptedLease>(services.at(connection.id)));
}

sdk::Result<void> HeldClaim::complete(storage::Session& session, const std::vector<std::int64_t>& ids,
                                      const std::string& outcome) {
  if (token_.cancelled()) return sdk::conflict_error("queue.claim_lost", "The lease was lost.");
  std::vector<std::string> texts;
  for (const auto id : ids) texts.push_back(std::to_string(id));
  PATCHBAY_TRY(session.execute("update work_items set state = 'done', outcome = $2 where id = any($1::bigint[])",
                               {storage::array_literal(texts), outcome}));
  return {};
}

SyncTest::SyncTest()
    : pool_(std::make_unique<storage::PgPool>(pool_settings(database_.url()), metrics_)),
      connections_(*pool_, box_, plugins_) {
  for (const auto& description :
       {stripe_description(), jobber_description(), twilio_description(), google_description()}) {
    plugins::LoadedPlugin plugin;
    plugin.description = description;
    plugins_.add(std::move(plugin));
    mappings_.set(load_mapping(description, registry_));
  }
  TestServers::instance().redis().start();
  redis::RedisSettings settings;
  settings.url = TestServers::instance().redis().url();
  settings.name = "test-" + base::new_uuid();
  redis_ = std::make_unique<redis::Client>(settings, metrics_);
  road_ = std::make_unique<queue::Road>(*redis_, metrics_);
  queue_ = std::make_unique<queue::PgWorkQueue>(*road_);
  runs_ = std::make_unique<sync::RunStore>(*queue_);
  sync::RunSettings run_settings;
  run_settings.calls.rate_limit_wait = std::chrono::milliseconds(5);
  run_settings.calls.backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(5), 2.0};
  run_settings.calls.tries_max = 3;
  run_settings.batch_records = 1;  // each service page in a transaction of its own
  runner_ = std::make_unique<sync::SyncRunner>(sync::RunnerWiring{
      *pool_, connections_, clients_, plugins_, mappings_, registry_, applier_, *runs_, nullptr, {}, run_settings, 2});
  // As the pump does when it starts.
  query("insert into event_sinks (name, xid, id) values ('writeback', '0', 0)");
  sink_ = std::make_unique<sync::WritebackSink>(*queue_, mappings_);
  writeback_ = std::make_unique<sync::WritebackHandler>(sync::WritebackWiring{
      *pool_, connections_, clients_, mappings_, registry_, writer_, applier_, *queue_, nullptr, {}});
}

std::string SyncTest::connect(const std::string& connector, const std::string& name, const std::string& options) {
  const std::string id = base::new_uuid();
  query(
      "insert into connections (id, connector, name, state, options) values ($1::uuid, $2, $3, 'connected', $4::jsonb)",
      {id, connector, name, options});
  clients_.services[id] = std::make_shared<ScriptedService>();
  return id;
}

std::string SyncTest::enqueue(const std::string& connection_id, sdk::SyncMode mode, bool dry_run,
                              const std::vector<std::string>& resources) {
  sync::RunRequest request;
  request.connection_id = connection_id;
  request.mode = mode;
  request.dry_run = dry_run;
  request.resources = resources;
  request.trigger = "api";
  std::string run_id;
  const auto queued = pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(const auto result, runs_->enqueue(session, request));
    run_id = result->run_id;
    return {};
  });
  EXPECT_TRUE(queued.ok()) << (queued.ok() ? "" : queued.error().message);
  return run_id;
}

std::optional<queue::WorkOutcome> SyncTest::work_once(queue::WorkHandler& handler, HeldClaim& claim) {
  const storage::Rows rows = query(
      "select id, connection_id, lane_key, payload::text as payload, attempts from work_items"
      " where kind = $1 and state = 'due' and due_at <= now() order by created_at, id limit 1",
      {handler.kind()});
  if (rows.empty()) return std::nullopt;
  queue::WorkItem item;
  item.id = rows.integer(0, "id");
  item.kind = handler.kind();
  item.connection_id = rows.text(0, "connection_id");
  item.lane_key = rows.text(0, "lane_key");
  item.payload = sdk::parse_json(rows.text(0, "payload")).value().get_object();
  item.attempts = static_cast<int>(rows.integer(0, "attempts")) + 1;
  queue::WorkOutcome outcome = handler.handle({item}, claim).front();
  const std::string id = std::to_string(item.id);
  if (outcome.kind == queue::WorkOutcome::Kind::kFailed) {
    query("update work_items set attempts = attempts + 1, last_error = to_jsonb($2::text) where id = $1::bigint",
          {id, outcome.error.message});
  }
  if (outcome.kind == queue::WorkOutcome::Kind::kPostponed && outcome.delay.count() > 0) {
    // Behind what else is due, without waiting for the clock.
    query("update work_items set created_at = clock_timestamp() where id = $1::bigint", {id});
  }
  return outcome;
}

void SyncTest::work_off(queue::WorkHandler& handler) {
  for (int steps = 0; steps < 200; ++steps) {
    HeldClaim claim;
    if (!work_once(handler, claim)) return;
  }
  ADD_FAILURE() << "the work of kind " << handler.kind() << " does not end";
}

std::string SyncTest::sync(const std::string& connection_id, sdk::SyncMode mode, bool dry_run,
                           const std::vector<std::string>& resources) {
  const std::string run_id = enqueue(connection_id, mode, dry_run, resources);
  work_off(*runner_);
  return run_id;
}

void SyncTest::deliver_events() {
  const auto delivered =
      pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(
            const storage::Rows position,
            session.execute("select xid::text as xid, id from event_sinks where name = 'writeback' for update"));
        const events::Position after{std::stoull(position.text(0, "xid")), position.integer(0, "id")};
        PATCHBAY_ASSIGN(const auto events, events::OutboxReader::read(session, after, 10'000));
        if (events.empty()) return {};
        PATCHBAY_TRY(sink_->deliver(session, events));
        const events::Position reached = events::position_of(events.back());
        PATCHBAY_TRY(session.execute("update event_sinks set xid = $1::xid8, id = $2::bigint where name = 'writeback'",
                                     {std::to_string(reached.xid), std::to_string(reached.id)}));
        return {};
      });
  EXPECT_TRUE(delivered.ok()) << (delivered.ok() ? "" : delivered.error().message);
}

void SyncTest::write_back() {
  deliver_events();
  work_off(*writeback_);
}

sync::ApplyCounts SyncTest::apply(const std::string& connection_id, std::vector<sdk::Record> records) {
  const connections::Connection owner = connection(connection_id);
  const auto mapping = mappings_.find(owner.connector);
  const mapping::Mapper mapper(*mapping, registry_, {});
  sync::ApplyRequest request;
  request.connection = &owner;
  request.mapper = &mapper;
  request.records = std::move(records);
  sync::ApplyCounts counts;
  const auto applied = pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(counts, applier_.apply(session, request));
    return {};
  });
  EXPECT_TRUE(applied.ok()) << (applied.ok() ? "" : applied.error().code + ": " + applied.error().message);
  return counts;
}

storage::Rows SyncTest::query(std::string_view sql, const storage::Params& params) {
  auto rows = pool_->query(storage::Lane::kWorker, sql, params);
  EXPECT_TRUE(rows.ok()) << sql << ": " << (rows.ok() ? "" : rows.error().message);
  return rows.ok() ? std::move(rows).value() : storage::Rows();
}

std::int64_t SyncTest::count(const std::string& sql, const storage::Params& params) {
  const storage::Rows rows = query("select count(*) as n from " + sql, params);
  return rows.empty() ? -1 : rows.integer(0, "n");
}

std::string SyncTest::value(const std::string& sql, const storage::Params& params) {
  const storage::Rows rows = query(sql, params);
  return rows.empty() ? "(no row)" : std::string(rows.at(0, std::size_t{0}).value_or("(null)"));
}

std::set<std::set<std::string>> SyncTest::groups() {
  const storage::Rows rows = query(
      "select l.entity_id, l.service || ':' || l.external_id as record from entity_links l"
      " join clients c on c.id = l.entity_id where l.entity_kind = 'client' and l.deleted_at is null"
      " and c.deleted_at is null");
  std::map<std::string, std::set<std::string>> by_entity;
  for (std::size_t row = 0; row < rows.size(); ++row)
    by_entity[rows.text(row, "entity_id")].insert(rows.text(row, "record"));
  std::set<std::set<std::string>> groups;
  for (const auto& [entity_id, records] : by_entity) groups.insert(records);
  return groups;
}

resources::Actor SyncTest::user() const {
  resources::Actor actor;
  actor.kind = resources::Actor::Kind::kUser;
  actor.id = base::new_uuid();
  actor.principal.kind = policy::Principal::Kind::kUser;
  actor.principal.role = "admin";
  actor.principal.user_id = actor.id;
  return actor;
}

}  // namespace patchbay::testing
