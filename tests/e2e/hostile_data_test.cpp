// Text and numbers from outside that no well-behaved program sends.
#include "tests/support/hub_world.hpp"
#include "tests/support/sandbox_comparison.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

class HostileData : public ::testing::Test {
 protected:
  HostileData()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "150", "--hostile", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    sandbox_.lift_limits();
    hub_.start();
    api_.sign_in();
    stripe_ = api_.connect(sandbox_.stripe_connection());
  }

  std::string name_of(const std::string& email) const {
    const auto rows = api_.get("/clients?email=" + sdk::url_encode(email)).as_array();
    return rows.size() == 1 ? sdk::string_at(rows.front(), "name") : std::to_string(rows.size()) + " rows";
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string stripe_;
};

TEST_F(HostileData, OfClientsNeitherStopsAPageNorReachesARowWrong) {
  const auto run = api_.sync(stripe_, "full", 60s);
  EXPECT_EQ(run.at("counts").at("failed").to_number<int>(), 0) << sdk::json::serialize(run);
  EXPECT_EQ(api_.exact_count("/clients"), static_cast<std::int64_t>(sandbox_.truth("stripe", "customers").size()));
  EXPECT_EQ(name_of("cus_hostilenul001@hostile.example.com"), "Nul \xEF\xBF\xBD inside");
  EXPECT_EQ(name_of("cus_hostilesurr02@hostile.example.com"), "lone \xEF\xBF\xBD surrogate");
  EXPECT_EQ(name_of("cus_hostilebig003@hostile.example.com"), "Hostile");
  EXPECT_EQ(name_of("cus_hostileexp004@hostile.example.com"), "Hostile");
  EXPECT_EQ(name_of("cus_hostiledup005@hostile.example.com"), "second");
  EXPECT_EQ(name_of("cus_hostileflt006@hostile.example.com"), "Hostile");
}

/// Amounts go into columns: what does not fit must be refused by itself, and the rest of its page applied.
TEST_F(HostileData, OfAmountsIsRefusedByItself) {
  const auto invoices = sandbox_.truth("stripe", "invoices");
  ASSERT_GT(invoices.size(), 3U);
  const std::vector<std::string> texts{"1e400", "123456789012345678901234567890", "12.5", "-1e400"};
  std::vector<std::string> ids;
  for (std::size_t index = 0; index < texts.size(); ++index) {
    ids.push_back(sdk::string_at(invoices[index], "id"));
    sandbox_.control("PATCH", "/stripe/invoices/" + ids.back(), {{"total", {{"$raw", texts[index]}}}});
  }
  const auto run = api_.sync(stripe_, "full", 60s);
  EXPECT_EQ(run.at("counts").at("failed").to_number<std::size_t>(), texts.size()) << sdk::json::serialize(run);
  std::map<std::string, std::string> shown;
  for (const auto& row : api_.list("/invoices"))
    shown[sdk::string_at(row, "externalIds.stripe")] = sdk::string_at(row, "totalAmount");
  EXPECT_EQ(shown.size(), invoices.size() - texts.size()) << "the other invoices of the page are there";
  for (const auto& id : ids) EXPECT_EQ(shown.count(id), 0U) << id << " is shown with " << shown[id];
  for (const auto& id : ids) {
    const auto log = api_.get("/sync/log?resourceId=" + id + "&status=failed").as_array();
    EXPECT_FALSE(log.empty()) << "nobody says why " << id << " is not there";
  }
}

TEST_F(HostileData, InAWebhookIsStoredAndApplied) {
  api_.sync(stripe_, "full", 60s);
  const auto customer = sandbox_.truth("stripe", "customers").front();
  const auto id = sdk::string_at(customer, "id");
  sandbox_.control("PATCH", "/stripe/customers/" + id,
                   {{"name", {{"$raw", R"("Hook \u0000 and \udc00","name":"Hook \u0000 last")"}}},
                    {"balance", {{"$raw", "1e400"}}}});
  const auto shown = [&] {
    return world_.value("select name from clients c join entity_links l on l.entity_id = c.id where l.external_id = $1",
                        {id});
  };
  EXPECT_TRUE(wait_until([&] { return shown() == "Hook \xEF\xBF\xBD last"; }, 30s, 50ms)) << "the row says " << shown();
  EXPECT_TRUE(wait_until(
      [&] { return world_.number("select count(*) from work_items where kind = 'webhook' and state = 'done'") > 0; },
      30s, 50ms));
  EXPECT_EQ(world_.number("select count(*) from work_items where kind = 'webhook' and state = 'dead'"), 0);
  const auto events = api_.get("/webhook-events").as_array();
  ASSERT_FALSE(events.empty());
  const auto event = api_.send("GET", "/webhook-events/" + sdk::string_at(events.front(), "id"));
  EXPECT_EQ(event.status, 200) << event.text();
  EXPECT_FALSE(event.json().is_null()) << "the stored event is shown as JSON";
}

}  // namespace
}  // namespace patchbay::testing
