// What a page of a sync writes: rows, history, hooks and events, in a handful of statements.
#include "tests/integration/resources_fixture.hpp"

#include <chrono>

namespace patchbay::testing {
namespace {

namespace json = sdk::json;
using resources::BulkRow;

class BulkWriteTest : public ResourcesTest {
 protected:
  sdk::Result<void> apply(const std::string& kind, std::vector<BulkRow> rows) {
    resources::Actor actor;
    actor.kind = resources::Actor::Kind::kService;
    actor.id = "jobber";
    actor.connection_id = connection_;
    return pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) {
      return writer_.apply_bulk(session, *registry_.find(kind), actor, rows);
    });
  }
  static BulkRow fresh(json::object values) {
    BulkRow row;
    row.entity_id = base::new_uuid();
    row.is_new = true;
    row.values = std::move(values);
    for (const auto& [name, value] : row.values) row.owners[name] = "c1";
    return row;
  }
  static BulkRow change(const std::string& id, json::object values) {
    BulkRow row = fresh(std::move(values));
    row.entity_id = id;
    row.is_new = false;
    for (const auto& [name, value] : row.values) row.changed_fields.emplace_back(name);
    return row;
  }
  static BulkRow deletion(const std::string& id) {
    BulkRow row;
    row.entity_id = id;
    row.deleted = true;
    return row;
  }
  const std::string connection_ = base::new_uuid();
};

TEST_F(BulkWriteTest, FreshRowsAreCompleteAndTheirEventsAreWhatTheDatabaseHolds) {
  std::vector<BulkRow> rows = {
      fresh({{"name", "A \"quoted\", {braced} \\ row"},
             {"phone", "810 555 0100"},
             {"tags", json::array{"a,b", "c\"d"}},
             {"address", {{"line1", "x"}}}}),
      fresh({{"name", "B"}, {"email", "b@example.com"}, {"notes", nullptr}, {"status", nullptr}})};
  const std::string id = rows[0].entity_id;
  ASSERT_TRUE(apply("client", rows).ok());
  const auto events = execute(
      "select entity_id, data::text as data, origin, origin_connection, actor_id from outbox order by entity_id");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events.text(0, "origin"), "sync");
  EXPECT_EQ(events.text(0, "origin_connection"), connection_);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Answer read = call(admin_, "GET", "/clients/" + events.text(i, "entity_id"));
    json::object expected = read.data().get_object();
    for (const char* name : {"externalIds", "syncStatus", "lastSyncedAt", "links"}) expected.erase(name);
    EXPECT_EQ(json::parse(events.text(i, "data")), expected);
  }
  EXPECT_EQ(call(admin_, "GET", "/clients/" + id).text("data.phoneE164"), "+18105550100");
  EXPECT_EQ(execute("select owners->>'phone' as o from clients where id = $1::uuid", {id}).text(0, "o"), "c1");
}

TEST_F(BulkWriteTest, FreshInvoiceEventEqualsItsRow) {
  std::vector<BulkRow> rows = {fresh({{"totalAmount", "500"},
                                      {"balance", "500"},
                                      {"currency", "JPY"},
                                      {"status", "sent"},
                                      {"issuedAt", "2026-01-02T03:04:05Z"},
                                      {"lineItems", {{{"name", "x"}}}}})};
  ASSERT_TRUE(apply("invoice", rows).ok());
  json::object expected = call(admin_, "GET", "/invoices/" + rows[0].entity_id).data().get_object();
  for (const char* name : {"externalIds", "syncStatus", "lastSyncedAt", "links"}) expected.erase(name);
  EXPECT_EQ(json::parse(execute("select data::text as data from outbox").text(0, "data")), expected);
}

TEST_F(BulkWriteTest, ChangesMergeOwnersAndDeletedRowsComeBack) {
  std::vector<BulkRow> rows = {fresh({{"name", "A"}, {"email", "a@example.com"}}), fresh({{"name", "B"}}),
                               fresh({{"name", "C"}})};
  ASSERT_TRUE(apply("client", rows).ok());
  const std::string a = rows[0].entity_id, b = rows[1].entity_id, c = rows[2].entity_id;
  ASSERT_TRUE(apply("client",
                    {deletion(c), change(b, {{"name", "B2"}, {"phone", "810 555 0101"}}), change(a, {{"name", "A2"}})})
                  .ok());
  EXPECT_EQ(call(admin_, "GET", "/clients/" + a).text("data.name"), "A2");
  EXPECT_EQ(call(admin_, "GET", "/clients/" + a).text("data.email"), "a@example.com");
  EXPECT_EQ(call(admin_, "GET", "/clients/" + b).text("data.phoneE164"), "+18105550101");
  EXPECT_EQ(call(admin_, "GET", "/clients/" + c).status, 404);
  EXPECT_EQ(execute("select owners->>'email' as o from clients where id = $1::uuid", {a}).text(0, "o"), "c1");
  ASSERT_TRUE(apply("client", {change(c, {})}).ok());
  EXPECT_EQ(call(admin_, "GET", "/clients/" + c).status, 200);
  const auto before = execute("select count(*) as n from outbox").integer(0, "n");
  ASSERT_TRUE(apply("client", {change(c, {})}).ok());  // nothing to change: nothing written
  EXPECT_EQ(execute("select count(*) as n from outbox").integer(0, "n"), before);
  EXPECT_EQ(execute("select version from clients where id = $1::uuid", {c}).integer(0, "version"), 3);
}

TEST_F(BulkWriteTest, MovesOfAServiceAreRecordedAndRunHooksOnce) {
  std::vector<BulkRow> rows = {
      fresh({{"title", "Old"}, {"status", "completed"}, {"actualEnd", "2020-05-01T00:00:00.000Z"}}),
      fresh({{"title", "New"}, {"status", "confirmed"}})};
  ASSERT_TRUE(apply("job", rows).ok());
  const std::string imported = rows[0].entity_id, moving = rows[1].entity_id;
  const auto completed_at = [&](const std::string& id) {
    return execute("select completed_at::date::text as day from service_history where job_id = $1::uuid", {id});
  };
  ASSERT_EQ(completed_at(imported).size(), 1U);
  EXPECT_EQ(completed_at(imported).text(0, "day"), "2020-05-01");
  ASSERT_TRUE(apply("job", {change(moving, {{"status", "in_progress"}})}).ok());
  ASSERT_TRUE(apply("job", {change(moving, {{"status", "completed"}})}).ok());
  ASSERT_TRUE(apply("job", {change(moving, {{"status", "cancelled"}})}).ok());
  ASSERT_TRUE(apply("job", {change(moving, {{"status", "completed"}})}).ok());
  EXPECT_EQ(completed_at(moving).size(), 1U);
  const Answer job = call(admin_, "GET", "/jobs/" + moving);
  EXPECT_EQ(job.text("data.furthestStatus"), "completed");
  EXPECT_FALSE(job.text("data.actualStart").empty());
  EXPECT_FALSE(job.text("data.actualEnd").empty());
  const auto history = execute(
      "select from_status, to_status, actor_kind, actor_id from status_history where entity_id = $1::uuid order by id",
      {moving});
  ASSERT_EQ(history.size(), 5U);
  EXPECT_EQ(history.text(1, "from_status") + history.text(1, "to_status"), "confirmedin_progress");
  EXPECT_EQ(history.text(1, "actor_kind") + history.text(1, "actor_id"), "servicejobber");
  const auto last = execute("select action, visibility::text as v from outbox order by id desc limit 1");
  EXPECT_EQ(last.text(0, "action"), "job.status_changed");
  EXPECT_EQ(json::parse(last.text(0, "v")).at("furthestStatus"), "completed");
}

TEST_F(BulkWriteTest, BadRowsAreToldBeforeTheyAreWritten) {
  const auto code = [&](const std::string& kind, json::object values) {
    const auto result = writer_.check_bulk(*registry_.find(kind), fresh(std::move(values)));
    return result.ok() ? std::string("ok") : result.error().field.value_or("?");
  };
  EXPECT_EQ(code("client", {{"name", "x"}}), "ok");
  EXPECT_EQ(code("client", {{"name", "x"}, {"email", "not an address, but the service's own"}}), "ok");
  EXPECT_EQ(code("client", {}), "name");
  EXPECT_EQ(code("client", {{"name", std::string(256, 'x')}}), "name");
  EXPECT_EQ(code("client", {{"name", std::string(255, 'x')}}), "ok");
  EXPECT_EQ(code("client", {{"name", "x"}, {"status", "HAPPY"}}), "status");
  EXPECT_EQ(code("client", {{"name", "x"}, {"tags", "a"}}), "tags");
  EXPECT_EQ(code("client", {{"name", "x"}, {"customFields", {{"a", std::string("\0", 1)}}}}), "customFields");
  EXPECT_EQ(code("client", {{"nmae", "x"}}), "nmae");
  EXPECT_EQ(code("payment", {{"amount", "12.345"}}), "amount");
  EXPECT_EQ(code("payment", {{"amount", "9999999999999999"}}), "amount");
  EXPECT_EQ(code("payment", {{"amount", "-12.34"}, {"paidAt", "yesterday"}}), "paidAt");
  EXPECT_EQ(code("message", {{"channel", "email"}, {"direction", "inbound"}, {"subject", std::string(300, 'x')}}),
            "ok");
}

TEST_F(BulkWriteTest, AThousandRowsCostOneStatementEach) {
  std::vector<std::vector<BulkRow>> pages;
  for (int page = 0; page < 5; ++page) {
    std::vector<BulkRow> rows;
    for (int i = 0; i < 1'000; ++i) {
      const std::string n = std::to_string(page * 1'000 + i);
      rows.push_back(fresh({{"name", "Client Number " + n},
                            {"email", "client" + n + "@example.com"},
                            {"phone", "810 555 " + n},
                            {"address", {{"line1", n + " Main Street"}, {"city", "Flint"}}}}));
    }
    pages.push_back(std::move(rows));
  }
  const auto begin = std::chrono::steady_clock::now();
  for (auto& page : pages) ASSERT_TRUE(apply("client", std::move(page)).ok());
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  RecordProperty("rows_per_second", static_cast<int>(5'000 / elapsed.count()));
  std::cout << "bulk insert: " << static_cast<int>(5'000 / elapsed.count()) << " rows/s\n";
  EXPECT_EQ(execute("select count(*) as n from clients").integer(0, "n"), 5'000);
  EXPECT_EQ(execute("select count(*) as n from outbox").integer(0, "n"), 5'000);
  // A floor that a shared, unoptimised build holds; the figure itself is printed.
  EXPECT_LT(elapsed.count(), 10.0);
}

}  // namespace
}  // namespace patchbay::testing
