// What all services stand on: JSON on the wire, tables, the clock, people, the journal, faults, options.
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/identity_truth.hpp"
#include "tests/sandbox/options.hpp"
#include "tests/sandbox/sandbox_clock.hpp"
#include "tests/sandbox/sandbox_for_test.hpp"
#include "tests/sandbox/store.hpp"

#include <fstream>
#include <set>

namespace patchbay::sandbox {
namespace {

TEST(WireJson, WritesFloatsAsFloatsAndEscapesControls) {
  const json::value value{{"a", 120.0}, {"b", 120.5}, {"c", 7}, {"d", "x\"\n\x01"}, {"e", json::array()}};
  EXPECT_EQ(to_wire(value), R"({"a":120.0,"b":120.5,"c":7,"d":"x\"\n\u0001","e":[]})");
}

TEST(WireJson, FragmentsLeaveAsGivenAndSurviveStorage) {
  const auto value = with_raw_fragments(
      json::parse(R"({"name": {"$raw": "\"\\ud83d\",\"name\":1e400"}, "list": [{"$raw": "1e400"}]})"));
  EXPECT_EQ(to_wire(value), R"({"name":"\ud83d","name":1e400,"list":[1e400]})");
  EXPECT_EQ(to_wire(with_raw_fragments(json::parse(to_storage(value)))), to_wire(value));
}

Record record(std::string id, std::int64_t created, std::string owner, std::int64_t updated = 0) {
  return {std::move(id),
          created,
          updated == 0 ? created : updated,
          static_cast<std::uint64_t>(created),
          {{"owner", std::move(owner)}}};
}

std::vector<std::string> ids(const Table::Order& order) {
  std::vector<std::string> out;
  for (const auto* entry : order) out.push_back(entry->id);
  return out;
}

TEST(Table, KeepsItsOrdersAndIndexesThroughChanges) {
  Table table({"owner"});
  table.put(record("c", 30, "x"));
  table.put(record("a", 10, "x"));
  table.put(record("b", 20, "y"));
  EXPECT_EQ(ids(table.by_created()), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(ids(table.where("owner", "x")), (std::vector<std::string>{"a", "c"}));
  table.put(record("a", 10, "y", 99));
  EXPECT_EQ(ids(table.by_updated()), (std::vector<std::string>{"b", "c", "a"}));
  EXPECT_EQ(ids(table.where("owner", "y")), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ids(table.where("owner", "x")), (std::vector<std::string>{"c"}));
  EXPECT_TRUE(table.erase("b"));
  EXPECT_FALSE(table.erase("b"));
  EXPECT_EQ(ids(table.by_created()), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(Table::position(table.by_created(), *table.find("c")), 1U);
}

TEST(SandboxClock, AdvancesFreezesAndComesBack) {
  SandboxClock clock;
  clock.freeze(true);
  const auto start = clock.now();
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(clock.now() - start, std::chrono::hours(1));
  clock.freeze(false);
  EXPECT_GE(clock.now() - start, std::chrono::hours(1));
  clock.reset();
  EXPECT_LT(clock.now() - start, std::chrono::hours(1));
}

TEST(People, DependOnTheSeedAndHaveThePromisedOverlap) {
  const auto people = make_people(3, 1000, kTestEpoch);
  const auto again = make_people(3, 1000, kTestEpoch);
  const auto other = make_people(4, 1000, kTestEpoch);
  std::set<std::string> emails, phones;
  std::map<Bond, int> bonds;
  int both = 0, same_names = 0;
  for (std::size_t i = 0; i < people.size(); ++i) {
    EXPECT_EQ(people[i].email, again[i].email);
    same_names += people[i].full_name() == other[i].full_name() ? 1 : 0;
    emails.insert(people[i].email);
    phones.insert(people[i].phone);
    phones.insert(people[i].other_phone);
    if (!people[i].in_stripe || !people[i].in_jobber) continue;
    ++both;
    ++bonds[people[i].bond];
  }
  EXPECT_LT(same_names, 50);
  EXPECT_EQ(emails.size(), 1000U);
  EXPECT_EQ(phones.size(), 2000U);
  EXPECT_EQ(both, 600);
  EXPECT_EQ(bonds[Bond::kEmail], 270);
  EXPECT_EQ(bonds[Bond::kEmailCase], 120);
  EXPECT_EQ(bonds[Bond::kPhone], 120);
  EXPECT_EQ(bonds[Bond::kNone], 50);
}

TEST(People, PhonesAreOneNumberInEverySpelling) {
  for (std::uint64_t style = 0; style < 4; ++style) {
    EXPECT_EQ(phone_digits(national_spelling("+18105550100", style)), "+18105550100") << style;
  }
  EXPECT_EQ(national_spelling("+18105550100", 0), "(810) 555-0100");
  EXPECT_EQ(phone_digits("12"), "");
  EXPECT_NE(mixed_case("ada.l@example.com"), "ada.l@example.com");
}

TEST(IdentityTruth, EmailBeforePhoneAndNothingAmbiguousIsMerged) {
  const std::vector<ServiceContacts> services{{"stripe",
                                               {{"s1", "Ada@x.org", "+18105550100"},
                                                {"s2", "", "+18105550101"},
                                                {"s3", "twin@x.org", ""},
                                                {"s4", "solo@x.org", ""}}},
                                              {"jobber",
                                               {{"j1", "ada@X.org", ""},
                                                {"j2", "", "(810) 555-0101"},
                                                {"j3", "twin@x.org", ""},
                                                {"j4", "twin@x.org", ""},
                                                {"j5", "", "810-555-0100"}}}};
  std::set<std::string> groups;
  for (const auto& group : identity_groups(services)) {
    groups.insert(to_wire(group.at("stripe")) + to_wire(group.at("jobber")) + sdk::string_at(group, "matchedBy") +
                  (group.at("ambiguous").as_bool() ? "!" : ""));
  }
  EXPECT_EQ(groups,
            (std::set<std::string>{R"(["s1"]["j1"]email)", R"(["s2"]["j2"]phone)", R"(["s3"][]none!)",
                                   R"([]["j3"]none!)", R"([]["j4"]none!)", R"(["s4"][]none)", R"([]["j5"]none)"}));
}

TEST(Journal, BringsChangesBackAndForgetsATornLine) {
  TemporaryFolder folder;
  const Journal::Options options{folder.path, {{"seed", 1}, {"epoch", 5}}, false};
  {
    auto journal = Journal::open(options);
    ASSERT_TRUE(journal.ok());
    Store store;
    store.declare("t", {"owner"});
    store.put("t", "generated", 1, 1, {{"v", 1}});
    ASSERT_TRUE(store.seal(journal->get()).ok());
    store.put("t", "new", 2, 2, {{"v", 0.1}, {"owner", "x"}});
    store.put("t", "new", 2, 3, {{"v", raw_fragment("1e400")}, {"owner", "x"}});
    store.erase("t", "generated");
  }
  std::ofstream(folder.path / "changes.jsonl", std::ios::app) << R"({"t":"t","id":"torn)";
  auto journal = Journal::open(options);
  ASSERT_TRUE(journal.ok());
  Store store;
  store.declare("t", {"owner"});
  store.put("t", "generated", 1, 1, {{"v", 1}});
  ASSERT_TRUE(store.seal(journal->get()).ok());
  EXPECT_EQ(store.find("t", "generated"), nullptr);
  EXPECT_EQ(to_wire(store.find("t", "new")->value), R"({"v":1e400,"owner":"x"})");
  EXPECT_EQ(store.table("t").where("owner", "x").size(), 1U);
  EXPECT_GT(store.next_number(), 2U);
}

TEST(Journal, AFolderIsForOneProcess) {
  TemporaryFolder folder;
  const Journal::Options options{folder.path, {{"seed", 1}, {"epoch", 5}}, false};
  const auto first = Journal::open(options);
  ASSERT_TRUE(first.ok());
  const auto second = Journal::open(options);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another sandbox"), std::string::npos);
}

TEST(Journal, RefusesTheFolderOfAnotherDataSet) {
  TemporaryFolder folder;
  ASSERT_TRUE(Journal::open({folder.path, {{"seed", 1}, {"epoch", 5}}, false}).ok());
  EXPECT_FALSE(Journal::open({folder.path, {{"seed", 2}, {"epoch", 5}}, false}).ok());
  const auto later = Journal::open({folder.path, {{"seed", 1}, {"epoch", 9}}, false});
  ASSERT_TRUE(later.ok());
  EXPECT_EQ((*later)->origin().at("epoch"), 5);
}

TEST(FaultPlan, CountsMatchesAndShares) {
  FaultPlan plan(1);
  ASSERT_TRUE(
      plan.add(json::parse(R"({"service":"stripe","match":"GET /v1/cust","kind":"rate_limit","count":2})")).ok());
  EXPECT_FALSE(plan.decide("jobber", "GET /v1/customers", "").failure);
  EXPECT_FALSE(plan.decide("stripe", "POST /v1/customers", "").failure);
  EXPECT_TRUE(plan.decide("stripe", "GET /v1/customers", "").failure);
  EXPECT_TRUE(plan.decide("stripe", "GET /v1/customers/x", "").failure);
  EXPECT_FALSE(plan.decide("stripe", "GET /v1/customers", "").failure);
  EXPECT_TRUE(plan.view().empty());

  ASSERT_TRUE(plan.add(json::parse(R"({"kind":"latency","match":"^Cl.*s$","milliseconds":40,"share":0.5})")).ok());
  int delayed = 0;
  for (int i = 0; i < 1000; ++i)
    delayed += plan.decide("jobber", "POST /api/graphql", "Clients").delay.count() == 40 ? 1 : 0;
  EXPECT_GT(delayed, 400);
  EXPECT_LT(delayed, 600);
  for (const auto* bad : {R"({"kind":"x"})", R"({"kind":"reset","count":0})", R"({"kind":"reset","share":2})",
                          R"({"kind":"reset","typo":1})"}) {
    EXPECT_FALSE(plan.add(json::parse(bad)).ok()) << bad;
  }
}

TEST(Options, ReadNamesValuesAndFlags) {
  const auto options =
      parse_options({"--port", "81", "--clients=5", "--hostile", "--rate-limits", "on", "--epoch", "2026-11-21"});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->port, 81);
  EXPECT_EQ(options->clients, 5U);
  EXPECT_TRUE(options->hostile && options->rate_limits);
  EXPECT_EQ(options->epoch_ms, kTestEpoch);
  for (const auto& bad :
       std::vector<std::vector<std::string>>{{"--port", "70000"}, {"--port", "x"}, {"--nope", "1"}, {"--port"}}) {
    EXPECT_FALSE(parse_options(bad).ok()) << bad.front();
  }
}

}  // namespace
}  // namespace patchbay::sandbox
