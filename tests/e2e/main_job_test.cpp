#include "tests/support/hub_world.hpp"

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;

TEST(Smoke, Starts) {
  HubWorld world;
  HubProcess hub(world.settings());
  hub.start();
  SandboxProcess sandbox({"--clients", "200", "--webhook-target", hub.webhook_target()});
  sandbox.lift_limits();
  HubApi api(hub.port());
  api.sign_in();
  const auto id = api.connect(sandbox.stripe_connection());
  const auto run = api.sync(id, "full", 60s);
  std::cout << sdk::json::serialize(run) << "\n";
  std::cout << api.send("GET", "/clients?pageSize=2").body << "\n";
  const auto jobber = api.post("/connections", sandbox.jobber_connection());
  std::cout << sdk::json::serialize(jobber) << "\n";
  const auto url = sdk::string_at(api.post("/connections/" + sdk::string_at(jobber, "id") + "/authorize", sdk::json::object()), "authorizeUrl");
  std::cout << url << "\n";
  const auto back = sandbox.approve(url);
  std::cout << back << "\n";
  std::cout << send_http(hub.port(), {"GET", back.substr(hub.url("").size()), {}, {}}).text() << "\n";
  const auto run2 = api.sync(sdk::string_at(jobber, "id"), "full", 60s);
  std::cout << sdk::json::serialize(run2) << "\n";
  std::cout << api.send("GET", "/clients?pageSize=2").body << "\n";
  std::cout << hub.program().log() << "\n";
}

}  // namespace
}  // namespace patchbay::testing
