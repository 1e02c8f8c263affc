#include "tests/integration/auth_host.hpp"

#include "platform/base/ids.hpp"

namespace patchbay::testing {
namespace {

template <typename T>
T must(sdk::Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().code + ": " + result.error().message);
  return std::move(result).value();
}

void must(sdk::Result<void> result) {
  if (!result.ok()) throw std::runtime_error(result.error().code + ": " + result.error().message);
}

storage::PgPoolSettings pool_settings(const std::string& url) {
  storage::PgPoolSettings settings;
  settings.url = url;
  settings.interactive_connections_max = 4;
  settings.worker_connections_max = 2;
  return settings;
}

redis::RedisSettings redis_settings(const std::string& url) {
  redis::RedisSettings settings;
  settings.url = url;
  return settings;
}

net::HttpServerSettings server_settings() {
  net::HttpServerSettings settings;
  settings.port = 0;
  settings.io_thread_count = 1;
  return settings;
}

gateway::GatewaySettings gateway_settings() {
  gateway::GatewaySettings settings;
  settings.access_log = false;
  return settings;
}

sdk::Result<std::string> make_client(storage::Session& session, const auth::NewClient& client) {
  const std::string id = base::new_uuid();
  PATCHBAY_TRY(session.execute("insert into clients (id, name, type, email) values ($1, $2, $3, $4)",
                               {id, client.name, client.type, client.email}));
  return id;
}

}  // namespace

AuthHost::AuthHost(const std::string& database_url, const std::string& redis_url, const sdk::Clock& clock,
                   Options options)
    : box_(must(base::SecretBox::from_hex("k1", std::string(64, 'a')))),
      pool_(pool_settings(database_url), metrics_),
      redis_(redis_settings(redis_url), metrics_),
      policy_(must(policy::Policy::shipped())),
      users_(pool_),
      sessions_(pool_, clock, settings_),
      directory_(sessions_, &redis_, clock, settings_),
      tokens_(must(auth::TokenIssuer::make(options.jwt_secret, box_, settings_, clock))),
      authenticator_(tokens_, directory_, clock),
      audit_(pool_, clock, metrics_),
      sign_in_({pool_, users_, sessions_, directory_, tokens_, hasher_, audit_, clock, metrics_}, settings_),
      api_({pool_, sign_in_, users_, sessions_, hasher_, policy_, clock}, settings_, make_client),
      limiter_(options.limits, clock, &redis_, metrics_),
      idempotency_(pool_, clock),
      workers_("workers", 3, 64),
      sign_in_workers_("sign-in", 2, 64),
      gateway_(gateway_settings(),
               {policy_, authenticator_, limiter_, idempotency_, audit_, workers_, sign_in_workers_, metrics_}),
      server_(server_settings(), gateway_, nullptr, metrics_) {
  must(gateway_.add(api_.routes()));
  must(gateway_.add(std::move(options.routes)));
  gateway_.set_post_to_io_thread(
      [this](std::size_t io_thread, std::function<void()> work) { server_.post(io_thread, std::move(work)); });
  directory_.start();
  limiter_.start();
  audit_.start();
  must(server_.start());
}

AuthHost::~AuthHost() {
  server_.stop(std::chrono::seconds(5));
  workers_.stop();
  sign_in_workers_.stop();
  limiter_.stop();
  directory_.stop();
  audit_.stop();
}

}  // namespace patchbay::testing
