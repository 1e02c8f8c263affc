// What is made of QuickBooks' objects.
#include "records.hpp"

#include "quickbooks_for_test.hpp"

namespace patchbay::quickbooks {
namespace {

class QuickBooksRecords : public QuickBooksTest {
 protected:
  /// The record of an object as get() gives it.
  sdk::Record record_of(const char* resource, json::object object) {
    object["Id"] = "1";
    http().reply_json({{find_resource(resource)->object, object}});
    auto record = connect()->get({}, resource, "1");
    EXPECT_TRUE(record.ok());
    return record.ok() ? *record : sdk::Record{};
  }
  std::string added(const char* resource, json::object object, const char* path) {
    const auto record = record_of(resource, std::move(object));
    const auto* found = sdk::find_path(record.data, std::string("patchbay.") + path);
    return found == nullptr ? "(missing)" : sdk::scalar_text(*found).value_or("(null)");
  }
  std::string status(double total, double balance, const char* due, const char* note = "") {
    return added("invoices", {{"TotalAmt", total}, {"Balance", balance}, {"DueDate", due}, {"PrivateNote", note}},
                 "status");
  }
};

TEST_F(QuickBooksRecords, CarryVersionAndTimeOfTheService) {
  const auto record = record_of("customers", changed("1", "2026-01-05T21:39:24-08:00", {{"SyncToken", "4"}}));
  EXPECT_EQ(record.external_id, "1");
  EXPECT_EQ(record.version, "0");
  EXPECT_EQ(sdk::format_time(*record.updated_at), "2026-01-06T05:39:24.000Z");
}

TEST_F(QuickBooksRecords, WhatQuickBooksLeavesOutIsEmptyNotUnsaid) {
  const auto record = record_of("customers", {{"DisplayName", "Ann"}});
  for (const char* name : {"PrimaryEmailAddr", "PrimaryPhone", "BillAddr", "CompanyName"}) {
    const auto* found = sdk::find_member(record.data, name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_TRUE(found->is_null()) << name;
  }
  EXPECT_TRUE(sdk::find_path(record.data, "patchbay.email")->is_null());
}

TEST_F(QuickBooksRecords, ADeletedStubStaysAStub) {
  json::object stub{{"Id", "239"}, {"status", "Deleted"}, {"domain", "QBO"}};
  Api api(sdk::testing::make_settings(*plugin_), host_.services());
  const Lookups lookups(api, host_.services());
  const auto record = make_record(*find_resource("invoices"), stub, lookups, host_.clock().now());
  EXPECT_TRUE(record.deleted);
  EXPECT_EQ(record.data.as_object().size(), 3u);
}

TEST_F(QuickBooksRecords, AnInvoiceHasNoStatusOfItsOwn) {
  // The clock stands at 2026-01-01T00:00Z.
  EXPECT_EQ(status(100, 100, "2026-02-01"), "sent");
  EXPECT_EQ(status(100, 40, "2026-02-01"), "partially_paid");
  EXPECT_EQ(status(100, 0, "2025-02-01"), "paid");
  EXPECT_EQ(status(100, 40, "2025-12-01"), "overdue");
  EXPECT_EQ(status(0, 0, "2025-12-01", "Voided"), "void");
  EXPECT_EQ(status(0, 0, "2025-12-01"), "sent") << "nothing to pay is not voided";
  EXPECT_EQ(status(100, 100, "2025-12-31"), "sent") << "the day has not ended everywhere";
  EXPECT_EQ(status(100, 100, "not a day"), "sent");
  EXPECT_EQ(status(100.3, 0.1 + 0.2 - 0.3, "2025-01-01"), "paid") << "what binary fractions leave over is no balance";
}

TEST_F(QuickBooksRecords, APaymentOfSeveralInvoicesBelongsToNoneOfThem) {
  const auto line = [](const char* id, const char* type) {
    return json::object{{"Amount", 5}, {"LinkedTxn", json::array{json::object{{"TxnId", id}, {"TxnType", type}}}}};
  };
  EXPECT_EQ(added("payments", {{"Line", json::array{line("69", "Invoice")}}}, "invoice"), "69");
  EXPECT_EQ(added("payments", {{"Line", json::array{line("69", "Invoice"), line("4", "CreditMemo")}}}, "invoice"),
            "69");
  EXPECT_EQ(added("payments", {{"Line", json::array{line("69", "Invoice"), line("70", "Invoice")}}}, "invoice"),
            "(null)");
  EXPECT_EQ(added("payments", json::object(), "invoice"), "(null)");
}

TEST_F(QuickBooksRecords, APaymentMethodIsOnlyAnId) {
  EXPECT_EQ(added("payments", {{"PaymentMethodRef", {{"value", "2"}}}}, "method"), "Check");
  EXPECT_EQ(added("sales_receipts", {{"PaymentMethodRef", {{"value", "99"}}}}, "method"), "(null)");
}

TEST_F(QuickBooksRecords, AVoidedPaymentIsNoIncome) {
  EXPECT_EQ(added("payments", {{"TotalAmt", 0}, {"PrivateNote", "Voided"}}, "status"), "failed");
  EXPECT_EQ(added("payments", {{"TotalAmt", 55.0}, {"PrivateNote", "Voided cheque replaced"}}, "status"), "succeeded");
}

TEST_F(QuickBooksRecords, TheCompanysCurrencyCountsWhereNoneIsNamed) {
  EXPECT_EQ(added("invoices", {{"CurrencyRef", {{"value", "EUR"}}}}, "currency"), "EUR");
  EXPECT_EQ(added("invoices", json::object(), "currency"), "USD");
  know_lookups({}, "");
  EXPECT_EQ(added("invoices", json::object(), "currency"), "(null)");
}

TEST_F(QuickBooksRecords, ACreditIsMoneyThatCameBack) {
  EXPECT_EQ(added("purchases", {{"TotalAmt", 12.5}, {"Credit", true}}, "amount"), "-12.5");
  EXPECT_EQ(added("purchases", {{"TotalAmt", 12.5}, {"Credit", false}}, "amount"), "12.5");
  EXPECT_EQ(added("purchases", {{"TotalAmt", 12.5}}, "amount"), "12.5");
}

TEST_F(QuickBooksRecords, AnExpenseIsForAClientWhereAllLinesAre) {
  const auto line = [](const char* customer, const char* account) {
    return json::object{{"AccountBasedExpenseLineDetail",
                         {{"CustomerRef", {{"value", customer}}}, {"AccountRef", {{"name", account}}}}}};
  };
  know_lookups({{"70", "7"}});
  const json::object one{{"Line", json::array{line("70", "Fuel"), line("70", "Fuel")}}};
  EXPECT_EQ(added("purchases", one, "customer"), "7");
  EXPECT_EQ(added("purchases", one, "category"), "Fuel");
  const json::object two{{"Line", json::array{line("70", "Fuel"), line("", "Tools")}}};
  EXPECT_EQ(added("bills", two, "customer"), "(null)");
  EXPECT_EQ(added("bills", two, "category"), "(null)");
  EXPECT_EQ(added("bills", {{"TotalAmt", 10}, {"Balance", 10}}, "status"), "unpaid");
  EXPECT_EQ(added("bills", {{"TotalAmt", 10}, {"Balance", 4}}, "status"), "partially_paid");
  EXPECT_EQ(added("bills", {{"TotalAmt", 10}, {"Balance", 0}}, "status"), "paid");
}

TEST_F(QuickBooksRecords, AnInactiveCustomersNameIsItsName) {
  EXPECT_EQ(added("customers", {{"DisplayName", "Ann (deleted)"}, {"Active", false}}, "name"), "Ann");
  EXPECT_EQ(added("customers", {{"DisplayName", "Ann (deleted)"}, {"Active", true}}, "name"), "Ann (deleted)");
}

TEST_F(QuickBooksRecords, SeveralAddressesAreOneEmail) {
  EXPECT_EQ(added("customers", {{"PrimaryEmailAddr", {{"Address", " a@x.io, b@x.io"}}}}, "email"), "a@x.io");
}

TEST_F(QuickBooksRecords, MembersOfAnotherTypeAreNoReasonToFail) {
  const auto record = record_of("invoices", {{"Line", "none"},
                                             {"TotalAmt", json::object()},
                                             {"Balance", "much"},
                                             {"LinkedTxn", 7},
                                             {"MetaData", json::array()},
                                             {"NewMember", {{"of", "2027"}}}});
  EXPECT_EQ(sdk::string_at(record.data, "NewMember.of"), "2027");
  EXPECT_FALSE(record.updated_at.has_value());
}

}  // namespace
}  // namespace patchbay::quickbooks
