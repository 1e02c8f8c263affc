#include "app/cli/user.hpp"

#include "app/platform.hpp"
#include "hub/auth/user_account.hpp"
#include "platform/base/ids.hpp"
#include "platform/storage/migrator.hpp"

#include <cstdio>
#include <iostream>
#include <termios.h>
#include <unistd.h>

namespace patchbay::app::cli {
namespace {

/// From the terminal without echo, or one line of standard input.
std::string read_password() {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  termios before{};
  if (terminal) {
    std::fputs("password: ", stderr);
    tcgetattr(STDIN_FILENO, &before);
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string password;
  std::getline(std::cin, password);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::fputs("\n", stderr);
  }
  return password;
}

sdk::Result<int> add(Settings settings, const Arguments& arguments) {
  base::StopSignal stop;
  PATCHBAY_ASSIGN(const auto platform, open_platform(std::move(settings), Servers::Ownership::kCommand, stop));
  storage::Migrator migrator(*platform->database);
  PATCHBAY_TRY(migrator.migrate(storage::embedded_migrations()));
  auth::UserRequest request;
  request.email = arguments.operands.at(0);
  request.username = arguments.option("--username");
  request.name = arguments.option("--name");
  request.role = arguments.option("--role", "viewer");
  request.client_id = arguments.option("--client");
  std::string shown;
  if (arguments.has("--password-stdin")) {
    request.password = read_password();
  } else {
    // Upper, lower, digit and special in any case; to be changed at the first sign-in.
    request.password = "Pb1!" + base::random_token(12);
    request.must_change_password = true;
    shown = request.password;
  }
  const auth::PasswordHasher hasher;
  PATCHBAY_ASSIGN(const auth::User user, auth::create_user(*platform->database, hasher, platform->clock, request));
  std::printf("made %s (%s, username %s)\n", user.email.c_str(), user.role.c_str(), user.username.c_str());
  if (!shown.empty())
    std::printf("password %s  (shown once; it must be changed at the first sign-in)\n", shown.c_str());
  platform->servers.stop();
  return kOk;
}

}  // namespace

int add_user(const Arguments& arguments) {
  auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = add(std::move(*settings), arguments);
  return done.ok() ? *done : report(done.error());
}

}  // namespace patchbay::app::cli
