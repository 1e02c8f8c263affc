// The main job from end to end: both services synced into one model, a change at a service seen in the hub within a
// moment, a change in the hub seen at the services.
#include "tests/support/hub_world.hpp"
#include "tests/support/sandbox_comparison.hpp"
#include "tests/support/wait.hpp"
#include "tests/support/websocket_client.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kSyncLimit = 300s;
constexpr auto kChangeLimit = 30s;

std::string client_count() {
  const char* given = std::getenv("PATCHBAY_TEST_CLIENTS");
  return given == nullptr ? "10000" : given;
}

class MainJob : public ::testing::Test {
 protected:
  MainJob()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", client_count(), "--seed", "7", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    sandbox_.lift_limits();
    hub_.start();
    api_.sign_in();
  }

  void expect_sync_as_the_truth_says();
  void expect_change_of_the_service_seen();
  void expect_change_of_the_hub_written_back();

  /// The first client that both services know.
  void choose_client() {
    for (const auto& group : sandbox_.identity_truth()) {
      customer_id_ = sdk::string_at(group, "stripe[0]");
      jobber_id_ = sdk::string_at(group, "jobber[0]");
      if (!customer_id_.empty() && !jobber_id_.empty()) return;
    }
    throw std::runtime_error("the sandbox has nobody that both services know");
  }

  value client_of(const std::string& service, const std::string& external_id) {
    const auto id = world_.value(
        "select entity_id from entity_links where service = $1 and external_id = $2 and entity_kind = 'client'",
        {service, external_id});
    return api_.get("/clients/" + id);
  }

  value stripe_customer(const std::string& id) const {
    for (auto& record : sandbox_.truth("stripe", "customers")) {
      if (sdk::string_at(record, "id") == id) return record;
    }
    return nullptr;
  }
  value jobber_client(const std::string& id) const {
    for (auto& record : sandbox_.truth("jobber", "clients")) {
      if (sdk::string_at(record, "id") == id) return record;
    }
    return nullptr;
  }

  bool no_work_left() {
    return world_.number("select count(*) from work_items where state <> 'done'") == 0 &&
           sandbox_.look("/deliveries?limit=1").at("pending").to_number<std::int64_t>() == 0;
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string customer_id_, jobber_id_, id_;  // one client: at Stripe, at Jobber, in the hub
};

std::size_t figure(const value& run, const char* name) {
  return run.at("counts").at(name).to_number<std::size_t>();
}

void MainJob::expect_sync_as_the_truth_says() {
  const auto stripe = api_.connect(sandbox_.stripe_connection());
  const auto jobber = connect_jobber(api_, hub_, sandbox_);
  // Sync: counts, links and merged identities exactly as the sandbox's truth says.
  const auto stripe_run = api_.sync(stripe, "full", kSyncLimit);
  const auto jobber_run = api_.sync(jobber, "full", kSyncLimit);
  EXPECT_EQ(figure(stripe_run, "failed"), 0U);
  EXPECT_EQ(figure(jobber_run, "failed"), 0U);
  EXPECT_EQ(figure(stripe_run, "created"),
            sandbox_.truth("stripe", "customers").size() + sandbox_.truth("stripe", "invoices").size() +
                sandbox_.truth("stripe", "charges").size() + sandbox_.truth("stripe", "refunds").size());
  std::size_t merged = 0;
  for (const auto& group : sandbox_.identity_truth())
    merged += !group.at("stripe").as_array().empty() && !group.at("jobber").as_array().empty();
  EXPECT_EQ(figure(jobber_run, "merged"), merged) << sdk::json::serialize(jobber_run);
  EXPECT_THAT(SandboxComparison(api_, sandbox_).differences(), IsEmpty());

  // A second run finds nothing to do.
  const auto again = api_.sync(stripe, "full", kSyncLimit);
  EXPECT_EQ(figure(again, "created") + figure(again, "updated") + figure(again, "deleted"), 0U)
      << sdk::json::serialize(again);
}

void MainJob::expect_change_of_the_service_seen() {
  // Webhook: a change at the service, the row, and the event on an open WebSocket.
  WebSocketClient socket(hub_.port(), "/api/v1/ws", {{"Authorization", "Bearer " + api_.token()}});
  ASSERT_TRUE(socket.read_until([](const value& message) { return sdk::string_at(message, "type") == "ready"; }, 10s));
  socket.send({{"type", "subscribe"}, {"topics", {"clients"}}});
  ASSERT_TRUE(
      socket.read_until([](const value& message) { return sdk::string_at(message, "type") == "subscribed"; }, 10s));
  choose_client();
  const auto before = client_of("stripe", customer_id_);
  id_ = sdk::string_at(before, "id");
  sandbox_.control("PATCH", "/jobber/clients/" + jobber_id_,
                   {{"firstName", "Webhook"}, {"lastName", "Changed"}, {"companyName", nullptr}, {"isCompany", false}});
  const auto event = socket.read_until(
      [&](const value& message) {
        return sdk::string_at(message, "type") == "event" && sdk::string_at(message, "entityId") == id_;
      },
      kChangeLimit);
  ASSERT_TRUE(event) << "no event of client " << id_ << " came";
  EXPECT_EQ(sdk::string_at(*event, "action"), "client.updated");
  EXPECT_EQ(sdk::string_at(*event, "topic"), "clients");
  EXPECT_EQ(sdk::string_at(*event, "data.name"), "Webhook Changed") << sdk::json::serialize(*event);
  const auto after = client_of("jobber", jobber_id_);
  EXPECT_EQ(sdk::string_at(after, "name"), "Webhook Changed");
  EXPECT_EQ(sdk::string_at(after, "email"), sdk::string_at(before, "email")) << "the e-mail is Stripe's";
  EXPECT_EQ(after.at("version").to_number<int>(), before.at("version").to_number<int>() + 1);
}

void MainJob::expect_change_of_the_hub_written_back() {
  // A change through the API reaches both services and does not come back as a change.
  const auto before = api_.get("/clients/" + id_);
  ASSERT_TRUE(wait_until([&] { return no_work_left(); }, kChangeLimit, 50ms));
  const auto patched = api_.send_json("PATCH", "/clients/" + id_, {{"name", "Written Back"}});
  ASSERT_EQ(patched.status, 200) << patched.text();
  EXPECT_TRUE(wait_until(
      [&] {
        return sdk::string_at(stripe_customer(customer_id_), "name") == "Written Back" &&
               sdk::string_at(jobber_client(jobber_id_), "name") == "Written Back";
      },
      kChangeLimit, 200ms))
      << "Stripe has " << sdk::string_at(stripe_customer(customer_id_), "name") << ", Jobber has "
      << sdk::string_at(jobber_client(jobber_id_), "name");
  ASSERT_TRUE(wait_until([&] { return no_work_left(); }, kChangeLimit, 50ms));
  const auto settled = api_.get("/clients/" + id_);
  EXPECT_EQ(sdk::string_at(settled, "name"), "Written Back");
  EXPECT_EQ(settled.at("version").to_number<int>(), before.at("version").to_number<int>() + 1)
      << "the echo of the write-back changed the row";
  EXPECT_THAT(SandboxComparison(api_, sandbox_).differences(), IsEmpty());
}

TEST_F(MainJob, FromSyncToWriteBack) {
  expect_sync_as_the_truth_says();
  ASSERT_FALSE(HasFailure());
  expect_change_of_the_service_seen();
  ASSERT_FALSE(HasFailure());
  expect_change_of_the_hub_written_back();
  // Everything that came in is accounted for.
  const auto balance = api_.get("/guarantees");
  EXPECT_TRUE(balance.at("webhooks").at("balanced").as_bool()) << sdk::json::serialize(balance);
  EXPECT_EQ(balance.at("webhooks").at("dead").to_number<int>(), 0) << sdk::json::serialize(balance);
}

/// The comparison that the other tests rely on sees what a lost change would leave behind.
TEST(Comparison, SeesEveryKindOfDifference) {
  HubWorld world;
  HubProcess hub(world.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}}));
  SandboxProcess sandbox({"--clients", "60"});  // tells nobody what changes
  sandbox.lift_limits();
  hub.start();
  HubApi api(hub.port());
  api.sign_in();
  api.sync(api.connect(sandbox.stripe_connection()), "full", 60s);
  api.sync(connect_jobber(api, hub, sandbox), "full", 60s);
  ASSERT_THAT(SandboxComparison(api, sandbox).differences(), IsEmpty());
  const auto change = [&](const std::string& kind, const value& members) {
    const auto slash = kind.find('/');
    const auto id = sdk::string_at(sandbox.truth(kind.substr(0, slash), kind.substr(slash + 1)).front(), "id");
    sandbox.control("PATCH", "/" + kind + "/" + id, members);
    return id;
  };
  const std::vector<std::string> changed{change("stripe/customers", {{"email", "another@example.org"}}),
                                         change("stripe/invoices", {{"total", 1}}),
                                         change("stripe/charges", {{"amount_captured", 1}}),
                                         change("stripe/refunds", {{"amount", 1}}),
                                         change("jobber/clients", {{"lastName", "Else"}}),
                                         change("jobber/jobs", {{"total", 1.5}}),
                                         change("jobber/quotes", {{"quoteNumber", "0"}}),
                                         change("jobber/invoices", {{"subject", "Else"}}),
                                         change("jobber/payments", {{"rawAmount", 1.5}})};
  const auto made = sandbox.control("POST", "/stripe/customers", {{"name", "New"}, {"email", "new@example.org"}});
  const auto differences = SandboxComparison(api, sandbox).differences();
  for (const auto& id : changed) EXPECT_THAT(differences, Contains(HasSubstr(id)));
  EXPECT_THAT(differences, Contains(HasSubstr(sdk::string_at(made, "id"))));
  EXPECT_THAT(differences, Contains(HasSubstr("clients rows")));
}

TEST(NewRecords, OfTheServiceArriveByWebhookAlone) {
  HubWorld world;
  HubProcess hub(world.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}}));
  SandboxProcess sandbox({"--clients", "20", "--webhook-target", hub.webhook_target()});
  hub.start();
  HubApi api(hub.port());
  api.sign_in();
  const auto stripe = api.connect(sandbox.stripe_connection());
  api.sync(stripe, "full", 60s);
  const auto before = api.exact_count("/clients");
  const auto made =
      sandbox.control("POST", "/stripe/customers", {{"name", "New Client"}, {"email", "New@Example.org"}});
  const auto found = [&] { return api.get("/clients?email=new@example.org").as_array(); };
  ASSERT_TRUE(wait_until([&] { return !found().empty(); }, kChangeLimit, 50ms)) << "the new customer never arrived";
  EXPECT_EQ(sdk::string_at(found().front(), "externalIds.stripe"), sdk::string_at(made, "id"));
  EXPECT_EQ(api.exact_count("/clients"), before + 1);
  sandbox.control("DELETE", "/stripe/customers/" + sdk::string_at(made, "id"), sdk::json::object());
  ASSERT_TRUE(wait_until([&] { return found().empty(); }, kChangeLimit, 50ms)) << "the deletion never arrived";
  EXPECT_EQ(api.exact_count("/clients"), before);
}

}  // namespace
}  // namespace patchbay::testing
