// Pages that neither lose nor repeat, and incremental runs.
#include "quickbooks_for_test.hpp"

namespace patchbay::quickbooks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class QuickBooksListing : public QuickBooksTest {
 protected:
  void reply_count(int count) {
    http().reply_json({{"QueryResponse", {{"totalCount", count}}}, {"time", "2026-01-01T00:00:00.000Z"}});
  }
  static std::vector<std::string> ids(const sdk::Result<sdk::Page>& page) {
    std::vector<std::string> found;
    for (const auto& record : page->records) found.push_back(record.external_id);
    return found;
  }
};

TEST_F(QuickBooksListing, AFullListIsOrderedByChangeAndGoesOnFromTheLastTime) {
  auto client = connect();
  auto request = list_of("customers");
  request.page_size = 2;
  reply_count(3);
  http().reply_json(
      rows_of("Customer", {changed("1", "2025-12-01T08:00:00-08:00"), changed("2", "2025-12-02T08:00:00-08:00")}));
  const auto first = client->list({}, request);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->total_estimate, 3u);
  request.page_cursor = first->next_cursor;
  http().reply_json(
      rows_of("Customer", {changed("2", "2025-12-02T08:00:00-08:00"), changed("3", "2025-12-03T08:00:00-08:00")}));
  const auto second = client->list({}, request);
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(ids(second), ElementsAre("3")) << "2 was handed out already";
  request.page_cursor = second->next_cursor;
  http().reply_json(rows_of("Customer", {changed("3", "2025-12-03T08:00:00-08:00")}));
  const auto last = client->list({}, request);
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(last->next_cursor.empty());
  EXPECT_THAT(
      statements(),
      ElementsAre("SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)",
                  "SELECT * FROM Customer WHERE Active IN (true, false) ORDERBY MetaData.LastUpdatedTime ASC "
                  "STARTPOSITION 1 MAXRESULTS 2",
                  "SELECT * FROM Customer WHERE Active IN (true, false) AND MetaData.LastUpdatedTime >= "
                  "'2025-12-02T08:00:00-08:00' ORDERBY MetaData.LastUpdatedTime ASC STARTPOSITION 1 MAXRESULTS 2",
                  "SELECT * FROM Customer WHERE Active IN (true, false) AND MetaData.LastUpdatedTime >= "
                  "'2025-12-03T08:00:00-08:00' ORDERBY MetaData.LastUpdatedTime ASC STARTPOSITION 1 MAXRESULTS 2"));
}

TEST_F(QuickBooksListing, MoreRowsOfOneSecondThanAPageAreSteppedThrough) {
  auto client = connect();
  auto request = list_of("customers");
  request.page_size = 1;
  const char* second = "2025-12-01T08:00:00-08:00";
  reply_count(2);
  http().reply_json(rows_of("Customer", {changed("1", second)}));
  request.page_cursor = client->list({}, request)->next_cursor;
  http().reply_json(rows_of("Customer", {changed("1", second)}));
  const auto again = client->list({}, request);
  EXPECT_TRUE(again->records.empty());
  request.page_cursor = again->next_cursor;
  http().reply_json(rows_of("Customer", {changed("2", second)}));
  EXPECT_THAT(ids(client->list({}, request)), ElementsAre("2"));
  EXPECT_THAT(statements().back(), HasSubstr("STARTPOSITION 2 "));
}

TEST_F(QuickBooksListing, AListOutOfOrderEndsTheRunInsteadOfLooping) {
  auto client = connect();
  auto request = list_of("customers");
  request.page_size = 1;
  reply_count(2);
  http().reply_json(rows_of("Customer", {changed("1", "2025-12-02T08:00:00Z")}));
  request.page_cursor = client->list({}, request)->next_cursor;
  http().reply_json(rows_of("Customer", {changed("2", "2025-12-01T08:00:00Z")}));
  EXPECT_EQ(client->list({}, request).error().code, "quickbooks.unreadable");
  reply_count(1);
  http().reply_json(rows_of("Customer", {json::object{{"Id", "1"}}}));
  request.page_cursor.clear();
  EXPECT_EQ(client->list({}, request).error().code, "quickbooks.unreadable") << "a row without a time";
}

TEST_F(QuickBooksListing, NoMatchHasNoMemberAtAll) {
  reply_count(0);
  http().reply_json({{"QueryResponse", json::object()}, {"time", "2025-12-31T23:00:00.000Z"}});
  const auto page = connect()->list({}, list_of("customers"));
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->records.empty());
  EXPECT_EQ(page->checkpoint, "2025-12-31T23:00:00.000Z") << "by QuickBooks' clock, which is behind ours";
}

TEST_F(QuickBooksListing, TransactionsHaveNoInactiveRows) {
  reply_count(0);
  http().reply_json(rows_of("Invoice", {}));
  ASSERT_TRUE(connect()->list({}, list_of("invoices")).ok());
  EXPECT_THAT(statements().back(), Not(HasSubstr("Active")));
}

TEST_F(QuickBooksListing, ARowWithoutAnIdIsAProblemOfItsOwn) {
  reply_count(2);
  http().reply_json(rows_of("Customer", {json::object{{"DisplayName", "?"}}, changed("1", "2025-12-01T08:00:00Z")}));
  const auto page = connect()->list({}, list_of("customers"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->problems.size(), 1u);
}

TEST_F(QuickBooksListing, AnIncrementalRunReadsChangeDataWithDeletions) {
  http().reply_json(
      {{"CDCResponse",
        json::array{json::object{
            {"QueryResponse",
             json::array{json::object{{"Invoice",
                                       json::array{changed("1", "2025-12-31T23:58:00Z", {{"TotalAmt", 5}}),
                                                   json::object{{"domain", "QBO"},
                                                                {"status", "Deleted"},
                                                                {"Id", "239"},
                                                                {"MetaData",
                                                                 {{"LastUpdatedTime", "2025-12-31T14:38:04-08:00"}}}}}},
                                      {"startPosition", 1},
                                      {"maxResults", 2}},
                         json::object()}}}}},
       {"time", "2026-01-01T00:00:01.000Z"}});
  const auto page = connect()->list({}, list_of("invoices", "2025-12-31T10:00:00.000Z"));
  ASSERT_TRUE(page.ok()) << page.error().message;
  const auto url = http().last_request().url;
  EXPECT_EQ(parameter(url, "entities"), "Invoice");
  EXPECT_EQ(parameter(url, "changedSince"), "2025-12-31T09:55:00.000Z") << "looks back a little";
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_FALSE(page->records[0].deleted);
  EXPECT_TRUE(page->records[1].deleted);
  EXPECT_EQ(page->records[1].external_id, "239");
  EXPECT_EQ(page->checkpoint, "2026-01-01T00:00:00.000Z");
  EXPECT_TRUE(page->next_cursor.empty());
}

TEST_F(QuickBooksListing, WhatChangeDataCannotHoldIsQueried) {
  json::array rows;
  for (int i = 0; i < 999; ++i) rows.push_back(changed(std::to_string(i).c_str(), "2025-12-31T23:58:00Z"));
  rows.push_back(json::object{{"status", "Deleted"}, {"Id", "gone"}});
  http().reply_json({{"CDCResponse", json::array{json::object{
                                         {"QueryResponse", json::array{json::object{{"Invoice", std::move(rows)}}}}}}},
                     {"time", "2026-01-01T00:00:00.000Z"}});
  auto client = connect();
  auto request = list_of("invoices", "2025-12-31T10:00:00.000Z");
  const auto first = client->list({}, request);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(ids(first), ElementsAre("gone")) << "a query never tells what was deleted";
  EXPECT_TRUE(host_.logger().mentions("more changed than"));
  request.page_cursor = first->next_cursor;
  http().reply_json(rows_of("Invoice", {changed("1", "2025-12-31T23:58:00Z")}));
  const auto rest = client->list({}, request);
  ASSERT_TRUE(rest.ok());
  EXPECT_THAT(statements().back(), HasSubstr("MetaData.LastUpdatedTime >= '2025-12-31T09:55:00.000Z'"));
  EXPECT_EQ(rest->checkpoint, "2026-01-01T00:00:00.000Z");
}

TEST_F(QuickBooksListing, BeyondThirtyDaysEverythingIsListedAnew) {
  reply_count(0);
  http().reply_json(rows_of("Customer", {}));
  ASSERT_TRUE(connect()->list({}, list_of("customers", "2025-12-01T00:00:00.000Z")).ok());
  EXPECT_THAT(http().last_request().url, Not(HasSubstr("/cdc?")));
  EXPECT_TRUE(host_.logger().mentions("listed anew"));
}

TEST_F(QuickBooksListing, AFaultInsideChangeDataIsNoEmptyAnswer) {
  http().reply_json(
      {{"CDCResponse", json::array{json::object{{"Fault", fault("10000", "m", "SystemFault").at("Fault")}}}}});
  EXPECT_EQ(connect()->list({}, list_of("customers", "2025-12-31T10:00:00.000Z")).error().error_class,
            sdk::ErrorClass::kTransient);
  http().reply_json({{"time", "2026-01-01T00:00:00Z"}});
  EXPECT_EQ(connect()->list({}, list_of("customers", "2025-12-31T10:00:00.000Z")).error().code,
            "quickbooks.unreadable");
}

class QuickBooksLookups : public QuickBooksTest {
 protected:
  QuickBooksLookups() {
    host_.clock().advance(std::chrono::hours(1));  // what the fixture left is stale
    http().when("GET", "COUNT", [](const sdk::HttpRequest&) {
      return sdk::HttpResponse{200, {}, R"({"QueryResponse":{"totalCount":1}})"};
    });
    http().when("GET", "SELECT%20%2A%20FROM%20Invoice", [](const sdk::HttpRequest&) {
      const auto row = changed("1", "2025-12-01T08:00:00Z", {{"CustomerRef", {{"value", "70"}}}, {"TotalAmt", 5}});
      return sdk::HttpResponse{200, {}, json::serialize(rows_of("Invoice", {row}))};
    });
  }
  void answer_batch(json::array items) {
    const std::string body = json::serialize(json::object{{"BatchItemResponse", std::move(items)}});
    http().when("POST", "/batch?", [body](const sdk::HttpRequest&) { return sdk::HttpResponse{200, {}, body}; });
  }
  static json::object item(const char* id, json::object response) {
    return {{"bId", id}, {"QueryResponse", std::move(response)}};
  }
  std::size_t batches() {
    const auto sent = http().requests();
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [](const auto& request) {
      return request.url.find("/batch?") != std::string::npos;
    }));
  }
  std::string added(const char* path) {
    const auto page = connect()->list({}, list_of("invoices"));
    if (!page.ok() || page->records.empty()) return "no record: " + (page.ok() ? "" : page.error().message);
    return sdk::string_at(page->records[0].data, std::string("patchbay.") + path);
  }
};

TEST_F(QuickBooksLookups, AreReadInOneBatchForAllClientsOfAConnection) {
  answer_batch(
      {item("methods", {}),
       item("preferences",
            {{"Preferences", json::array{json::object{{"CurrencyPrefs", {{"HomeCurrency", {{"value", "CAD"}}}}}}}}}),
       item("customers",
            {{"Customer", json::array{json::object{{"Id", "70"}, {"Job", true}, {"ParentRef", {{"value", "7"}}}},
                                      json::object{{"Id", "7"}, {"Job", true}, {"ParentRef", {{"value", "1"}}}}}}})});
  EXPECT_EQ(added("currency"), "CAD") << "where multicurrency is off, records do not name it";
  EXPECT_EQ(added("customer"), "1") << "a project counts for the customer it belongs to in the end";
  EXPECT_EQ(batches(), 1u);
  host_.clock().advance(std::chrono::minutes(16));
  EXPECT_EQ(added("currency"), "CAD");
  EXPECT_EQ(batches(), 2u);
}

TEST_F(QuickBooksLookups, OneThatIsRefusedLeavesTheOthers) {
  answer_batch(
      {json::object{{"bId", "preferences"}, {"Fault", fault("610").at("Fault")}},
       item("customers",
            {{"Customer", json::array{json::object{{"Id", "70"}, {"Job", true}, {"ParentRef", {{"value", "7"}}}}}}})});
  EXPECT_EQ(added("customer"), "7");
  EXPECT_EQ(added("currency"), "USD") << "what was known before stays";
  EXPECT_TRUE(host_.logger().mentions("does not tell what records point at"));
}

TEST_F(QuickBooksLookups, AreStaleNeverWrongWhenTheServiceFails) {
  http().when("POST", "/batch?", [](const sdk::HttpRequest&) { return sdk::HttpResponse{503, {}, ""}; });
  EXPECT_EQ(connect()->list({}, list_of("invoices")).error().error_class, sdk::ErrorClass::kTransient);
}

TEST_F(QuickBooksLookups, ANewSubCustomerIsKnownBeforeItsFirstInvoice) {
  answer_batch({item("customers", {})});
  EXPECT_EQ(added("customer"), "70");
  http().when("GET", "/customer/70?", [](const sdk::HttpRequest&) {
    return sdk::HttpResponse{200, {}, R"({"Customer":{"Id":"70","Job":true,"ParentRef":{"value":"9"}}})"};
  });
  auto client = connect();
  ASSERT_TRUE(client->list({}, list_of("invoices")).ok());
  ASSERT_TRUE(client->get({}, "customers", "70").ok());
  EXPECT_EQ(added("customer"), "9") << "for the other clients of the connection too";
  EXPECT_EQ(batches(), 1u);
}

}  // namespace
}  // namespace patchbay::quickbooks
