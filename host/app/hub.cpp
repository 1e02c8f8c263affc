#include "app/hub.hpp"

#include "app/wiring.hpp"
#include "engine/resources/drift_check.hpp"
#include "hub/auth/user_account.hpp"
#include "platform/base/log.hpp"
#include "platform/storage/migrator.hpp"

namespace patchbay::app {
namespace {

constexpr std::chrono::seconds kGrace{10};

auth::AuthSettings auth_settings(const base::Config& config) {
  auth::AuthSettings settings;
  settings.access_token_ttl = config.duration("auth.access_token_ttl");
  settings.refresh_token_ttl = config.duration("auth.refresh_token_ttl");
  const std::string registration = config.text("auth.registration");
  settings.registration = registration == "off"      ? auth::Registration::kOff
                          : registration == "invite" ? auth::Registration::kInvite
                                                     : auth::Registration::kOpen;
  return settings;
}

sdk::Result<void> prepare_database(Platform& platform, const Model& model) {
  storage::Migrator migrator(*platform.database);
  PATCHBAY_ASSIGN(const auto applied, migrator.migrate(storage::embedded_migrations()));
  if (!applied.empty())
    base::log_info("serve", "the database was brought up to date", {{"migrations", applied.size()}});
  PATCHBAY_ASSIGN(const auto differences, resources::drift_check(*platform.database, model.registry));
  for (const std::string& difference : differences)
    base::log_error("serve", "a table is not what the program expects: " + difference);
  if (!differences.empty()) {
    return sdk::permanent_error("serve.drift",
                                "the database's tables are not what this program expects; `patchbay doctor` lists how");
  }
  return {};
}

}  // namespace

Hub::Hub() = default;

Hub::~Hub() {
  if (parts_ != nullptr) stop();
}

sdk::Result<std::unique_ptr<Hub>> Hub::make(Platform& platform, std::unique_ptr<Model> model) {
  PATCHBAY_TRY(prepare_database(platform, *model));
  const auth::AuthSettings settings = auth_settings(platform.settings.config);
  PATCHBAY_ASSIGN(auth::TokenIssuer issuer, auth::TokenIssuer::make(platform.settings.config.text("auth.jwt_secret"),
                                                                    platform.box, settings, platform.clock));
  std::unique_ptr<Hub> hub(new Hub());
  hub->parts_ = std::make_unique<Parts>(platform, std::move(model), settings, std::move(issuer));
  Parts& parts = *hub->parts_;
  PATCHBAY_TRY(parts.door.add_routes(platform, *parts.model, parts.connections, parts.auth, parts.work, parts.health,
                                     parts.draining));
  return hub;
}

/// Where there is no user at all. Only a hub that answers requests makes one, and tells of it at once.
sdk::Result<void> Hub::make_first_admin() {
  Parts& parts = *parts_;
  const base::Config& config = parts.platform.settings.config;
  const std::string email =
      config.text("admin.email").empty() ? "admin@localhost.localdomain" : config.text("admin.email");
  PATCHBAY_ASSIGN(const auto admin,
                  auth::create_first_admin(*parts.platform.database, parts.auth.hasher, parts.platform.clock, email,
                                           config.text("admin.password")));
  if (!admin) return {};
  parts.admin_email = admin->user.email;
  parts.generated_password = admin->generated_password.value_or("");
  return {};
}

sdk::Result<void> Hub::start(Door door) {
  Parts& parts = *parts_;
  // What most often fails comes first: a start that fails must not have made an administrator whose password nobody saw.
  if (door == Door::kOpen) PATCHBAY_TRY(parts.door.server.bind());
  const Settings& settings = parts.platform.settings;
  parts.started = true;
  parts.work.road.start();
  parts.health.start();
  parts.auth.audit.start();
  parts.auth.directory.tell([&sockets = parts.work.sockets](const std::string& id) { sockets.revoke_session(id); },
                            [&sockets = parts.work.sockets](const std::string& id) { sockets.revoke_user(id); });
  parts.auth.directory.start();
  const auto loaded = parts.connections.store.refresh();
  if (!loaded.ok())
    base::log_warning("serve", "the connections could not be read yet", {{"reason", loaded.error().message}});
  parts.connections.watch.start();
  parts.work.fallback.start();
  parts.work.pump.start();
  if (settings.has_role("worker")) {
    parts.work.worker.start();
    parts.work.sweeper.start();
  }
  if (settings.has_role("scheduler")) {
    parts.work.scheduler.start();
    parts.connections.retry.start();
  }
  if (door == Door::kClosed) return {};
  parts.door.limiter.start();
  PATCHBAY_TRY(make_first_admin());
  PATCHBAY_TRY(parts.door.server.start());
  parts.door_open = true;
  return {};
}

void Hub::stop() {
  Parts& parts = *parts_;
  if (!parts.started || std::exchange(parts.stopped, true)) return;
  parts.draining.store(true);
  // From the door inwards: first nothing new comes, then what is under way ends, then what serves it.
  if (parts.door_open) parts.door.server.stop(kGrace);
  parts.door.workers.stop();
  parts.door.sign_in_workers.stop();
  parts.door.limiter.stop();
  parts.work.scheduler.stop();
  parts.connections.retry.stop();
  parts.work.worker.stop();
  parts.work.sweeper.stop();
  parts.work.pump.stop();
  parts.work.sockets.stop();
  parts.work.fallback.stop();
  parts.connections.watch.stop();
  parts.auth.directory.stop();
  parts.auth.audit.stop();
  parts.health.stop();
  parts.work.road.stop();
}

std::uint16_t Hub::port() const {
  return parts_->door.server.port();
}
const std::string& Hub::generated_password() const {
  return parts_->generated_password;
}
const std::string& Hub::admin_email() const {
  return parts_->admin_email;
}

}  // namespace patchbay::app
