#include "tests/support/hub_world.hpp"

#include <atomic>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

constexpr const char* kKey = "5d1f0c6a9be24733810fd5a4c6e27b90f1a3d5c7e9b80246811357acef902468";

storage::PgPoolSettings pool_settings(const std::string& url) {
  storage::PgPoolSettings settings;
  settings.url = url;
  settings.application_name = "patchbay-test";
  return settings;
}

}  // namespace

HubWorld::HubWorld()
    : database_(TestDatabase::Content::kEmpty),
      redis_name_(database_.name()),
      pool_(pool_settings(database_.url()), metrics_) {
  TestServers::instance().redis().start();
}

Program::Environment HubWorld::settings(const Program::Environment& more) const {
  Program::Environment all = more;
  all.insert({{"PATCHBAY_DATABASE_URL", database_.url()},
              {"PATCHBAY_REDIS_URL", TestServers::instance().redis().url()},
              {"PATCHBAY_REDIS_NAME", redis_name_},
              {"PATCHBAY_SECRETS_KEY", kKey},
              // A test says when there is a run.
              {"PATCHBAY_SYNC_DEFAULT_INTERVAL", "30d"},
              {"PATCHBAY_SYNC_ON_CONNECT", "false"}});
  return all;
}

storage::Rows HubWorld::query(std::string_view sql, const storage::Params& params) {
  auto rows = pool_.query(storage::Lane::kInteractive, sql, params);
  if (!rows.ok()) throw std::runtime_error("a test's statement failed: " + rows.error().message);
  return std::move(*rows);
}

std::string HubWorld::value(std::string_view sql, const storage::Params& params) {
  const auto rows = query(sql, params);
  if (rows.empty()) throw std::runtime_error("a test's statement has no row: " + std::string(sql));
  return std::string(rows.at(0, std::size_t{0}).value_or(""));
}

std::int64_t HubWorld::number(std::string_view sql, const storage::Params& params) {
  return std::stoll(value(sql, params));
}

std::string connect_jobber(const HubApi& api, const HubProcess& hub, const SandboxProcess& sandbox) {
  const std::string id = sdk::string_at(api.post("/connections", sandbox.jobber_connection()), "id");
  const auto started = api.post("/connections/" + id + "/authorize", sdk::json::object());
  const std::string back = sandbox.approve(sdk::string_at(started, "authorizeUrl"));
  const auto seen = send_http(hub.port(), {"GET", back.substr(hub.url("").size()), {}, {}, std::chrono::seconds(30)});
  if (seen.status != 200 || sdk::string_at(api.get("/connections/" + id), "state") != "connected")
    throw std::runtime_error("the connection to Jobber is not connected: " + seen.text());
  return id;
}

std::string redis_command(const RedisServer& server, const std::string& command) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{10, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  server.url().substr(std::string("unix://").size()).copy(address.sun_path, sizeof address.sun_path - 1);
  std::string answer;
  const std::string line = command + "\r\n";
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(descriptor, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
    char byte = 0;
    while (::recv(descriptor, &byte, 1, 0) == 1 && byte != '\r') answer += byte;
  }
  ::close(descriptor);
  return answer;
}

}  // namespace patchbay::testing
