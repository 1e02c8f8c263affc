#include "tests/support/hub_process.hpp"

#include "tests/support/http_client.hpp"
#include "tests/support/tcp_stream.hpp"
#include "tests/support/wait.hpp"

#include <stdexcept>

namespace patchbay::testing {

using namespace std::chrono_literals;

HubProcess::HubProcess(Program::Environment settings) : port_(listening_port()), settings_(std::move(settings)) {
  settings_.insert({{"PATCHBAY_HTTP_PORT", std::to_string(port_)},
                    {"PATCHBAY_VAR_DIR", (program_.directory() / "var").string()},
                    {"PATCHBAY_ADMIN_EMAIL", kAdminEmail},
                    {"PATCHBAY_ADMIN_PASSWORD", kAdminPassword},
                    {"PATCHBAY_LIMITS_GLOBAL_PER_HOUR", "0"},
                    {"PATCHBAY_LIMITS_USER_PER_MINUTE", "0"},
                    {"PATCHBAY_LIMITS_AUTH_PER_MINUTE", "0"},
                    {"PATCHBAY_LIMITS_WEBHOOK_PER_MINUTE", "0"}});
}

HubProcess::~HubProcess() {
  if (settings_.contains("PATCHBAY_DATABASE_URL") && settings_.contains("PATCHBAY_REDIS_URL")) return;
  if (!std::filesystem::exists(var_dir())) return;
  try {
    program_.kill();
    run({"stop"}, 30s);
  } catch (...) {  // nothing left to end it with
  }
}

void HubProcess::launch() {
  program_.start({built_program("patchbay"), "serve"}, settings_);
}

void HubProcess::start(std::chrono::milliseconds limit) {
  launch();
  if (!wait_until_ready(limit)) throw std::runtime_error("the hub is not ready in time:\n" + program_.log_tail());
}

bool HubProcess::wait_until_ready(std::chrono::milliseconds limit) {
  return wait_until(
             [&] {
               return !program_.running() || send_http(port_, {"GET", "/health/ready", {}, {}, 2s}).status == 200;
             },
             limit) &&
         program_.running();
}

std::string HubProcess::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::filesystem::path HubProcess::var_dir() const {
  return settings_.at("PATCHBAY_VAR_DIR");
}

HubProcess::Ran HubProcess::run(const std::vector<std::string>& arguments, std::chrono::milliseconds limit) const {
  Program command("patchbay " + arguments.front());
  std::vector<std::string> all{built_program("patchbay")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  command.start(all, settings_);
  const auto code = command.wait(limit);
  return {code, command.log()};
}

}  // namespace patchbay::testing
