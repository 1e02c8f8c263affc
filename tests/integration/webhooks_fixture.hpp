// Webhooks from the request to the row: a connector of the test's own, everything else as in the hub, on real servers.
#pragma once

#include "business/entities/registry.hpp"
#include "engine/queue/dead_letters.hpp"
#include "engine/queue/sweeper.hpp"
#include "engine/queue/work_queue.hpp"
#include "engine/queue/worker.hpp"
#include "hub/webhooks/guarantees.hpp"
#include "hub/webhooks/handler.hpp"
#include "hub/webhooks/ingress.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/support/poll_loop.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

#include <future>

namespace patchbay::testing {

/// A service with customers, its records in memory.
struct TestService {
  std::mutex mutex;
  std::map<std::string, sdk::json::object> customers;
  std::optional<sdk::Error> failure;
  std::function<void()> on_get;
  std::atomic<int> gets{0};
};

class TestClient : public sdk::ServiceClient {
 public:
  explicit TestClient(TestService& service) : service_(service) {}
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext&) override { return sdk::AccountIdentity{}; }
  sdk::Result<sdk::Page> list(const sdk::CallContext&, const sdk::ListRequest&) override { return sdk::Page{}; }
  sdk::Result<sdk::Health> health_check(const sdk::CallContext&) override { return sdk::Health{true, "", {}, {}}; }
  sdk::Result<sdk::Record> get(const sdk::CallContext&, const std::string& resource,
                               const std::string& external_id) override {
    ++service_.gets;
    if (service_.on_get) service_.on_get();
    const std::lock_guard lock(service_.mutex);
    if (service_.failure) return *service_.failure;
    const auto found = service_.customers.find(external_id);
    if (found == service_.customers.end()) return sdk::not_found_error("test.unknown", "No such customer.");
    sdk::Record record;
    record.resource = resource;
    record.external_id = external_id;
    record.data = found->second;
    return record;
  }

 private:
  TestService& service_;
};

/// Body: {"id"?, "topic", "customer"?: {"id", "name", "email"}, "at"?, "deleted"?, "account"?} or a list of such.
class TestPlugin : public sdk::Plugin {
 public:
  explicit TestPlugin(TestService& service) : service_(service) {}
  sdk::Description describe() const override {
    sdk::Description description;
    description.name = "shop";
    description.title = "Shop";
    description.version = "1.0.0";
    description.auth = sdk::AuthKind::kApiKey;
    sdk::ResourceDescription customers;
    customers.name = "customers";
    customers.entity = "client";
    customers.list = customers.get = true;
    description.resources = {customers};
    description.credentials = {{"secret", "Secret", "", true}};
    description.options = {{"fetchLatest", sdk::OptionKind::kBoolean, "true", "", {}}};
    description.webhooks.supported = true;
    description.webhooks.carries_snapshot = true;
    description.webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kHmacSha256;
    description.webhooks.signature.key_credential = "secret";
    description.webhooks.signature.header = "X-Shop-Signature";
    return description;
  }
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings&,
                                                           sdk::HostServices) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<TestClient>(service_));
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    PATCHBAY_ASSIGN(const sdk::json::value body, sdk::parse_json(request.body));
    std::vector<sdk::WebhookEvent> events;
    if (const auto* list = body.if_array()) {
      for (const auto& entry : *list) events.push_back(parse_one(entry));
    } else {
      events.push_back(parse_one(body));
    }
    return events;
  }

 private:
  static sdk::WebhookEvent parse_one(const sdk::json::value& body) {
    sdk::WebhookEvent event;
    event.topic = sdk::string_at(body, "topic");
    event.event_id = sdk::string_at(body, "id");
    event.dedupe_key =
        event.event_id.empty() ? event.topic + "/" + sdk::string_at(body, "customer.id") : event.event_id;
    event.account_id = sdk::string_at(body, "account");
    event.disconnected = event.topic == "app.disconnected";
    event.deleted = event.topic == "customer.deleted";
    if (const auto at = sdk::parse_time(sdk::string_at(body, "at")); at.ok()) event.occurred_at = *at;
    const auto* customer = sdk::find_member(body, "customer");
    if (customer == nullptr) return event;
    event.resource = "customers";
    event.external_id = sdk::string_at(*customer, "id");
    sdk::Record record;
    record.resource = event.resource;
    record.external_id = event.external_id;
    record.data = *customer;
    event.snapshot = std::move(record);
    return event;
  }
  TestService& service_;
};

class TestClients : public connections::ClientFactory {
 public:
  explicit TestClients(TestService& service) : service_(service) {}
  sdk::Result<std::unique_ptr<connections::ClientLease>> client(const connections::Connection&) override {
    class Lease : public connections::ClientLease {
     public:
      explicit Lease(TestService& service) : client_(service) {}
      sdk::ServiceClient& client() override { return client_; }

     private:
      TestClient client_;
    };
    return std::unique_ptr<connections::ClientLease>(std::make_unique<Lease>(service_));
  }

 private:
  TestService& service_;
};

class WebhooksTest : public ::testing::Test {
 protected:
  static constexpr const char* kSecret = "shop-secret";
  static constexpr std::chrono::milliseconds kStoreTimeout{250};

  WebhooksTest() {
    TestServers::instance().redis().start();
    auto plugin = std::make_shared<TestPlugin>(service_);
    catalog_.add({plugin->describe(), {}, {}, false, plugin});
    const auto yaml = base::yaml::parse(
        "connector: shop\nresources:\n  customers:\n    entity: client\n    match_by: [email]\n    fields:\n"
        "      name: {from: name, rank: 10}\n      email: {from: email, rank: 10}\n",
        "shop.yaml");
    auto mapping = mapping::Mapping::load(*yaml, plugin->describe(), registry_);
    if (!mapping.ok()) throw std::runtime_error(mapping.error().message);
    mappings_.set(std::move(mapping).value());
    loop_thread_ =
        std::thread([this] { loop_.run_until([this] { return loop_ended_.load(); }, std::chrono::hours(1)); });
    queue_settings_.poll = std::chrono::milliseconds(20);
    queue_settings_.retry.backoff = {std::chrono::milliseconds(20), std::chrono::milliseconds(100), 2.0};
    queue_settings_.retry.attempts_max = 3;
    queue_settings_.threads["webhook"] = 2;
    sweeper_settings_.interval = std::chrono::milliseconds(40);
    sweeper_settings_.grace = std::chrono::milliseconds(200);
    sweeper_settings_.remember = std::chrono::milliseconds(400);
    connect_redis(TestServers::instance().redis().url());
  }
  ~WebhooksTest() override {
    TestServers::instance().postgres().resume();
    TestServers::instance().postgres().start();
    if (worker_) worker_->stop();
    if (sweeper_) sweeper_->stop();
    on_loop([this] { writer_.reset(), pipeline_.reset(); });
    fallback_->stop();
    road_->stop();
    loop_ended_ = true;
    loop_thread_.join();
  }

  void connect_redis(const std::string& url) {
    redis::RedisSettings settings;
    settings.url = url;
    settings.name = "test-" + base::new_uuid();
    settings.command_timeout = std::chrono::milliseconds(500);
    redis_ = std::make_unique<redis::Client>(settings, metrics_);
    road_ = std::make_unique<queue::Road>(*redis_, metrics_);
    road_->start();
    queue_ = std::make_unique<queue::PgWorkQueue>(*road_);
    runs_ = std::make_unique<sync::RunStore>(*queue_);
    webhooks::FallbackSettings fallback_settings;
    fallback_settings.drain_interval = std::chrono::milliseconds(50);
    fallback_ = std::make_unique<webhooks::Fallback>(*redis_, pool_, *queue_, fallback_settings, metrics_);
    fallback_->start();
    guarantees_ = std::make_unique<webhooks::Guarantees>(pool_, *fallback_, std::chrono::milliseconds(0));
  }
  /// The door: connections loaded, a pipelined connection open.
  void open_door() {
    ASSERT_TRUE(connections_.refresh().ok());
    on_loop([this] {
      storage::PgPipelineSettings settings;
      settings.url = database_.url();
      settings.query_timeout = std::chrono::milliseconds(3'000);
      pipeline_ = std::make_unique<storage::PgPipeline>(settings, loop_);
      webhooks::ReceiptWriterSettings writer_settings;
      writer_settings.store_timeout = kStoreTimeout;
      writer_ =
          std::make_unique<webhooks::ReceiptWriter>(*pipeline_, loop_, *fallback_, *queue_, writer_settings, metrics_);
    });
    make_ingress();
    ASSERT_TRUE(wait_until([this] { return on_loop_bool([this] { return pipeline_->connected(); }); }));
  }
  void make_ingress() {
    webhooks::IngressSettings settings;
    settings.public_url = "https://hub.example";
    ingress_ = std::make_unique<webhooks::Ingress>(
        webhooks::IngressParts{
            connections_, catalog_, {{writer_.get(), &loop_}}, pool_workers_, *limits_, clock_, oidc_, commands_},
        settings, metrics_);
  }
  void start_work() {
    handler_ = std::make_unique<webhooks::WebhookHandler>(pool_, connections_, clients_, catalog_, mappings_, registry_,
                                                          mapping::MappingContext{}, applier_, nullptr, *runs_);
    worker_ = std::make_unique<queue::Worker>(pool_, *road_, std::vector<queue::WorkHandler*>{handler_.get()},
                                              queue_settings_, metrics_);
    worker_->start();
    sweeper_ = std::make_unique<queue::Sweeper>(
        pool_, *road_, [this] { return worker_->waiting_count(); }, sweeper_settings_, metrics_);
    sweeper_->start();
  }
  std::string add_connection(const std::string& name, const std::string& fetch_latest, const std::string& account = "",
                             const std::string& secret = kSecret) {
    std::string id;
    const auto made = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_ASSIGN(
          const auto connection,
          connections_.create(session, "shop", name, {{"fetchLatest", fetch_latest == "true"}}, {{"secret", secret}}));
      id = connection.id;
      if (account.empty()) return {};
      return connections_.set_account(session, connection, {account, name, {}, {}});
    });
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    EXPECT_TRUE(connections_.refresh().ok());
    return id;
  }

  static std::string sign(const std::string& body, const std::string& secret = kSecret) {
    return sdk::hex_encode(base::hmac_sha256(secret, body));
  }
  /// Puts a request into the route as the gateway does, on the loop's thread.
  std::future<http::Response> post(const std::string& body, const std::string& signature,
                                   const std::string& connection = "", const std::string& connector = "shop",
                                   const std::string& address = "192.0.2.1") {
    http::Request request;
    request.method = "POST";
    request.target = "/api/v1/webhooks/" + connector;
    request.body = body;
    request.remote_address = address;
    request.headers = {{"Content-Type", "application/json"}, {"X-Shop-Signature", signature}};
    return put(std::move(request), connection, connector);
  }
  std::future<http::Response> put(http::Request request, const std::string& connection, const std::string& connector) {
    auto context = std::make_shared<gateway::RequestContext>();
    context->request = std::move(request);
    context->path_params["connector"] = connector;
    if (!connection.empty()) context->path_params["connection"] = connection;
    const std::string pattern = "/webhooks/{connector}" + std::string(connection.empty() ? "" : "/{connection}");
    gateway::AsyncHandler handler;
    for (const gateway::Route& route : ingress_->routes()) {
      if (route.method == context->request.method && route.pattern == pattern)
        handler = std::get<gateway::AsyncHandler>(route.handler);
    }
    auto answered = std::make_shared<std::promise<http::Response>>();
    auto future = answered->get_future();
    const http::Responder responder([answered](http::Response response) { answered->set_value(std::move(response)); });
    loop_.post([=] { handler(context, gateway::Reply(context, responder)); });
    return future;
  }
  http::Response send(const std::string& body, const std::string& connection = "") {
    return answer_of(post(body, sign(body), connection));
  }
  static http::Response answer_of(std::future<http::Response> future) {
    if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
      ADD_FAILURE() << "no answer";
      return http::Response::empty(599);
    }
    return future.get();
  }
  static std::string customer_event(const std::string& event_id, const std::string& customer, const std::string& name,
                                    const std::string& at = "2026-01-01T00:00:00Z") {
    sdk::json::object body{{"topic", "customer.updated"}, {"at", at}};
    if (!event_id.empty()) body["id"] = event_id;
    body["customer"] = sdk::json::object{{"id", customer}, {"name", name}, {"email", customer + "@example.com"}};
    return sdk::json::serialize(body);
  }
  void set_customer(const std::string& id, const std::string& name) {
    const std::lock_guard lock(service_.mutex);
    service_.customers[id] = {{"id", id}, {"name", name}, {"email", id + "@example.com"}};
  }

  std::string text(std::string_view sql, const storage::Params& params = {}) {
    const auto rows = pool_.query(storage::Lane::kWorker, sql, params);
    if (!rows.ok()) return "error " + rows.error().code;
    return rows->empty() ? "" : std::string(rows->at(0, 0).value_or(""));
  }
  std::string client_name(const std::string& email) {
    return text("select name from clients where email = $1 and deleted_at is null", {email});
  }
  std::string count(const std::string& state) {
    return text("select count(*) from work_items where state = $1", {state});
  }
  bool all_done(int number) {
    return wait_until([&] { return count("done") == std::to_string(number); }, std::chrono::seconds(30));
  }
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    loop_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  bool on_loop_bool(const std::function<bool()>& question) {
    bool answer = false;
    on_loop([&] { answer = question(); });
    return answer;
  }
  bool balanced() {
    const auto figures = guarantees_->current();
    return figures.ok() && figures->at("webhooks").at("balanced").as_bool();
  }

  base::Metrics metrics_;
  base::SystemClock clock_;
  TestDatabase database_;
  storage::PgPool pool_{
      storage::PgPoolSettings{.url = database_.url(), .acquire_timeout = std::chrono::milliseconds(1'000)}, metrics_};
  TestService service_;
  policy::Policy policy_ = policy::Policy::shipped().value();
  workflow::Workflows workflows_ = workflow::Workflows::shipped().value();
  resources::Registry registry_ = entities::make_registry();
  resources::Writer writer_of_entities_{registry_, policy_, workflows_};
  mapping::MappingCatalog mappings_;
  plugins::PluginCatalog catalog_;
  base::SecretBox box_ = base::SecretBox::from_hex("k1", std::string(64, 'a')).value();
  connections::ConnectionStore connections_{pool_, box_, catalog_};
  TestClients clients_{service_};
  sync::PageApplier applier_{registry_, writer_of_entities_, mappings_};
  base::WorkerPool pool_workers_{"interactive", 1, 64};
  outbound::OutboundHttp http_{{}, metrics_};
  oauth::OidcVerifier oidc_{http_, clock_};
  webhooks::CommandHandler* commands_ = nullptr;
  gateway::RateLimiter limiter_{gateway::LimitSettings{.webhook_per_minute = 5}, clock_, nullptr, metrics_};
  gateway::RateLimiter* limits_ = &limiter_;
  PollLoop loop_;
  std::atomic<bool> loop_ended_{false};
  std::thread loop_thread_;
  std::unique_ptr<redis::Client> redis_;
  std::unique_ptr<queue::Road> road_;
  std::unique_ptr<queue::PgWorkQueue> queue_;
  std::unique_ptr<sync::RunStore> runs_;
  std::unique_ptr<webhooks::Fallback> fallback_;
  std::unique_ptr<webhooks::Guarantees> guarantees_;
  std::unique_ptr<storage::PgPipeline> pipeline_;
  std::unique_ptr<webhooks::ReceiptWriter> writer_;
  std::unique_ptr<webhooks::Ingress> ingress_;
  queue::WorkerSettings queue_settings_;
  queue::SweeperSettings sweeper_settings_;
  std::unique_ptr<webhooks::WebhookHandler> handler_;
  std::unique_ptr<queue::Worker> worker_;
  std::unique_ptr<queue::Sweeper> sweeper_;
};

}  // namespace patchbay::testing
