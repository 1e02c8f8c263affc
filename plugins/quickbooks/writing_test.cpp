// Creates, sparse updates and removals.
#include "document.hpp"
#include "quickbooks_for_test.hpp"

namespace patchbay::quickbooks {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class QuickBooksWriting : public QuickBooksTest {
 protected:
  static sdk::WriteRequest write(const char* resource, const char* id, json::object data) {
    sdk::WriteRequest request;
    request.resource = resource;
    request.external_id = id;
    request.data = std::move(data);
    request.idempotency_key = "key-1";
    return request;
  }
  static sdk::WriteRequest payment() {
    return write("payments", "", {{"CustomerRef", {{"value", "16"}}}, {"TotalAmt", 55.0}, {"TxnDate", "2026-01-01"}});
  }
  void reply_customer(json::object more = {}) {
    more["Id"] = "1";
    http().reply_json({{"Customer", more}});
  }
  std::string request_id() { return parameter(http().last_request().url, "requestid"); }
};

TEST_F(QuickBooksWriting, ACreateHoldsNoNullsAndCarriesARequestId) {
  reply_customer({{"SyncToken", "0"}});
  const auto made = connect()->create({}, write("customers", "",
                                                {{"DisplayName", "Smith: Ann\tLee"},
                                                 {"PrimaryEmailAddr", {{"Address", nullptr}}},
                                                 {"PrimaryPhone", {{"FreeFormNumber", "555"}}},
                                                 {"BillAddr", nullptr},
                                                 {"patchbay", {{"name", "x"}}}}));
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(json::serialize(last_sent()),
            R"({"DisplayName":"Smith  Ann Lee","PrimaryPhone":{"FreeFormNumber":"555"}})");
  EXPECT_THAT(http().last_request().url, HasSubstr("/customer?"));
  EXPECT_EQ(request_id().size(), 36u);
  EXPECT_TRUE(http().last_request().retry_safe);
}

TEST_F(QuickBooksWriting, TheSameKeyIsTheSameRequestIdAndAnotherIsAnother) {
  EXPECT_EQ(request_id_of("a"), request_id_of("a"));
  EXPECT_NE(request_id_of("a"), request_id_of("b"));
  EXPECT_EQ(request_id_of(""), "");
  EXPECT_EQ(request_id_of(std::string(255, 'k')).size(), 36u);
}

TEST_F(QuickBooksWriting, WithoutAKeyAWriteIsNotRepeated) {
  reply_customer();
  auto request = write("customers", "", {{"DisplayName", "Ann"}});
  request.idempotency_key.clear();
  ASSERT_TRUE(connect()->create({}, request).ok());
  EXPECT_FALSE(http().last_request().retry_safe);
  EXPECT_EQ(request_id(), "");
}

TEST_F(QuickBooksWriting, ATakenNameOfTheSamePersonIsThatPerson) {
  const auto request =
      write("customers", "", {{"DisplayName", "Pat O'Brien"}, {"PrimaryEmailAddr", {{"Address", "Pat@x.io"}}}});
  http().reply_json(fault("6240", "Duplicate Name Exists Error"), 400);
  http().reply_json(rows_of("Customer", {json::object{{"Id", "9"}, {"PrimaryEmailAddr", {{"Address", "pat@x.io"}}}}}));
  const auto known = connect()->create({}, request);
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->external_id, "9");
  EXPECT_THAT(statements().back(), HasSubstr(R"(WHERE DisplayName = 'Pat O\'Brien')"));
}

TEST_F(QuickBooksWriting, ATakenNameOfSomebodyElseIsTheOwnersToSettle) {
  const auto request =
      write("customers", "", {{"DisplayName", "Ann"}, {"PrimaryEmailAddr", {{"Address", "ann@x.io"}}}});
  http().reply_json(fault("6240"), 400);
  http().reply_json(
      rows_of("Customer", {json::object{{"Id", "9"}, {"PrimaryEmailAddr", {{"Address", "other@x.io"}}}}}));
  const auto refused = connect()->create({}, request);
  EXPECT_EQ(refused.error().code, "quickbooks.duplicate_name");
  EXPECT_EQ(refused.error().field, "DisplayName");
  http().reply_json(fault("6240"), 400);
  http().reply_json(rows_of("Customer", {}));
  EXPECT_EQ(connect()->create({}, request).error().code, "quickbooks.duplicate_name") << "a vendor has the name";
}

TEST_F(QuickBooksWriting, AnAnswerWithoutTheWrittenRecordIsNoSuccess) {
  http().reply_json({{"time", "2026-01-01T00:00:00Z"}});
  EXPECT_EQ(connect()->create({}, write("customers", "", {{"DisplayName", "A"}})).error().code,
            "quickbooks.unreadable");
}

TEST_F(QuickBooksWriting, AnUpdateIsSparseAndClearsWithEmptyText) {
  reply_customer();
  auto request =
      write("customers", "1", {{"DisplayName", "Not Changed"}, {"PrimaryEmailAddr", {{"Address", nullptr}}}});
  request.changed_fields = {"PrimaryEmailAddr"};
  request.known_version = "4";
  ASSERT_TRUE(connect()->update({}, request).ok());
  EXPECT_EQ(json::serialize(last_sent()),
            R"({"PrimaryEmailAddr":{"Address":""},"sparse":true,"Id":"1","SyncToken":"4"})");
  EXPECT_EQ(http().requests().size(), 1u);
}

TEST_F(QuickBooksWriting, AStaleSyncTokenIsReadAgainAndTheUpdatePutOnTop) {
  http().reply_json(fault("5010", "Stale Object Error"), 400);
  reply_customer({{"SyncToken", "6"}});
  reply_customer({{"SyncToken", "7"}});
  auto request = write("customers", "1", {{"DisplayName", "New"}});
  request.known_version = "4";
  const auto updated = connect()->update({}, request);
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->version, "7");
  EXPECT_EQ(sdk::string_at(last_sent(), "SyncToken"), "6");
  const auto sent = http().requests();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_NE(parameter(sent[0].url, "requestid"), parameter(sent[2].url, "requestid"))
      << "the same id would be answered with the refusal again";
}

TEST_F(QuickBooksWriting, ARecordThatKeepsChangingIsAConflict) {
  for (int i = 0; i < 3; ++i) {
    if (i > 0) reply_customer({{"SyncToken", "6"}});
    http().reply_json(fault("5010"), 400);
  }
  auto request = write("customers", "1", {{"DisplayName", "New"}});
  request.known_version = "4";
  EXPECT_EQ(connect()->update({}, request).error().error_class, sdk::ErrorClass::kConflict);
  EXPECT_EQ(http().unused_replies(), 0u);
}

TEST_F(QuickBooksWriting, WithoutAVersionTheNewestIsRead) {
  reply_customer({{"SyncToken", "3"}});
  reply_customer({{"SyncToken", "4"}});
  ASSERT_TRUE(connect()->update({}, write("customers", "1", {{"DisplayName", "New"}})).ok());
  EXPECT_EQ(sdk::string_at(last_sent(), "SyncToken"), "3");
}

TEST_F(QuickBooksWriting, ACustomerIsMadeInactiveNotDeleted) {
  reply_customer({{"SyncToken", "3"}, {"Active", true}});
  reply_customer({{"SyncToken", "4"}, {"Active", false}});
  ASSERT_TRUE(connect()->remove({}, "customers", "1").ok());
  EXPECT_EQ(json::serialize(last_sent()), R"({"Active":false,"sparse":true,"Id":"1","SyncToken":"3"})");
  reply_customer({{"Active", false}});
  const auto before = http().requests().size();
  EXPECT_TRUE(connect()->remove({}, "customers", "1").ok());
  EXPECT_EQ(http().requests().size(), before + 1) << "it is inactive already";
}

TEST_F(QuickBooksWriting, ATransactionIsDeletedAndGoneIsSuccess) {
  http().reply_json({{"Invoice", {{"Id", "7"}, {"SyncToken", "2"}}}});
  http().reply_json({{"Invoice", {{"Id", "7"}, {"status", "Deleted"}}}});
  ASSERT_TRUE(connect()->remove({}, "invoices", "7").ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("/invoice?operation=delete&"));
  http().reply_json(fault("610", "Object Not Found"), 400);
  EXPECT_TRUE(connect()->remove({}, "invoices", "7").ok());
}

TEST_F(QuickBooksWriting, AMoneyWriteIsNotRepeatedByTheHost) {
  http().reply_json({{"Payment", {{"Id", "163"}}}});
  ASSERT_TRUE(connect()->create({}, payment()).ok());
  EXPECT_FALSE(http().last_request().retry_safe);
  EXPECT_EQ(http().requests().size(), 1u) << "the first try needs no look";
}

TEST_F(QuickBooksWriting, AMoneyWriteWhoseAnswerWasLostLooksBeforeItIsRepeated) {
  http().reply(sdk::transient_error("http.reset", "connection reset"));
  EXPECT_FALSE(connect()->create({}, payment()).ok());
  const auto first_id = request_id();
  host_.clock().advance(std::chrono::minutes(2));
  // It arrived: another connection of the hub finds it, and nothing is sent again.
  http().reply_json(rows_of(
      "Payment",
      {json::object{{"Id", "1"}, {"CustomerRef", {{"value", "16"}}}, {"TotalAmt", 54}, {"TxnDate", "2026-01-01"}},
       json::object{{"Id", "163"}, {"CustomerRef", {{"value", "16"}}}, {"TotalAmt", 55}, {"TxnDate", "2026-01-01"}}}));
  const auto found = connect()->create({}, payment());
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->external_id, "163");
  EXPECT_THAT(statements().back(), HasSubstr("MetaData.CreateTime >= '2025-12-31T23:50:00.000Z'"));
  EXPECT_EQ(http().last_request().method, "GET");
  EXPECT_EQ(first_id.size(), 36u);
}

TEST_F(QuickBooksWriting, AMoneyWriteThatDidNotArriveIsSentWithTheSameRequestId) {
  http().reply(sdk::HttpResponse{502, {}, "<html>"});
  EXPECT_FALSE(connect()->create({}, payment()).ok());
  const auto first_id = request_id();
  http().reply_json(rows_of("Payment", {}));
  http().reply_json({{"Payment", {{"Id", "164"}}}});
  ASSERT_TRUE(connect()->create({}, payment()).ok());
  EXPECT_EQ(request_id(), first_id);
  // Its answer came: the same write again is a question of its own.
  http().reply_json({{"Payment", {{"Id", "164"}}}});
  ASSERT_TRUE(connect()->create({}, payment()).ok());
  EXPECT_EQ(http().last_request().method, "POST");
}

TEST_F(QuickBooksWriting, ARefusedMoneyWriteIsClosed) {
  http().reply_json(fault("6000"), 400);
  EXPECT_FALSE(connect()->create({}, payment()).ok());
  http().reply_json({{"Payment", {{"Id", "165"}}}});
  ASSERT_TRUE(connect()->create({}, payment()).ok());
  EXPECT_EQ(http().requests().size(), 2u);
}

TEST_F(QuickBooksWriting, ATakenNumberIsTheInvoiceThatIsThere) {
  const auto request = write("invoices", "",
                             {{"CustomerRef", {{"value", "1"}}},
                              {"DocNumber", "1037"},
                              {"Line", json::array{json::object{{"Amount", 300.0}}}}});
  http().reply_json(fault("6210", "Duplicate Document Number Error"), 400);
  http().reply_json(rows_of(
      "Invoice",
      {json::object{{"Id", "5"},
                    {"CustomerRef", {{"value", "1"}}},
                    {"DocNumber", "1037"},
                    {"Line", json::array{json::object{{"Amount", 300}},
                                         json::object{{"Amount", 300}, {"DetailType", "SubTotalLineDetail"}}}}}}));
  const auto known = connect()->create({}, request);
  ASSERT_TRUE(known.ok()) << known.error().message;
  EXPECT_EQ(known->external_id, "5");
  http().reply_json(fault("6210"), 400);
  http().reply_json(
      rows_of("Invoice", {json::object{{"Id", "5"}, {"CustomerRef", {{"value", "2"}}}, {"DocNumber", "1037"}}}));
  EXPECT_EQ(connect()->create({}, request).error().code, "quickbooks.duplicate_number");
}

}  // namespace
}  // namespace patchbay::quickbooks
