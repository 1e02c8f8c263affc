// The whole hub, wired: every part is made here by constructor arguments, bottom to top, and by nobody else.
#pragma once

#include "app/model.hpp"
#include "app/platform.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace patchbay::app {

/// Which parts run is said by the settings' roles: api, webhooks, worker, scheduler.
class Hub {
 public:
  /// Migrates the database, makes everything, starts nothing. `platform` outlives the hub.
  static sdk::Result<std::unique_ptr<Hub>> make(Platform& platform, std::unique_ptr<Model> model);
  ~Hub();
  enum class Door { kOpen, kClosed };  // closed: a command that only wants the workers
  /// Starts the threads of the roles and, with an open door, the server, which makes the first administrator where
  /// there is no user.
  sdk::Result<void> start(Door door);
  /// Stops taking requests, lets work under way finish, ends the threads. Idempotent.
  void stop();
  /// Bound port; 0 where no server runs.
  std::uint16_t port() const;
  /// Password of an administrator that this start made and had to invent.
  const std::string& generated_password() const;
  const std::string& admin_email() const;

  struct Parts;
  Parts& parts() { return *parts_; }

 private:
  Hub();
  sdk::Result<void> make_first_admin();
  std::unique_ptr<Parts> parts_;
};

}  // namespace patchbay::app
