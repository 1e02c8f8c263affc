#include "app/cli/user.hpp"

#include "app/platform.hpp"
#include "engine/policy/policy.hpp"
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

/// What can be told without a database.
sdk::Result<void> check_words(const Arguments& arguments) {
  const std::string role = arguments.option("--role", "viewer");
  const auto canonical = policy::Policy::canonical_role(role);
  if (!canonical) {
    PATCHBAY_ASSIGN(const policy::Policy policy, policy::Policy::shipped());
    std::string known;
    for (const std::string& name : policy.roles()) known += (known.empty() ? "" : ", ") + name;
    return sdk::invalid_error("cli.role", "there is no role '" + role + "'; roles are " + known);
  }
  const bool customer = *canonical == "customer_admin" || *canonical == "customer_user";
  const std::string client = arguments.option("--client");
  if (customer && client.empty())
    return sdk::invalid_error("cli.client", "a " + *canonical + " belongs to a client: --client ID is needed");
  if (!customer && arguments.has("--client"))
    return sdk::invalid_error("cli.client", "only customer_admin and customer_user belong to a client");
  if (customer && !base::is_uuid(client)) {
    return sdk::invalid_error("cli.client", "--client: '" + client +
                                                "' is no id of a client (a UUID; GET /api/v1/clients shows them)");
  }
  return {};
}

sdk::Result<void> check_client(storage::Database& database, const std::string& client_id) {
  if (client_id.empty()) return {};
  PATCHBAY_ASSIGN(const auto rows,
                  database.query(storage::Lane::kInteractive,
                                 "select 1 from clients where id = $1::uuid and deleted_at is null", {client_id}));
  if (!rows.empty()) return {};
  return sdk::not_found_error("user.client", "--client: there is no client with the id " + client_id);
}

sdk::Result<int> add(Settings settings, const Arguments& arguments) {
  base::StopSignal stop;
  PATCHBAY_ASSIGN(const auto platform, open_platform(std::move(settings), Servers::Ownership::kCommand, stop));
  storage::Migrator migrator(*platform->database);
  PATCHBAY_TRY(migrator.migrate(storage::embedded_migrations()));
  PATCHBAY_TRY(check_client(*platform->database, arguments.option("--client")));
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
  if (const auto words = check_words(arguments); !words.ok()) return report(words.error());
  auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = add(std::move(*settings), arguments);
  return done.ok() ? *done : report(done.error());
}

}  // namespace patchbay::app::cli
