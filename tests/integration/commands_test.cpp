// Commands on a real database: what somebody is told is what the API would show the same user.
#include "business/commands/commands.hpp"

#include "tests/integration/resources_fixture.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/testing/virtual_clock.hpp>

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// People as their service knows them, and a connection that breaks.
class KnownAskers : public commands::AskerDirectory {
 public:
  sdk::Result<commands::Asker> find(const sdk::CallContext& context, const std::string&,
                                    const std::string& user_id) override {
    PATCHBAY_TRY(context.check());
    if (user_id == "UBROKEN") return sdk::transient_error("slack.unavailable", "Slack is not available at the moment");
    const auto found = people.find(user_id);
    if (found == people.end()) return sdk::not_found_error("slack.user_not_found", "nobody");
    return found->second;
  }
  std::map<std::string, commands::Asker> people;
};

class CommandsTest : public ResourcesTest {
 protected:
  void SetUp() override {
    ResourcesTest::SetUp();
    clock_.set(*sdk::parse_time("2026-11-21T15:00:00Z"));
    ada_ = create(admin_, "/clients", R"({"name":"Ada Lovelace","phone":"+18105550100","email":"ada@example.com"})");
    ben_ = create(admin_, "/clients", R"({"name":"Ben Franklin"})");
    for (const char* role : {"admin", "manager", "technician", "viewer"})
      know("U-" + std::string(role), stored_user(role));
  }
  void know(const std::string& user_id, const policy::Principal& user, std::chrono::hours offset = {}) {
    askers_.people[user_id] = {execute("select email from users where id = $1::uuid", {user.user_id}).text(0, "email"),
                               offset};
    ids_[user_id] = user.user_id;
  }
  std::string job(const std::string& title, const std::string& client, const std::string& start,
                  const std::string& status, const std::string& technician = {}) {
    const auto id = create(admin_, "/jobs",
                           sdk::json::serialize(sdk::json::object{
                               {"title", title}, {"clientId", client}, {"number", title}, {"scheduledStart", start}}));
    execute(
        "update jobs set status = $2, furthest_status = $2, assigned_to = case when $3 = '' then '{}'::uuid[] else "
        "array[nullif($3, '')::uuid] end where id = $1::uuid",
        {id, status, technician});
    return id;
  }
  /// Title and lines of a reply, one below the other.
  std::string told(const std::string& user_id, const std::string& text) {
    const auto reply = commands_.run({}, "connection", {text, user_id, "C1"});
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    if (!reply.ok()) return {};
    std::string all = reply->title;
    for (const auto& line : reply->lines) all += "\n" + line;
    return all;
  }

  sdk::testing::VirtualClock clock_;
  KnownAskers askers_;
  auth::UserStore users_{pool_};
  commands::Commands commands_{askers_, users_, commands::Lookup{pool_, registry_, reader_, "US"}, clock_};
  std::map<std::string, std::string> ids_;
  std::string ada_, ben_;
};

TEST_F(CommandsTest, JobsOfTheDayAreThoseThatTheAskerMaySee) {
  job("Boiler", ada_, "2026-11-21T09:30:00Z", "confirmed");
  job("Meter", ben_, "2026-11-21T08:00:00Z", "dispatched", ids_["U-technician"]);
  job("Idea", ada_, "2026-11-21T10:00:00Z", "tentative");
  job("Off", ada_, "2026-11-21T11:00:00Z", "cancelled");
  job("Tomorrow", ada_, "2026-11-22T09:30:00Z", "confirmed");
  EXPECT_EQ(
      told("U-admin", "jobs today"),
      "Jobs on 2026-11-21\n08:00 · #Meter Meter · Ben Franklin · dispatched\n09:30 · #Boiler Boiler · Ada Lovelace · "
      "confirmed\n10:00 · #Idea Idea · Ada Lovelace · tentative");
  EXPECT_THAT(told("U-manager", "JOBS  Today "), ::testing::AllOf(HasSubstr("Boiler"), Not(HasSubstr("Idea"))));
  const auto technician = told("U-technician", "jobs");
  EXPECT_THAT(technician, HasSubstr("Meter"));
  EXPECT_THAT(technician, Not(HasSubstr("Boiler")));
}

TEST_F(CommandsTest, TheDayIsTheAskers) {
  job("Late", ada_, "2026-11-22T04:30:00Z", "confirmed");
  EXPECT_THAT(told("U-admin", "jobs today"), HasSubstr("None."));
  askers_.people["U-admin"].utc_offset = std::chrono::hours(-6);
  EXPECT_THAT(told("U-admin", "jobs today"), HasSubstr("22:30 · #Late"));
}

TEST_F(CommandsTest, AClientIsFoundByAnyPartOfTheName) {
  EXPECT_THAT(told("U-viewer", "client lovelace"), HasSubstr("Ada Lovelace · +18105550100 · ada@example.com"));
  EXPECT_THAT(told("U-viewer", "client Nobody' or 1=1 --"), HasSubstr("Nobody of that name"));
  EXPECT_THAT(told("U-technician", "client lovelace"), HasSubstr("Nobody of that name")) << "no job there";
  job("Meter", ada_, "2026-11-21T08:00:00Z", "dispatched", ids_["U-technician"]);
  EXPECT_THAT(told("U-technician", "client lovelace"), HasSubstr("Ada Lovelace"));
}

TEST_F(CommandsTest, AnInvoiceTellsWhatIsOpen) {
  execute(
      "insert into invoices (id, client_id, number, status, currency, total_amount, balance, due_date) values "
      "(gen_random_uuid(), $1::uuid, 'INV-7', 'sent', 'USD', 120, 20.5, '2026-12-01')",
      {ada_});
  EXPECT_EQ(told("U-manager", "invoice INV-7"),
            "Invoice INV-7\nAda Lovelace · sent · 120.00 USD · open 20.50 USD · due 2026-12-01");
  EXPECT_THAT(told("U-manager", "invoice INV-8"), HasSubstr("There is none"));
  EXPECT_THAT(told("U-technician", "invoice INV-7"), HasSubstr("Your role may not list invoices"));
}

TEST_F(CommandsTest, StrangersAreRefusedPolitelyAndHelpWorksForEverybody) {
  EXPECT_THAT(told("UNOBODY", "jobs today"), HasSubstr("I do not know you"));
  askers_.people["UOTHER"] = {"somebody@elsewhere.example", {}};
  EXPECT_THAT(told("UOTHER", "client Ada"), HasSubstr("I do not know you"));
  askers_.people["UHIDDEN"] = {"", {}};
  EXPECT_THAT(told("UHIDDEN", "client Ada"), HasSubstr("I do not know you"));
  askers_.people["UNAME"] = {execute("select username from users limit 1").text(0, "username"), {}};
  EXPECT_THAT(told("UNAME", "client Ada"), HasSubstr("I do not know you")) << "an address, not a name";
  for (const char* user : {"UNOBODY", "UOTHER", "UBROKEN", "U-admin"}) {
    EXPECT_THAT(told(user, "help"), HasSubstr("jobs today"));
    EXPECT_THAT(told(user, ""), HasSubstr("jobs today"));
    EXPECT_THAT(told(user, "drop everything"), HasSubstr("What you can ask"));
    EXPECT_THAT(told(user, "client"), HasSubstr("What you can ask"));
  }
  execute("update users set status = 'SUSPENDED' where id = $1::uuid", {ids_["U-admin"]});
  EXPECT_THAT(told("U-admin", "client Ada"), HasSubstr("I do not know you"));
}

TEST_F(CommandsTest, WhatKeepsTheHubFromAnsweringIsAnError) {
  const auto reply = commands_.run({}, "connection", {"jobs today", "UBROKEN", "C1"});
  EXPECT_EQ(reply.error().error_class, sdk::ErrorClass::kTransient);
  sdk::CallContext late;
  late.deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(commands_.run(late, "connection", {"jobs today", "U-admin", "C1"}).error().error_class,
            sdk::ErrorClass::kCancelled);
}

}  // namespace
}  // namespace patchbay::testing
