// Every list at a million rows: served by an index, never by reading the table.
#include "engine/resources/cursor.hpp"
#include "tests/integration/resources_fixture.hpp"

namespace patchbay::testing {
namespace {

using resources::ListQuery;
using resources::ResourceDescription;
using resources::RowScope;

constexpr std::size_t kClients = 1'000'000;
constexpr std::size_t kOthers = 200'000;

/// One database for all tests of this file: filling it is what costs.
class ListPlans : public ResourcesTest {
 protected:
  void SetUp() override {
    ResourcesTest::SetUp();
    const auto loaded =
        pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) { return fill(session); });
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    for (const ResourceDescription& description : registry_.all()) execute("analyze " + description.table);
  }

  /// Rows first, indexes after: an index is built from sorted rows many times faster than row by row.
  sdk::Result<void> fill(storage::Session& session) {
    PATCHBAY_TRY(session.execute("set local statement_timeout = 0"));
    PATCHBAY_TRY(session.execute("set local synchronous_commit = off"));
    PATCHBAY_TRY(session.execute("set local maintenance_work_mem = '512MB'"));
    PATCHBAY_TRY(session.execute("set local session_replication_role = replica"));  // references hold by construction
    PATCHBAY_ASSIGN(
        const auto indexes,
        session.execute("select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition "
                        "from pg_index i join pg_class c on c.oid = i.indrelid where not i.indisprimary and "
                        "c.relname in ('clients', 'estimates', 'jobs', 'invoices', 'payments', 'expenses', 'messages', "
                        "'appointments')"));
    for (std::size_t i = 0; i < indexes.size(); ++i)
      PATCHBAY_TRY(session.execute("drop index " + indexes.text(i, "name")));
    const std::string others = std::to_string(kOthers);
    const std::string at = "now() - make_interval(secs => i)";
    const auto id = [](const std::string& salt) { return "md5('" + salt + "' || i)::uuid"; };
    const std::string client = "md5('c' || (1 + i % 50000))::uuid";
    PATCHBAY_TRY(session.execute(
        "insert into clients (id, name, email, phone_e164, tags, status, created_at, updated_at) select " + id("c") +
        ", 'Client ' || i, 'c' || i || '@x.org', '+1555' || i, array['t' || i % 50], case when i % 100 = 0 then "
        "'SUSPENDED' else 'ACTIVE' end, " +
        at + ", " + at + " from generate_series(1, " + std::to_string(kClients) + ") i"));
    PATCHBAY_TRY(session.execute(
        "insert into estimates (id, client_id, number, title, status, created_at, updated_at) select " + id("e") +
        ", " + client + ", 'E' || i, 'Estimate', (array['draft','sent','approved'])[1 + i % 3], " + at + ", " + at +
        " from generate_series(1, " + others + ") i"));
    PATCHBAY_TRY(
        session.execute("insert into jobs (id, client_id, estimate_id, number, title, status, furthest_status, "
                        "scheduled_start, assigned_to, "
                        "created_at, updated_at) select " +
                        id("j") + ", " + client + ", " + id("e") + ", 'J' || i, 'Job', s, s, " + at +
                        ", array[md5('u' || i % 500)::uuid], " + at + ", " + at +
                        " from (select i, (array['tentative','confirmed',"
                        "'dispatched','completed'])[1 + i % 4] as s from generate_series(1, " +
                        others + ") i) x"));
    PATCHBAY_TRY(session.execute(
        "insert into invoices (id, client_id, job_id, number, status, due_date, issued_at, created_at, updated_at) "
        "select " +
        id("i") + ", " + client + ", " + id("j") + ", 'I' || i, (array['draft','sent','paid'])[1 + i % 3], " + at +
        ", " + at + ", " + at + ", " + at + " from generate_series(1, " + others + ") i"));
    PATCHBAY_TRY(
        session.execute("insert into payments (id, client_id, invoice_id, amount, reference, status, paid_at, "
                        "created_at, updated_at) select " +
                        id("p") + ", " + client + ", " + id("i") + ", 1, 'R' || i, 'succeeded', " + at + ", " + at +
                        ", " + at + " from generate_series(1, " + others + ") i"));
    PATCHBAY_TRY(
        session.execute("insert into expenses (id, client_id, job_id, title, vendor, category, status, method, amount, "
                        "reference, spent_at, due_date, created_at, updated_at) select " +
                        id("x") + ", " + client + ", " + id("j") +
                        ", 'Expense', 'Vendor ' || i % 5000, 'Category ' || i % 500, (array['paid','unpaid'])[1 + i % "
                        "2], 'Cash', 1, 'X' || i, " +
                        at + ", " + at + ", " + at + ", " + at + " from generate_series(1, " + others + ") i"));
    PATCHBAY_TRY(
        session.execute("insert into messages (id, client_id, job_id, channel, direction, subject, thread_key, "
                        "created_at, updated_at) select " +
                        id("m") + ", " + client + ", " + id("j") +
                        ", (array['email','sms','slack'])[1 + i % 3], 'inbound', 'Subject ' || i, "
                        "'t' || i % 9999, " +
                        at + ", " + at + " from generate_series(1, " + others + ") i"));
    PATCHBAY_TRY(session.execute(
        "insert into appointments (id, client_id, job_id, technician_id, title, type, status, scheduled_start_at, "
        "series_key, created_at, updated_at) select " +
        id("a") + ", " + client + ", " + id("j") +
        ", md5('u' || i % 500)::uuid, 'Visit ' || i, (array['ONSITE_VISIT','REMOTE_SESSION'])[1 + i % 2], "
        "(array['SCHEDULED','COMPLETED','CANCELLED'])[1 + i % 3], " +
        at + ", 's' || i % 9999, " + at + ", " + at + " from generate_series(1, " + others + ") i"));
    for (std::size_t i = 0; i < indexes.size(); ++i) PATCHBAY_TRY(session.execute(indexes.text(i, "definition")));
    return {};
  }

  std::string plan(const resources::sql::Statement& statement) {
    const auto rows = execute("explain " + statement.text, statement.params);
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) text += std::string(rows.at(i, std::size_t{0}).value_or("")) + "\n";
    return text;
  }

  void expect_indexed(const ResourceDescription& description, const RowScope& scope,
                      const std::vector<std::pair<std::string, std::string>>& parameters,
                      const storage::Params& after = {}) {
    std::string what = description.path + " " + scope.key();
    for (const auto& [name, value] : parameters) what.append(" ").append(name).append("=").append(value);
    std::vector<sdk::Error> errors;
    auto query = parse_list_query(description, parameters, "US", errors);
    ASSERT_TRUE(query) << what << ": " << errors.front().message;
    query->after = after;
    const std::string of_list = plan(resources::sql::select_list(description, scope, *query));
    EXPECT_EQ(of_list.find("Seq Scan on " + description.table), std::string::npos) << what << "\n" << of_list;
    EXPECT_NE(of_list.find("Index"), std::string::npos) << what << "\n" << of_list;
    ++checked_;
  }

  static std::string sample_value(const resources::Field& field) {
    using resources::FieldType;
    switch (field.type) {
      case FieldType::kEnum:
        return field.values.back();
      case FieldType::kUuid:
      case FieldType::kUuidList:
        return "a87ff679-a2f3-471d-a181-a67b7542122c";
      case FieldType::kTime:
        return "2026-01-01";
      case FieldType::kBoolean:
        return "true";
      case FieldType::kPhone:
        return "+15551234567";
      case FieldType::kMoney:
      case FieldType::kInteger:
        return "7";
      default:
        return "I77";
    }
  }

  std::vector<RowScope> scopes(const ResourceDescription& description) {
    std::vector<RowScope> all;
    for (const std::string& role : policy_.roles()) {
      const RowScope scope = row_scope(policy_, description, principal(role, base::new_uuid()));
      if (scope.kind != RowScope::Kind::kNone) all.push_back(scope);
    }
    return all;
  }

  int checked_ = 0;
};

TEST_F(ListPlans, EveryListQueryOfEveryRoleUsesAnIndex) {
  for (const ResourceDescription& description : registry_.all()) {
    for (const RowScope& scope : scopes(description)) {
      expect_indexed(description, scope, {});
      expect_indexed(description, scope, {{"page", "50"}});
      expect_indexed(description, scope, {{"sort", "createdAt"}});
      expect_indexed(description, scope, {{"search", "Client 4711"}});
      expect_indexed(description, scope, {{"updatedSince", "2026-01-01"}});
      expect_indexed(description, scope, {{"sort", "-updatedAt"}, {"cursor", ""}},
                     {"2026-01-01 00:00:00+00", base::new_uuid()});
    }
    for (const resources::Field& field : description.fields) {
      if (field.filterable) expect_indexed(description, RowScope::all(), {{field.name, sample_value(field)}});
      if (!field.sortable) continue;
      expect_indexed(description, RowScope::all(), {{"sort", field.name}});
      expect_indexed(description, RowScope::all(), {{"sort", "-" + field.name}});
    }
  }
  EXPECT_GT(checked_, 200);

  // What people wait for: the first page of a million, and the fiftieth.
  for (const char* target :
       {"/clients?page=1&pageSize=20", "/clients?page=50&pageSize=20", "/clients?search=client%20424242"}) {
    call(admin_, "GET", target);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) ASSERT_EQ(call(admin_, "GET", target).status, 200);
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - begin;
    std::cout << target << ": " << elapsed.count() / 20 << " ms\n";
    EXPECT_LT(elapsed.count() / 20, 1'000.0) << target;  // reading the table takes longer; the figure itself is printed
  }
  const Answer page = call(admin_, "GET", "/clients");
  EXPECT_EQ(page.body.at("pagination").at("totalIsEstimate"), true);
  const double estimate = page.body.at("pagination").at("totalCount").to_number<double>();
  EXPECT_NEAR(estimate, kClients, kClients * 0.1);
  EXPECT_EQ(call(admin_, "GET", "/clients?count=exact").body.at("pagination").at("totalCount"), kClients);
}

}  // namespace
}  // namespace patchbay::testing
