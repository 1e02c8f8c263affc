#include "engine/resources/drift_check.hpp"
#include "engine/resources/openapi.hpp"
#include "tests/integration/resources_fixture.hpp"

namespace patchbay::testing {
namespace {

namespace json = sdk::json;

TEST_F(ResourcesTest, DescriptionsAndTablesAgree) {
  const auto differences = resources::drift_check(pool_, registry_);
  ASSERT_TRUE(differences.ok()) << differences.error().message;
  for (const std::string& difference : *differences) ADD_FAILURE() << difference;
}

TEST_F(ResourcesTest, DriftIsToldInPlainWords) {
  execute("alter table jobs alter column title type varchar(100)");
  execute("alter table clients drop column notes");
  execute("alter table invoices alter column balance drop not null");
  const auto differences = resources::drift_check(pool_, registry_);
  ASSERT_TRUE(differences.ok());
  EXPECT_EQ(*differences, (std::vector<std::string>{"clients.notes: the table has no such column",
                                                    "jobs.title: holds 100 characters, described as 255",
                                                    "invoices.balance: may be null, described as never null"}));
}

TEST_F(ResourcesTest, ClientIsCreatedReadChangedAndDeleted) {
  const Answer created = call(admin_, "POST", "/clients",
                              R"({"name":"Ada \"L\"\n","contactEmail":"ada@example.com","phone":"(810) 555-0100",
                                  "address":"1 Main Street","tags":["vip","vip","north"],"customFields":{"a":[1,2]}})");
  ASSERT_EQ(created.status, 201) << json::serialize(created.body);
  const std::string id = created.text("data.id");
  EXPECT_EQ(created.response.header("Location"), "/api/v1/clients/" + id);
  EXPECT_TRUE(created.response.header("ETag").value_or("").starts_with("\"1-"));
  const Answer read = call(admin_, "GET", "/customers/" + id);
  ASSERT_EQ(read.status, 200);
  EXPECT_EQ(read.data(), created.data());
  EXPECT_EQ(read.text("data.name"), "Ada \"L\"\n");
  EXPECT_EQ(read.text("data.email"), "ada@example.com");
  EXPECT_EQ(read.text("data.contactEmail"), "ada@example.com");
  EXPECT_EQ(read.text("data.phone"), "(810) 555-0100");
  EXPECT_EQ(read.text("data.phoneE164"), "+18105550100");
  EXPECT_EQ(read.text("data.address.line1"), "1 Main Street");
  EXPECT_EQ(read.data().at("tags"), (json::array{"vip", "north"}));
  EXPECT_EQ(read.data().at("customFields"), json::parse(R"({"a":[1,2]})"));
  EXPECT_EQ(read.text("data.status"), "ACTIVE");
  EXPECT_EQ(read.text("data.syncStatus"), "local");
  EXPECT_EQ(read.data().at("externalIds"), json::object());
  EXPECT_TRUE(read.text("timestamp").ends_with("Z"));

  const std::string tag(read.response.header("ETag").value_or(""));
  EXPECT_EQ(created.response.header("ETag"), tag);
  EXPECT_EQ(call(admin_, "GET", "/clients/" + id, "", {{"If-None-Match", tag}}).status, 304);
  const Answer changed =
      call(admin_, "PUT", "/clients/" + id, R"({"phone":null,"notes":"x"})", {{"If-Match", "\"1\""}});
  ASSERT_EQ(changed.status, 200) << json::serialize(changed.body);
  EXPECT_TRUE(changed.response.header("ETag").value_or("").starts_with("\"2-"));
  EXPECT_TRUE(changed.data().at("phoneE164").is_null());
  EXPECT_EQ(changed.text("data.name"), "Ada \"L\"\n");
  EXPECT_EQ(call(admin_, "PATCH", "/clients/" + id, R"({"notes":"y"})", {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(call(admin_, "DELETE", "/clients/" + id, "", {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(call(admin_, "DELETE", "/clients/" + id).status, 204);
  EXPECT_EQ(call(admin_, "GET", "/clients/" + id).status, 404);
  EXPECT_EQ(call(admin_, "PUT", "/clients/" + id, "{}").status, 404);

  const auto outbox =
      execute("select action, origin, changed_fields::text as fields, data->>'name' as name from outbox order by id");
  ASSERT_EQ(outbox.size(), 3U);
  EXPECT_EQ(outbox.text(0, "action"), "client.created");
  EXPECT_EQ(outbox.text(1, "action"), "client.updated");
  EXPECT_EQ(outbox.text(1, "fields"), "{phoneE164,phone,notes}");
  EXPECT_EQ(outbox.text(2, "action"), "client.deleted");
  EXPECT_EQ(outbox.text(2, "name"), "Ada \"L\"\n");
  EXPECT_EQ(outbox.text(0, "origin"), "api");
  EXPECT_EQ(wake_.count, 3);
}

TEST_F(ResourcesTest, ABodyThatChangesNothingWritesNothing) {
  const std::string id =
      create(admin_, "/clients", R"({"name":"Same","tags":["a"],"address":{"city":"Flint"},"email":"a@b.co"})");
  const Answer again = call(admin_, "PUT", "/clients/" + id,
                            R"({"name":"Same","tags":["a"],"address":{"city":"Flint"},"email":"a@b.co"})");
  ASSERT_EQ(again.status, 200);
  EXPECT_TRUE(again.response.header("ETag").value_or("").starts_with("\"1-"));
  EXPECT_EQ(execute("select count(*) as n from outbox").integer(0, "n"), 1);
}

TEST_F(ResourcesTest, EveryMistakeIsToldAtOnce) {
  const Answer answer = call(admin_, "POST", "/clients",
                             R"({"nmae":"x","email":"no","status":"HAPPY","version":3,"tags":"a","phoneE164":"+1"})");
  ASSERT_EQ(answer.status, 400) << json::serialize(answer.body);
  std::map<std::string, std::string> codes;
  for (const json::value& error : answer.body.at("errors").get_array()) {
    codes[sdk::string_at(error, "field")] = sdk::string_at(error, "code");
  }
  EXPECT_EQ(codes, (std::map<std::string, std::string>{{"nmae", "unknown_field"},
                                                       {"email", "email.malformed"},
                                                       {"status", "enum.unknown"},
                                                       {"version", "read_only"},
                                                       {"tags", "type.list"},
                                                       {"phoneE164", "read_only"},
                                                       {"name", "required"}}));
  const Answer unknown = call(admin_, "GET", "/clients?emial=x&page=0&sort=nam");
  ASSERT_EQ(unknown.status, 400);
  ASSERT_EQ(unknown.body.at("errors").get_array().size(), 3U);
  EXPECT_NE(json::serialize(unknown.body).find("did you mean 'email'"), std::string::npos);
}

TEST_F(ResourcesTest, ReferencesMustExistAndBeVisible) {
  const Answer answer =
      call(admin_, "POST", "/jobs", R"({"title":"x","clientId":"00000000-0000-4000-8000-000000000000"})");
  ASSERT_EQ(answer.status, 400);
  EXPECT_EQ(sdk::string_at(answer.body, "errors[0].code"), "reference.not_found");
  EXPECT_EQ(sdk::string_at(answer.body, "errors[0].field"), "clientId");
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  EXPECT_FALSE(create(admin_, "/jobs", R"({"title":"x","customerId":")" + client + R"("})").empty());
}

TEST_F(ResourcesTest, MoneyIsExactAndFloatsAreRefused) {
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  const std::string base = R"({"clientId":")" + client + R"(","totalAmount":)";
  const Answer exact = call(admin_, "POST", "/invoices", base + R"("120.5"})");
  ASSERT_EQ(exact.status, 201) << json::serialize(exact.body);
  EXPECT_EQ(exact.text("data.totalAmount"), "120.50");
  EXPECT_EQ(exact.text("data.balance"), "120.50");
  EXPECT_EQ(exact.text("data.currency"), "USD");
  EXPECT_EQ(call(admin_, "POST", "/invoices", base + "120.5}").status, 400);
  EXPECT_EQ(call(admin_, "POST", "/invoices", base + R"("120.505"})").status, 400);
  const Answer yen = call(admin_, "POST", "/invoices", base + R"("500","currency":"JPY"})");
  ASSERT_EQ(yen.status, 201);
  EXPECT_EQ(yen.text("data.totalAmount"), "500");
  const Answer raised = call(admin_, "PUT", "/invoices/" + exact.text("data.id"), R"({"totalAmount":"150"})");
  EXPECT_EQ(raised.text("data.balance"), "150.00");
}

TEST_F(ResourcesTest, JobGoesItsWayAndEachMoveIsKept) {
  const policy::Principal manager = stored_user("manager");
  const policy::Principal technician = stored_user("technician");
  const policy::Principal other = stored_user("technician");
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  const std::string job =
      create(admin_, "/jobs", R"({"title":"Wire","clientId":")" + client + R"(","estimatedRevenue":"80"})");
  const std::string path = "/jobs/" + job;
  const auto move = [&](const policy::Principal& who, const std::string& to) {
    return call(who, "PATCH", path + "/status", R"({"status":")" + to + R"("})").status;
  };
  EXPECT_EQ(call(manager, "GET", path).status, 404);
  EXPECT_EQ(move(manager, "confirmed"), 404);
  EXPECT_EQ(move(admin_, "confirmed"), 200);
  EXPECT_EQ(call(manager, "GET", path).status, 200);
  EXPECT_EQ(move(admin_, "assigned"), 409);  // nobody to assign
  const std::string assignment = R"({"technicianId":")" + technician.user_id + R"("})";
  EXPECT_EQ(call(manager, "POST", path + "/assign", assignment).status, 403);
  EXPECT_EQ(call(admin_, "POST", path + "/assign", R"({"technicianId":")" + manager.user_id + R"("})").status, 400);
  ASSERT_EQ(call(admin_, "POST", path + "/assign", assignment).status, 200);
  EXPECT_EQ(call(technician, "GET", path).status, 404);  // assigned, not dispatched
  EXPECT_EQ(move(admin_, "dispatched"), 403);
  EXPECT_EQ(move(manager, "dispatched"), 200);
  const Answer seen = call(technician, "GET", path);
  ASSERT_EQ(seen.status, 200);
  EXPECT_FALSE(seen.data().get_object().contains("estimatedRevenue"));
  EXPECT_EQ(call(technician, "GET", "/clients/" + client).status, 200);
  EXPECT_EQ(call(other, "GET", path).status, 404);
  EXPECT_EQ(call(other, "GET", "/clients/" + client).status, 404);
  EXPECT_EQ(move(other, "in_progress"), 404);
  EXPECT_EQ(move(admin_, "in_progress"), 403);
  EXPECT_EQ(move(technician, "in_progress"), 200);
  EXPECT_EQ(move(technician, "completed"), 200);
  const Answer done = call(admin_, "GET", path);
  EXPECT_FALSE(done.text("data.actualStart").empty());
  EXPECT_FALSE(done.text("data.actualEnd").empty());
  EXPECT_EQ(execute("select count(*) as n from service_history").integer(0, "n"), 1);
  EXPECT_EQ(move(manager, "billed"), 409);  // no invoice
  EXPECT_EQ(call(admin_, "GET", path).text("data.status"), "completed");
  ASSERT_EQ(call(manager, "PATCH", path + "/status", R"({"status":"billed","createInvoice":true})").status, 200);
  const Answer invoices = call(manager, "GET", "/clients/" + client + "/invoices");
  ASSERT_EQ(invoices.data().get_array().size(), 1U) << json::serialize(invoices.body);
  EXPECT_EQ(invoices.text("data[0].totalAmount"), "80.00");
  EXPECT_EQ(invoices.text("data[0].status"), "sent");
  EXPECT_EQ(call(admin_, "GET", path).text("data.actualRevenue"), "80.00");
  EXPECT_EQ(call(admin_, "PUT", path, R"({"title":"z"})").status, 409);
  EXPECT_EQ(call(admin_, "DELETE", path).status, 409);
  const Answer illegal = call(admin_, "PATCH", path + "/status", R"({"status":"tentative"})");
  EXPECT_EQ(illegal.status, 409);
  EXPECT_EQ(illegal.text("code"), "workflow.illegal_move");

  ASSERT_EQ(call(technician, "POST", path + "/notes", R"({"body":"key under the mat"})").status, 201);
  ASSERT_EQ(call(technician, "POST", path + "/notes", R"({"body":"hello","isInternal":false})").status, 201);
  const auto history_size = [&](const policy::Principal& who) {
    return call(who, "GET", path + "/history").data().get_array().size();
  };
  EXPECT_EQ(history_size(admin_), 9U);  // created, six moves, two notes
  EXPECT_EQ(history_size(principal("customer_user", client)), 8U);
  EXPECT_EQ(call(principal("customer_user", base::new_uuid()), "GET", path + "/history").status, 404);
}

TEST_F(ResourcesTest, CancelledJobIsSeenByWhoSawItBefore) {
  const policy::Principal manager = principal("manager");
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  const std::string body = R"({"title":"Wire","clientId":")" + client + R"("})";
  const std::string never = create(admin_, "/jobs", body);
  const std::string once = create(admin_, "/jobs", body);
  call(admin_, "PATCH", "/jobs/" + once + "/status", R"({"status":"confirmed"})");
  EXPECT_EQ(call(admin_, "PATCH", "/jobs/" + once + "/status", R"({"status":"cancelled"})").status, 400);
  for (const std::string& job : {never, once}) {
    ASSERT_EQ(call(admin_, "PATCH", "/jobs/" + job + "/status", R"({"status":"cancelled","reason":"no"})").status, 200);
  }
  EXPECT_EQ(call(manager, "GET", "/jobs/" + never).status, 404);
  EXPECT_EQ(call(manager, "GET", "/jobs/" + once).status, 200);
  EXPECT_EQ(call(manager, "GET", "/jobs").data().get_array().size(), 1U);
  EXPECT_EQ(call(admin_, "DELETE", "/jobs/" + never).status, 204);
}

TEST_F(ResourcesTest, ManagerEditsSomeFieldsAndCustomersTheirContact) {
  const policy::Principal manager = principal("manager");
  const std::string client = create(admin_, "/clients", R"({"name":"C","notes":"pays late"})");
  const std::string job = create(admin_, "/jobs", R"({"title":"Wire","clientId":")" + client + R"("})");
  call(admin_, "PATCH", "/jobs/" + job + "/status", R"({"status":"confirmed"})");
  EXPECT_EQ(call(manager, "PUT", "/jobs/" + job, R"({"title":"Rewire","priority":"HIGH"})").status, 200);
  EXPECT_EQ(call(manager, "PUT", "/jobs/" + job, R"({"estimatedRevenue":"1"})").status, 403);
  EXPECT_EQ(call(manager, "POST", "/jobs", R"({"title":"x"})").status, 403);
  EXPECT_EQ(
      call(manager, "PUT", "/jobs/" + job, R"({"scheduledStart":"2026-01-02","scheduledEnd":"2026-01-01"})").status,
      400);

  const policy::Principal customer = principal("customer_admin", client);
  EXPECT_EQ(call(customer, "GET", "/clients").status, 403);
  const Answer own = call(customer, "GET", "/clients/" + client);
  ASSERT_EQ(own.status, 200);
  EXPECT_FALSE(own.data().get_object().contains("notes"));
  EXPECT_EQ(call(customer, "PUT", "/clients/" + client, R"({"phone":"810 555 0100"})").status, 200);
  EXPECT_EQ(call(customer, "PUT", "/clients/" + client, R"({"name":"Me"})").status, 403);
  EXPECT_EQ(call(principal("customer_admin", base::new_uuid()), "GET", "/clients/" + client).status, 404);
  EXPECT_EQ(call(principal("customer_user", client), "PUT", "/clients/" + client, R"({"phone":"1"})").status, 403);
}

TEST_F(ResourcesTest, PaymentsSettleTheInvoiceAndRefundsReopenIt) {
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  const std::string invoice = create(admin_, "/invoices", R"({"clientId":")" + client + R"(","totalAmount":"100.00"})");
  const auto pay = [&](const std::string& amount, const std::string& more = "") {
    return call(admin_, "POST", "/payments",
                R"({"invoiceId":")" + invoice + R"(","amount":")" + amount + "\"" + more + "}");
  };
  const auto state = [&] {
    const Answer answer = call(admin_, "GET", "/invoices/" + invoice);
    return answer.text("data.status") + " " + answer.text("data.balance");
  };
  EXPECT_EQ(pay("10").status, 409);  // a draft
  ASSERT_EQ(call(admin_, "PATCH", "/invoices/" + invoice + "/status", R"({"status":"sent"})").status, 200);
  EXPECT_EQ(call(admin_, "PATCH", "/invoices/" + invoice + "/status", R"({"status":"paid"})").status, 403);
  EXPECT_EQ(pay("100.01").status, 400);
  EXPECT_EQ(pay("-5").status, 400);
  EXPECT_EQ(pay("10", R"(,"currency":"EUR")").status, 400);
  EXPECT_EQ(state(), "sent 100.00");
  const Answer part = pay("40.25");
  ASSERT_EQ(part.status, 201) << json::serialize(part.body);
  EXPECT_EQ(part.text("data.clientId"), client);
  EXPECT_EQ(part.text("data.status"), "succeeded");
  EXPECT_EQ(state(), "partially_paid 59.75");
  ASSERT_EQ(pay("59.75").status, 201);
  EXPECT_EQ(state(), "paid 0.00");
  EXPECT_FALSE(call(admin_, "GET", "/invoices/" + invoice).text("data.paymentDate").empty());
  EXPECT_EQ(pay("1").status, 409);
  ASSERT_EQ(pay("-59.75", R"(,"kind":"refund")").status, 201);
  EXPECT_EQ(state(), "partially_paid 59.75");
  ASSERT_EQ(pay("-40.25", R"(,"kind":"refund")").status, 201);
  EXPECT_EQ(state(), "sent 100.00");
  EXPECT_EQ(pay("-1", R"(,"kind":"refund")").status, 400);
  EXPECT_EQ(execute("select count(*) as n from outbox where action = 'invoice.paid'").integer(0, "n"), 1);
  EXPECT_EQ(execute("select count(*) as n from outbox where action = 'payment.created'").integer(0, "n"), 4);
  EXPECT_EQ(call(admin_, "GET", "/finances/payments?invoiceId=" + invoice).body.at("pagination").at("totalCount"), 4);
}

TEST_F(ResourcesTest, ListsFilterSortSearchAndPage) {
  for (int i = 0; i < 25; ++i) {
    create(admin_, "/clients",
           R"({"name":"Client )" + std::string(1, static_cast<char>('A' + i)) + R"(","tags":["t)" +
               std::to_string(i % 3) + R"("],"email":"c)" + std::to_string(i) + R"(@Example.com"})");
  }
  const Answer first = call(admin_, "GET", "/clients?sort=name&pageSize=10");
  EXPECT_EQ(first.text("data[0].name"), "Client A");
  EXPECT_EQ(first.body.at("pagination").at("totalCount"), 25);
  EXPECT_EQ(first.body.at("pagination").at("totalPages"), 3);
  const Answer third = call(admin_, "GET", "/clients?sort=name&pageSize=10&page=3");
  EXPECT_EQ(third.data().get_array().size(), 5U);
  EXPECT_EQ(third.text("data[4].name"), "Client Y");
  EXPECT_TRUE(third.body.at("pagination").at("nextCursor").is_null());
  EXPECT_EQ(call(admin_, "GET", "/clients?tags=t0,t1").body.at("pagination").at("totalCount"), 17);
  EXPECT_EQ(call(admin_, "GET", "/clients?tags[ne]=t0").body.at("pagination").at("totalCount"), 16);
  EXPECT_EQ(call(admin_, "GET", "/clients?email=C3@example.COM").body.at("pagination").at("totalCount"), 1);
  EXPECT_EQ(
      call(admin_, "GET", "/clients?contactEmail=c3@example.com,c4@example.com").body.at("pagination").at("totalCount"),
      2);
  EXPECT_EQ(call(admin_, "GET", "/clients?phone[null]=true").body.at("pagination").at("totalCount"), 25);
  EXPECT_EQ(call(admin_, "GET", "/clients?name[gte]=Client%20X").body.at("pagination").at("totalCount"), 2);
  EXPECT_EQ(call(admin_, "GET", "/clients?search=example%20c24").body.at("pagination").at("totalCount"), 1);
  EXPECT_EQ(call(admin_, "GET", "/clients?search=100%25").body.at("pagination").at("totalCount"), 0);
  EXPECT_EQ(call(admin_, "GET", "/clients?search=ab").status, 400);
  EXPECT_FALSE(call(admin_, "GET", "/clients?count=none").body.at("pagination").get_object().contains("totalCount"));
}

TEST_F(ResourcesTest, APageBeyondTheEndSaysNothingOfHowManyThereAre) {
  execute("insert into clients (id, name) select gen_random_uuid(), 'Client ' || i from generate_series(1, 1500) i");
  execute("analyze clients");
  const Answer beyond = call(admin_, "GET", "/clients?page=900000");
  ASSERT_EQ(beyond.status, 200) << json::serialize(beyond.body);
  EXPECT_TRUE(beyond.data().get_array().empty());
  EXPECT_LT(beyond.body.at("pagination").at("totalCount").to_number<int>(), 2'000);
  // The count is remembered for everybody who asks the same.
  const Answer first = call(admin_, "GET", "/clients");
  EXPECT_LT(first.body.at("pagination").at("totalCount").to_number<int>(), 2'000);
}

TEST_F(ResourcesTest, CursorsWalkEverySortOrderOnceThrough) {
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  for (int i = 0; i < 23; ++i) {
    const std::string start = i % 4 == 0 ? "null" : "\"2026-01-0" + std::to_string(1 + i % 3) + "\"";
    create(admin_, "/jobs", R"({"title":"J","clientId":")" + client + R"(","scheduledStart":)" + start + "}");
  }
  for (const std::string sort :
       {"-updatedAt", "createdAt", "scheduledStart", "-scheduledStart", "-scheduledStart,createdAt"}) {
    const Answer whole = call(admin_, "GET", "/jobs?pageSize=200&sort=" + sort);
    std::vector<std::string> expected, walked;
    for (const json::value& row : whole.data().get_array()) expected.push_back(sdk::string_at(row, "id"));
    std::string cursor;
    for (int page = 0; page < 20; ++page) {
      const Answer answer = call(admin_, "GET", "/jobs?pageSize=4&cursor=" + cursor + "&sort=" + sort);
      ASSERT_EQ(answer.status, 200) << sort << json::serialize(answer.body);
      for (const json::value& row : answer.data().get_array()) walked.push_back(sdk::string_at(row, "id"));
      cursor = answer.text("pagination.nextCursor");
      if (cursor.empty()) break;
    }
    EXPECT_EQ(walked, expected) << sort;
    EXPECT_EQ(expected.size(), 23U);
  }
  EXPECT_EQ(call(admin_, "GET", "/jobs?cursor=abc").status, 400);
  const std::string of_other_sort = call(admin_, "GET", "/jobs?pageSize=4").text("pagination.nextCursor");
  EXPECT_EQ(call(admin_, "GET", "/jobs?sort=createdAt&cursor=" + of_other_sort).status, 400);
}

TEST_F(ResourcesTest, DeltaListsTellOfDeletedRows) {
  const std::string kept = create(admin_, "/clients", R"({"name":"Kept"})");
  const std::string gone = create(admin_, "/clients", R"({"name":"Gone"})");
  const std::string since = call(admin_, "GET", "/clients/" + gone).text("data.updatedAt");
  call(admin_, "DELETE", "/clients/" + gone);
  const Answer delta = call(admin_, "GET", "/clients?updatedSince=" + since);
  const json::array& rows = delta.data().get_array();
  ASSERT_GE(rows.size(), 1U);
  const json::object& last = rows.back().get_object();
  EXPECT_EQ(sdk::string_at(rows.back(), "id"), gone);
  EXPECT_EQ(last.at("deleted"), true);
  EXPECT_EQ(last.size(), 3U);
  EXPECT_EQ(call(admin_, "GET", "/clients?updatedSince=" + since + "&sort=name").status, 400);
}

TEST_F(ResourcesTest, ExternalIdsAndSyncStatusComeFromLinks) {
  const std::string id = create(admin_, "/clients", R"({"name":"C"})");
  const std::string second = base::new_uuid(), first = base::new_uuid();
  execute("insert into connections (id, connector, name) values ($1::uuid, 'jobber', 'b'), ($2::uuid, 'jobber', 'a')",
          {second, first});
  const auto link = [&](const std::string& connection, const std::string& external_id) {
    execute(
        "insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id) values "
        "($1::uuid, "
        "'clients', $2, 'jobber', 'client', $3::uuid)",
        {connection, external_id, id});
  };
  link(second, "of-b");
  link(first, "of-a");
  const auto status = [&] { return call(admin_, "GET", "/clients/" + id).text("data.syncStatus"); };
  const Answer read = call(admin_, "GET", "/clients/" + id);
  EXPECT_EQ(read.data().at("externalIds"), (json::object{{"jobber", "of-a"}}));
  EXPECT_EQ(read.data().at("links").get_array().size(), 2U);
  EXPECT_EQ(read.text("data.links[0].connection"), "a");
  EXPECT_EQ(read.text("data.syncStatus"), "synced");
  EXPECT_FALSE(read.text("data.lastSyncedAt").empty());
  EXPECT_EQ(call(admin_, "GET", "/clients").text("data[0].externalIds.jobber"), "of-a");
  execute(
      "insert into work_items (kind, lane_key, payload) values ('writeback', 'x', jsonb_build_object('entityId', "
      "$1::text))",
      {id});
  EXPECT_EQ(status(), "pending");
  execute("update entity_links set sync_error = 'refused'");
  EXPECT_EQ(status(), "error");
  execute(
      "insert into identity_conflicts (id, connection_id, resource, external_id, entity_kind, entity_id, candidates, "
      "matched_by) "
      "values ($1::uuid, $2::uuid, 'clients', 'x', 'client', $3::uuid, '{}', 'email')",
      {base::new_uuid(), first, id});
  EXPECT_EQ(status(), "conflict");
}

TEST_F(ResourcesTest, TheTagAndTheTimeOfARowFollowItsLinks) {
  const std::string connection = base::new_uuid();
  execute("insert into connections (id, connector, name) values ($1::uuid, 'jobber', 'main')", {connection});
  const auto is_defaulted = [&](const std::string& table, const std::string& column) {
    return !execute(
                "select 1 from information_schema.columns where table_name = $1 and column_name = $2 and "
                "column_default is not null",
                {table, column})
                .empty();
  };
  for (const resources::ResourceDescription& description : registry_.all()) {
    if (!description.synced) continue;
    const std::string& table = description.table;
    std::string columns = "id", values = "gen_random_uuid()";
    for (const resources::Field& field : description.fields) {
      if (field.nullable || field.default_value || is_defaulted(table, field.column)) continue;
      columns += ", " + field.column;
      values += field.type == resources::FieldType::kMoney ? ", 1"
                : field.values.empty()                     ? ", 'T'"
                                                           : ", '" + field.values.front() + "'";
    }
    const std::string id =
        execute("insert into " + table + " (" + columns + ") values (" + values + ") returning id").text(0, "id");
    const auto updated = [&] {
      return execute("select updated_at::text as t, version from " + table + " where id = '" + id + "'");
    };
    const auto before = updated();
    execute(
        "insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id) values "
        "($1::uuid, $2, 'x', 'jobber', $3, $4::uuid)",
        {connection, description.path, description.kind, id});
    const auto linked = updated();
    EXPECT_GT(linked.text(0, "t"), before.text(0, "t")) << table;
    execute("update entity_links set last_seen_at = now() where entity_id = $1::uuid", {id});
    EXPECT_EQ(updated().text(0, "t"), linked.text(0, "t")) << table << ": seen again is no change";
    execute("update entity_links set sync_error = 'refused' where entity_id = $1::uuid", {id});
    EXPECT_GT(updated().text(0, "t"), linked.text(0, "t")) << table;
    EXPECT_EQ(updated().integer(0, "version"), before.integer(0, "version")) << table;
  }
}

TEST_F(ResourcesTest, ALinkThatChangesMovesTheTagButTurnsNoChangeDown) {
  const std::string id = create(admin_, "/clients", R"({"name":"C"})");
  const std::string connection = base::new_uuid();
  execute("insert into connections (id, connector, name) values ($1::uuid, 'jobber', 'main')", {connection});
  const Answer read = call(admin_, "GET", "/clients/" + id);
  const std::string tag(read.response.header("ETag").value_or(""));
  execute(
      "insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id) values "
      "($1::uuid, 'clients', 'x', 'jobber', 'client', $2::uuid)",
      {connection, id});
  const Answer linked = call(admin_, "GET", "/clients/" + id, "", {{"If-None-Match", tag}});
  EXPECT_EQ(linked.status, 200);
  EXPECT_NE(linked.response.header("ETag"), tag);
  const Answer delta = call(admin_, "GET", "/clients?updatedSince=" + linked.text("data.updatedAt"));
  ASSERT_EQ(delta.data().get_array().size(), 1U);
  EXPECT_EQ(call(admin_, "PATCH", "/clients/" + id, R"({"notes":"y"})", {{"If-Match", tag}}).status, 200);
  EXPECT_EQ(call(admin_, "PATCH", "/clients/" + id, R"({"notes":"z"})", {{"If-Match", tag}}).status, 412);
}

TEST_F(ResourcesTest, IfMatchTakesAList) {
  const std::string id = create(admin_, "/clients", R"({"name":"C"})");
  const auto change = [&](const http::Headers& headers, int n) {
    return call(admin_, "PATCH", "/clients/" + id, R"({"notes":")" + std::to_string(n) + "\"}", headers).status;
  };
  EXPECT_EQ(change({{"If-Match", R"("7", "1")"}}, 1), 200);
  EXPECT_EQ(change({{"If-Match", R"("7")"}, {"If-Match", R"("2")"}}, 2), 200) << "several fields are one list";
  EXPECT_EQ(change({{"If-Match", R"("1", "2")"}}, 3), 412);
  EXPECT_EQ(change({{"If-Match", R"(W/"3")"}}, 4), 412) << "weak tags never match";
  EXPECT_EQ(change({{"If-Match", "3"}}, 5), 412);
  EXPECT_EQ(change({{"If-Match", "*"}}, 6), 200);
}

TEST_F(ResourcesTest, PipelinedReadsAnswerAsBlockingOnes) {
  const std::string id = create(admin_, "/clients", R"({"name":"C","email":"c@example.com"})");
  const Answer blocking = call(admin_, "GET", "/clients/" + id);
  const Answer blocking_list = call(admin_, "GET", "/clients");
  storage::PgPipeline pipeline({.url = database_.url()}, loop_);
  ASSERT_TRUE(loop_.run_until([&] { return pipeline.connected(); }));
  pipelines_.pipeline_ = &pipeline;
  EXPECT_EQ(call(admin_, "GET", "/clients/" + id).data(), blocking.data());
  EXPECT_EQ(call(admin_, "GET", "/clients").data(), blocking_list.data());
  EXPECT_EQ(call(admin_, "GET", "/clients/" + id + "/jobs").status, 200);
  EXPECT_EQ(call(admin_, "GET", "/clients/" + base::new_uuid() + "/jobs").status, 404);
  EXPECT_EQ(call(admin_, "GET", "/clients/" + base::new_uuid()).status, 404);
  EXPECT_EQ(call(admin_, "GET", "/clients/nonsense").status, 404);
  pipelines_.pipeline_ = nullptr;
}

TEST_F(ResourcesTest, MessagesAreRecordedListedAndGrouped) {
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  const std::string path = "/clients/" + client + "/communications";
  ASSERT_EQ(call(admin_, "POST", path, R"({"channel":"phone","body":"called"})").status, 201);
  const Answer note = call(admin_, "POST", path, R"({"channel":"note","body":"secret"})");
  ASSERT_EQ(note.status, 201) << json::serialize(note.body);
  EXPECT_EQ(note.data().at("isInternal"), true);
  ASSERT_EQ(call(admin_, "POST", path, R"({"channel":"email","direction":"inbound","subject":"Hi"})").status, 201);
  EXPECT_EQ(call(admin_, "POST", path, R"({"channel":"pigeon"})").status, 400);
  EXPECT_EQ(call(admin_, "GET", "/messages?clientId=" + client).data().get_array().size(), 3U);
  EXPECT_EQ(call(admin_, "GET", "/messages?channel=email&direction=inbound").data().get_array().size(), 1U);
  EXPECT_EQ(call(principal("customer_user", client), "GET", path).data().get_array().size(), 2U);
  const Answer threads = call(admin_, "GET", "/messages/threads?clientId=" + client);
  ASSERT_EQ(threads.data().get_array().size(), 3U);
  EXPECT_EQ(threads.text("data[0].channel"), "email");
  EXPECT_EQ(threads.text("data[0].client.name"), "C");
  EXPECT_EQ(threads.data().get_array()[0].at("unreadCount"), 1);
}

TEST_F(ResourcesTest, LifecycleMovesAreKept) {
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  EXPECT_EQ(call(admin_, "PUT", "/clients/" + client + "/lifecycle", R"({"stage":"lost","reason":"moved"})")
                .text("data.lifecycleStage"),
            "lost");
  EXPECT_EQ(call(admin_, "PUT", "/clients/" + client + "/lifecycle", R"({"stage":"gone"})").status, 400);
  const auto history =
      execute("select from_status, to_status, reason from status_history where entity_id = $1::uuid", {client});
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.text(0, "from_status"), "active");
  EXPECT_EQ(history.text(0, "reason"), "moved");
}

TEST_F(ResourcesTest, DashboardCountsWhatIsThere) {
  const std::string client = create(admin_, "/clients", R"({"name":"C"})");
  const std::string tentative = create(admin_, "/jobs", R"({"title":"A","clientId":")" + client + R"("})");
  const std::string confirmed = create(admin_, "/jobs", R"({"title":"B","clientId":")" + client + R"("})");
  call(admin_, "PATCH", "/jobs/" + confirmed + "/status", R"({"status":"confirmed"})");
  const std::string invoice =
      create(admin_, "/invoices", R"({"clientId":")" + client + R"(","totalAmount":"100","dueDate":"2020-01-01"})");
  call(admin_, "PATCH", "/invoices/" + invoice + "/status", R"({"status":"sent"})");
  create(admin_, "/payments", R"({"invoiceId":")" + invoice + R"(","amount":"30"})");
  create(admin_, "/payments", R"({"amount":"5","currency":"EUR"})");
  const Answer summary = call(admin_, "GET", "/dashboard/summary");
  EXPECT_EQ(summary.text("data.revenue.today"), "30.00") << json::serialize(summary.body);
  EXPECT_EQ(summary.text("data.revenue.otherCurrencies.EUR.month"), "5.00");
  EXPECT_EQ(summary.text("data.receivables.open"), "70.00");
  EXPECT_EQ(summary.text("data.receivables.overdue"), "70.00");
  EXPECT_EQ(summary.data().at("jobsByStatus").at("tentative"), 1);
  EXPECT_EQ(summary.data().at("jobsByStatus").at("confirmed"), 1);
  const policy::Principal manager = principal("manager");
  EXPECT_FALSE(call(manager, "GET", "/dashboard/summary").data().at("jobsByStatus").get_object().contains("tentative"));
  const Answer of_admin = call(admin_, "GET", "/dashboard/activity?limit=100");
  const Answer of_manager = call(manager, "GET", "/dashboard/activity?limit=100");
  EXPECT_EQ(of_admin.data().get_array().size(), 9U) << json::serialize(of_admin.body);
  EXPECT_EQ(of_manager.data().get_array().size(), 7U);  // without both jobs' creation
  EXPECT_EQ(of_admin.text("data[0].action"), "payment.created");
  EXPECT_EQ(call(principal("technician"), "GET", "/dashboard/activity").status, 403);
}

TEST_F(ResourcesTest, ApiDocumentNamesEveryRouteAndResolvesEveryReference) {
  gateway::Routes routes = router_.routes();
  const json::object document = resources::make_openapi(routes, registry_, {"0.1.0", "/api/v1"});
  for (const gateway::Route& route : routes) EXPECT_TRUE(document.at("paths").get_object().contains(route.pattern));
  const std::string text = json::serialize(document);
  const json::value value = document;
  const std::string mark = "\"$ref\":\"#/";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    std::string path = text.substr(at + mark.size(), text.find('"', at + mark.size()) - at - mark.size());
    for (char& c : path) c = c == '/' ? '.' : c;
    EXPECT_NE(sdk::find_path(value, path), nullptr) << path;
  }
  EXPECT_EQ(sdk::string_at(value, "components.schemas.Invoice.properties.totalAmount.type"), "string");
  EXPECT_TRUE(sdk::find_path(value, "components.schemas.Client.properties.phone.type")->is_array());
}

}  // namespace
}  // namespace patchbay::testing
