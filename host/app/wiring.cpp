#include "app/wiring.hpp"

#include "platform/base/log.hpp"

namespace patchbay::app {
namespace {

auth::MakeClient client_maker(Model& model, const resources::Writer& writer) {
  return [&model, &writer](storage::Session& session, const auth::NewClient& wanted) -> sdk::Result<std::string> {
    sdk::json::object body{{"name", wanted.name}, {"type", wanted.type}, {"lifecycleStage", "lead"}};
    // Anybody may register with anybody's address: until it is confirmed it proves nothing.
    sdk::json::array unverified;
    const auto add = [&](const char* name, const std::string& contact) {
      if (contact.empty()) return;
      body[name] = contact;
      unverified.emplace_back(name);
    };
    add("email", wanted.email);
    add("phone", wanted.phone);
    body["unverifiedContacts"] = std::move(unverified);
    std::vector<sdk::Error> field_errors;
    PATCHBAY_ASSIGN(const auto written,
                    writer.create(session, *model.registry.find("client"), resources::Actor{}, body, field_errors));
    return written.entity_id;
  };
}

mapping::MappingContext mapping_context_of(const base::Config& config) {
  mapping::MappingContext context;
  context.default_currency = config.text("business.currency");
  context.phone_region = config.text("business.country");
  return context;
}

queue::WorkerSettings worker_settings(const base::Config& config) {
  queue::WorkerSettings settings;
  settings.lease = config.duration("queue.lease");
  settings.threads["webhook"] = static_cast<std::size_t>(config.integer("queue.workers"));
  settings.threads["sync"] = static_cast<std::size_t>(config.integer("sync.workers"));
  settings.threads["writeback"] = 2;
  settings.threads["message"] = 2;
  settings.retry.attempts_max = static_cast<int>(config.integer("queue.attempts_max"));
  return settings;
}

queue::SweeperSettings sweeper_settings(const base::Config& config) {
  queue::SweeperSettings settings;
  settings.retention = config.duration("webhooks.retention");
  settings.attempts_max = static_cast<int>(config.integer("queue.attempts_max"));
  return settings;
}

/// Every call to a service asks it, and can do without it: a Redis that hangs must not hold them up for long.
redis::RedisSettings budget_redis_settings(redis::RedisSettings settings) {
  settings.connect_timeout = std::chrono::milliseconds(250);
  settings.command_timeout = std::chrono::milliseconds(500);
  return settings;
}

sync::RunnerWiring runner_wiring(Platform& platform, Model& model, ConnectionParts& connections, WorkParts& work) {
  return {*platform.database,
          connections.store,
          connections.clients,
          model.plugins,
          model.mappings,
          model.registry,
          work.applier,
          work.runs,
          &work.pump,
          work.mapping_context,
          {},
          5};
}

sync::WritebackWiring writeback_wiring(Platform& platform, Model& model, const ResourceParts& resources,
                                       ConnectionParts& connections, WorkParts& work) {
  return {*platform.database, connections.store, connections.clients, model.mappings, model.registry,
          resources.writer,   work.applier,      work.queue,          &work.pump,     work.mapping_context};
}

outbound::SmtpSettings smtp_settings(const base::Config& config) {
  outbound::SmtpSettings settings;
  settings.url = config.text("smtp.url");
  settings.user = config.text("smtp.user");
  settings.password = config.text("smtp.password");
  base::add_log_secret(settings.password);
  return settings;
}

messaging::MessagingSettings make_messaging_settings(const Settings& settings) {
  messaging::MessagingSettings messaging;
  messaging.order = settings.channel_order;
  messaging.mail.from = settings.config.text("smtp.from");
  // An address that only this machine knows is none to call back.
  if (!settings.config.text("http.public_url").empty()) messaging.public_url = settings.public_url;
  messaging.tries_max = static_cast<int>(settings.config.integer("queue.attempts_max"));
  return messaging;
}

messaging::MessagingWiring messaging_wiring(Platform& platform, Model& model, const ResourceParts& resources,
                                            ConnectionParts& connections, WorkParts& work) {
  return {*platform.database, connections.store,    connections.clients,    model.plugins, model.mappings,
          model.registry,     resources.writer,     work.applier,           work.smtp,     platform.clock,
          &work.pump,         work.mapping_context, work.messaging_settings};
}

sync::SchedulerSettings scheduler_settings(const base::Config& config) {
  sync::SchedulerSettings settings;
  settings.default_interval =
      std::chrono::duration_cast<std::chrono::seconds>(config.duration("sync.default_interval"));
  return settings;
}

gateway::LimitSettings limit_settings(const base::Config& config) {
  gateway::LimitSettings settings;
  settings.global_per_hour = config.integer("limits.global_per_hour");
  settings.user_per_minute = config.integer("limits.user_per_minute");
  settings.auth_per_minute = config.integer("limits.auth_per_minute");
  settings.webhook_per_minute = config.integer("limits.webhook_per_minute");
  settings.webhook_verified_per_minute = config.integer("limits.webhook_verified_per_minute");
  return settings;
}

net::HttpServerSettings server_settings(const Settings& all) {
  const base::Config& config = all.config;
  net::HttpServerSettings settings;
  settings.address = config.text("http.address");
  settings.port = static_cast<std::uint16_t>(config.integer("http.port"));
  settings.tls_certificate = config.text("http.tls_certificate");
  settings.tls_key = config.text("http.tls_key");
  settings.tls_port = static_cast<std::uint16_t>(config.integer("http.tls_port"));
  settings.io_thread_count = static_cast<std::size_t>(config.integer("http.io_threads"));
  settings.connections_max = static_cast<std::size_t>(config.integer("http.connections_max"));
  settings.body_bytes_max = config.bytes("http.body_max");
  settings.trusted_proxies = all.trusted_proxies;
  return settings;
}

gateway::GatewaySettings gateway_settings(const base::Config& config) {
  gateway::GatewaySettings settings;
  settings.cors_origins = config.list("http.cors_origins");
  return settings;
}

webhooks::ReceiptWriterSettings receipt_settings(const base::Config& config) {
  webhooks::ReceiptWriterSettings settings;
  settings.waiting_max = static_cast<std::size_t>(config.integer("webhooks.receipts_max"));
  settings.store_timeout = config.duration("webhooks.store_timeout");
  return settings;
}

webhooks::IngressSettings ingress_settings(const Settings& settings) {
  webhooks::IngressSettings ingress;
  ingress.public_url = settings.public_url;
  return ingress;
}

}  // namespace

ResourceParts::ResourceParts(Platform&, Model& model)
    : writer(model.registry, model.policy, model.workflows), reader(model.registry, model.policy) {}

AuthParts::AuthParts(Platform& platform, Model& model, const auth::AuthSettings& settings, auth::TokenIssuer its_issuer,
                     const ResourceParts& resources)
    : users(*platform.database),
      sessions(*platform.database, platform.clock, settings),
      directory(sessions, platform.redis.get(), platform.clock, settings),
      issuer(std::move(its_issuer)),
      audit(*platform.database, platform.clock, platform.metrics),
      sign_in({*platform.database, users, sessions, directory, issuer, hasher, audit, platform.clock, platform.metrics},
              settings),
      api({*platform.database, sign_in, users, sessions, hasher, model.policy, platform.clock}, settings,
          client_maker(model, resources.writer)),
      authenticator(issuer, directory, platform.clock) {}

ConnectionParts::ConnectionParts(Platform& platform, Model& model)
    : tokens(*platform.database, platform.box, *platform.http, platform.clock),
      budget_redis(budget_redis_settings(platform.redis->settings()), platform.metrics),
      budgets(&budget_redis),
      store(*platform.database, platform.box, model.plugins),
      clients(*platform.database, model.plugins, *platform.http, platform.clock, tokens, budgets),
      watch(store, *platform.redis),
      flow({*platform.database, model.plugins, store, clients, tokens, *platform.http, platform.clock,
            platform.settings.public_url, [this] { watch.changed(); }}),
      retry(flow) {}

WorkParts::WorkParts(Platform& platform, Model& model, const ResourceParts& resources, ConnectionParts& connections,
                     AuthParts& auth)
    : road(*platform.redis, platform.metrics),
      queue(road),
      dead_letters(*platform.database, queue),
      outbox(*platform.database),
      visibility(model.registry, model.policy),
      socket_access(auth.issuer, auth.authenticator, auth.directory),
      sockets(outbox, socket_access, visibility, {}, platform.metrics),
      publisher(*platform.redis),
      writeback_sink(queue, model.mappings),
      pump(*platform.database, platform.redis.get(), {&publisher, &writeback_sink}, &sockets, {}, platform.metrics),
      mapping_context(mapping_context_of(platform.settings.config)),
      applier(model.registry, resources.writer, model.mappings),
      runs(queue),
      runner(runner_wiring(platform, model, connections, *this)),
      writeback(writeback_wiring(platform, model, resources, connections, *this)),
      smtp(smtp_settings(platform.settings.config)),
      messaging_settings(make_messaging_settings(platform.settings)),
      message_sender(messaging_wiring(platform, model, resources, connections, *this)),
      message_desk(model.registry, resources.writer, queue, platform.settings.config.text("business.country")),
      scheduler(*platform.database, runs, scheduler_settings(platform.settings.config)),
      fallback(*platform.redis, *platform.database, queue, {}, platform.metrics),
      webhook_handler(*platform.database, connections.store, connections.clients, model.plugins, model.mappings,
                      model.registry, mapping_context, applier, &pump, runs),
      guarantees(*platform.database, fallback),
      worker(*platform.database, road, {&webhook_handler, &runner, &writeback, &message_sender},
             worker_settings(platform.settings.config), platform.metrics),
      sweeper(
          *platform.database, road, [this] { return worker.waiting_count(); },
          sweeper_settings(platform.settings.config), platform.metrics) {
  if (!platform.settings.config.flag("sync.on_connect")) return;
  connections.flow.on_connected(
      [this, interval = scheduler_settings(platform.settings.config).default_interval](
          storage::Session& session, const std::string& id) -> sdk::Result<std::function<void()>> {
        PATCHBAY_ASSIGN(const auto queued, runs.enqueue_first(session, id, interval));
        if (!queued) return std::function<void()>();
        return std::function<void()>([this, run = *queued] { runs.announce(run); });
      });
}

DoorParts::DoorParts(Platform& platform, Model& model, const ResourceParts& resources, AuthParts& auth,
                     ConnectionParts& connections, WorkParts& work, const HealthWatch&, std::atomic<bool>&)
    : workers("interactive", static_cast<std::size_t>(platform.settings.config.integer("http.worker_threads")),
              static_cast<std::size_t>(platform.settings.config.integer("http.queue_max"))),
      sign_in_workers("sign-in", 2, 64),
      limiter(limit_settings(platform.settings.config), platform.clock, platform.redis.get(), platform.metrics),
      idempotency(*platform.database, platform.clock),
      gateway(gateway_settings(platform.settings.config), {model.policy, auth.authenticator, limiter, idempotency,
                                                           auth.audit, workers, sign_in_workers, platform.metrics}),
      server(server_settings(platform.settings), gateway, &work.sockets, platform.metrics),
      lanes(server, platform.servers.database_url(), receipt_settings(platform.settings.config),
            {work.fallback, work.queue, platform.metrics}),
      oidc(*platform.http, platform.clock),
      askers(connections.store, connections.clients, platform.clock),
      commands(askers, auth.users,
               commands::Lookup(*platform.database, model.registry, resources.reader,
                                platform.settings.config.text("business.country")),
               platform.clock),
      conversation(commands, work.message_desk, *platform.database, model.plugins),
      ingress({connections.store, model.plugins, lanes.ingress_lanes(), workers, limiter, platform.clock, oidc,
               &conversation},
              ingress_settings(platform.settings), platform.metrics),
      route_parts{model.registry,   model.policy,       resources.reader,
                  resources.writer, *platform.database, lanes,
                  workers,          work.pump,          platform.settings.config.text("business.country")},
      dashboard(*platform.database, model.registry, model.policy, platform.settings.config.text("business.currency")),
      intents(*platform.database, connections.store, connections.clients, model.mappings) {
  gateway.set_post_to_io_thread(
      [this](std::size_t io_thread, std::function<void()> task) { server.post(io_thread, std::move(task)); });
}

sdk::Result<void> DoorParts::add_routes(Platform& platform, Model& model, ConnectionParts& connections, AuthParts& auth,
                                        WorkParts& work, const HealthWatch& health, std::atomic<bool>& draining) {
  const Settings& settings = platform.settings;
  const bool is_public = settings.config.flag("operations.public");
  PATCHBAY_TRY(gateway.add(make_operations_routes({health, platform.metrics, api_document, is_public, &draining})));
  if (settings.has_role("api")) {
    PATCHBAY_TRY(gateway.add(auth.api.routes()));
    PATCHBAY_TRY(gateway.add(resources::make_routes(route_parts)));
    PATCHBAY_TRY(gateway.add(entities::make_routes(route_parts)));
    PATCHBAY_TRY(
        gateway.add(messaging::make_routes({route_parts,
                                            work.message_desk,
                                            connections.store,
                                            {work.messaging_settings.order, model.plugins, work.smtp.configured()}})));
    PATCHBAY_TRY(gateway.add(dashboard.routes()));
    PATCHBAY_TRY(gateway.add(payments::make_routes(route_parts, intents)));
    PATCHBAY_TRY(gateway.add(connections::make_routes(connections.flow, connections.store, model.plugins)));
    PATCHBAY_TRY(gateway.add(sync::make_routes(*platform.database, connections.store, model.plugins, work.runs)));
    PATCHBAY_TRY(gateway.add(webhooks::make_routes(*platform.database, work.dead_letters, work.guarantees, is_public)));
  }
  if (settings.has_role("webhooks")) PATCHBAY_TRY(gateway.add(ingress.routes()));
  *api_document =
      sdk::json::serialize(resources::make_openapi(gateway.routes(), model.registry, {PATCHBAY_VERSION, "/api/v1"}));
  return {};
}

}  // namespace patchbay::app
