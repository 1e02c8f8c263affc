// All parts of the hub, in the order in which they are made; they are destroyed in the reverse.
#pragma once

#include "app/connection_retry.hpp"
#include "app/connection_watch.hpp"
#include "app/hub.hpp"
#include "app/io_lanes.hpp"
#include "app/operations.hpp"
#include "app/socket_access.hpp"
#include "business/commands/conversation.hpp"
#include "business/dashboard/dashboard.hpp"
#include "business/entities/routes.hpp"
#include "business/payments/intent_routes.hpp"
#include "engine/events/pump.hpp"
#include "engine/events/redis_publisher.hpp"
#include "engine/events/websocket_hub.hpp"
#include "engine/gateway/gateway.hpp"
#include "engine/oauth/liboauth2_client_auth.hpp"
#include "engine/queue/dead_letters.hpp"
#include "engine/queue/sweeper.hpp"
#include "engine/queue/work_queue.hpp"
#include "engine/queue/worker.hpp"
#include "engine/resources/event_visibility.hpp"
#include "engine/resources/openapi.hpp"
#include "engine/resources/routes.hpp"
#include "hub/auth/audit_writer.hpp"
#include "hub/auth/auth_api.hpp"
#include "hub/connections/connection_flow.hpp"
#include "hub/connections/routes.hpp"
#include "hub/messaging/routes.hpp"
#include "hub/messaging/sender.hpp"
#include "hub/sync/routes.hpp"
#include "hub/sync/runner.hpp"
#include "hub/sync/scheduler.hpp"
#include "hub/sync/writeback.hpp"
#include "hub/webhooks/guarantees.hpp"
#include "hub/webhooks/handler.hpp"
#include "hub/webhooks/routes.hpp"

namespace patchbay::app {

/// Entities: one writer and one reader for everybody.
struct ResourceParts {
  ResourceParts(Platform& platform, Model& model);
  resources::Writer writer;
  resources::Reader reader;
};

/// Sign-in.
struct AuthParts {
  AuthParts(Platform& platform, Model& model, const auth::AuthSettings& settings, auth::TokenIssuer issuer,
            const ResourceParts& resources);
  auth::UserStore users;
  auth::SessionStore sessions;
  auth::SessionDirectory directory;
  auth::TokenIssuer issuer;
  auth::PasswordHasher hasher;
  auth::AuditWriter audit;
  auth::SignIn sign_in;
  auth::AuthApi api;
  auth::TokenAuthenticator authenticator;
};

/// Towards the services.
struct ConnectionParts {
  ConnectionParts(Platform& platform, Model& model);
  oauth::OAuthLibrary library;
  oauth::TokenService tokens;
  redis::Client budget_redis;
  limits::RateBudgets budgets;
  connections::ConnectionStore store;
  connections::HubClientFactory clients;
  ConnectionWatch watch;
  connections::ConnectionFlow flow;
  ConnectionRetry retry;
};

/// Work and what it leads to.
struct WorkParts {
  WorkParts(Platform& platform, Model& model, const ResourceParts& resources, ConnectionParts& connections,
            AuthParts& auth);
  queue::Road road;
  queue::PgWorkQueue queue;
  queue::DeadLetters dead_letters;
  // Events.
  events::OutboxReader outbox;
  resources::ResourceEventVisibility visibility;
  SocketAccess socket_access;
  events::WebSocketHub sockets;
  events::RedisPublisher publisher;
  sync::WritebackSink writeback_sink;
  events::Pump pump;
  // Sync.
  mapping::MappingContext mapping_context;
  sync::PageApplier applier;
  sync::RunStore runs;
  sync::SyncRunner runner;
  sync::WritebackHandler writeback;
  outbound::SmtpClient smtp;
  messaging::MessagingSettings messaging_settings;
  messaging::MessageSender message_sender;
  messaging::MessageDesk message_desk;
  sync::Scheduler scheduler;
  // Webhooks.
  webhooks::Fallback fallback;
  webhooks::WebhookHandler webhook_handler;
  webhooks::Guarantees guarantees;
  // Who does it.
  queue::Worker worker;
  queue::Sweeper sweeper;
};

/// The door.
struct DoorParts {
  DoorParts(Platform& platform, Model& model, const ResourceParts& resources, AuthParts& auth,
            ConnectionParts& connections, WorkParts& work, const HealthWatch& health, std::atomic<bool>& draining);
  sdk::Result<void> add_routes(Platform& platform, Model& model, ConnectionParts& connections, AuthParts& auth,
                               WorkParts& work, const HealthWatch& health, std::atomic<bool>& draining);
  base::WorkerPool workers;
  base::WorkerPool sign_in_workers;
  gateway::RateLimiter limiter;
  gateway::IdempotencyStore idempotency;
  gateway::Gateway gateway;
  net::HttpServer server;
  IoLanes lanes;
  oauth::OidcVerifier oidc;
  commands::ServiceAskers askers;
  commands::Commands commands;
  commands::Conversation conversation;
  webhooks::Ingress ingress;
  resources::RouteParts route_parts;
  dashboard::Dashboard dashboard;
  payments::IntentMaker intents;
  std::shared_ptr<std::string> api_document = std::make_shared<std::string>();
};

struct Hub::Parts {
  Parts(Platform& its_platform, std::unique_ptr<Model> its_model, const auth::AuthSettings& auth_settings,
        auth::TokenIssuer issuer)
      : platform(its_platform),
        model(std::move(its_model)),
        health(*platform.database, *platform.redis),
        resources(platform, *model),
        auth(platform, *model, auth_settings, std::move(issuer), resources),
        connections(platform, *model),
        work(platform, *model, resources, connections, auth),
        door(platform, *model, resources, auth, connections, work, health, draining) {}
  Platform& platform;
  std::unique_ptr<Model> model;
  std::atomic<bool> draining{false};
  HealthWatch health;
  ResourceParts resources;
  AuthParts auth;
  ConnectionParts connections;
  WorkParts work;
  DoorParts door;
  std::string admin_email, generated_password;
  bool started = false, stopped = false, door_open = false;
};

}  // namespace patchbay::app
