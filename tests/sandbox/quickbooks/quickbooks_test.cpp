#include "tests/sandbox/quickbooks/statement.hpp"
#include "tests/sandbox/sandbox_for_test.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <set>

namespace patchbay::sandbox {
namespace {

using quickbooks::kRealm;

class QuickBooksSandbox : public testing::Test {
 protected:
  http::Response token_call(const std::string& fields, const std::string& secret = "secret") {
    return sandbox.call("POST", "/quickbooks/oauth2/v1/tokens/bearer", fields,
                        {{"Content-Type", "application/x-www-form-urlencoded"},
                         {"Authorization", "Basic " + sdk::base64_encode("client:" + secret)}});
  }
  std::string authorize() {
    const auto page = sandbox.call("GET",
                                   "/quickbooks/connect/oauth2?response_type=code&client_id=client&state=s&auto=approve"
                                   "&scope=com.intuit.quickbooks.accounting&redirect_uri=http://x/cb");
    EXPECT_EQ(page.status, 302) << page.body;
    const std::string location(page.header("Location").value_or(""));
    EXPECT_NE(location.find("&realmId=" + std::string(kRealm)), std::string::npos) << location;
    const auto from = location.find("code=") + 5;
    return location.substr(from, location.find('&', from) - from);
  }
  json::value connect() {
    const auto answer = token_call("grant_type=authorization_code&redirect_uri=http://x/cb&code=" + authorize());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return SandboxForTest::parsed(answer);
  }
  sdk::Headers headers() {
    if (access.empty()) access = sdk::string_at(connect(), "access_token");
    return {{"Authorization", "Bearer " + access}, {"Content-Type", "application/json"}};
  }
  http::Response get(const std::string& path) {
    return sandbox.call("GET", "/quickbooks/v3/company/" + std::string(kRealm) + "/" + path, "", headers());
  }
  http::Response post(const std::string& path, const json::object& body) {
    return sandbox.call("POST", "/quickbooks/v3/company/" + std::string(kRealm) + "/" + path, to_wire(body), headers());
  }
  json::value query(const std::string& statement) {
    const auto answer = get("query?query=" + sdk::url_encode(statement));
    EXPECT_EQ(answer.status, 200) << statement << answer.body;
    return SandboxForTest::parsed(answer).at("QueryResponse");
  }
  static std::string code_of(const http::Response& response) {
    return sdk::string_at(SandboxForTest::parsed(response), "Fault.Error[0].code");
  }
  json::value make(const char* path, const json::object& body) {
    const auto answer = post(path, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto parsed = SandboxForTest::parsed(answer);
    return parsed.as_object().begin()->value();
  }
  json::object sale(const std::string& customer, double amount) {
    return {{"CustomerRef", {{"value", customer}}},
            {"Line", json::array{json::object{{"Amount", amount}, {"DetailType", "SalesItemLineDetail"}}}}};
  }
  json::array truth(const std::string& kind) {
    return list_of(SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/truth/quickbooks/" + kind)));
  }

  SandboxForTest sandbox;
  std::string access;
};

TEST_F(QuickBooksSandbox, RefreshTokensChangeOnceADayAndACodeWorksOnce) {
  const auto code = authorize();
  const auto exchange = "grant_type=authorization_code&redirect_uri=http://x/cb&code=" + code;
  const auto first = SandboxForTest::parsed(token_call(exchange));
  const auto refresh = sdk::string_at(first, "refresh_token");
  EXPECT_EQ(first.at("expires_in"), 3600);
  const auto renew = [&](const std::string& token) {
    return token_call("grant_type=refresh_token&refresh_token=" + token);
  };
  EXPECT_EQ(sdk::string_at(SandboxForTest::parsed(renew(refresh)), "refresh_token"), refresh) << "the same for a day";
  sandbox.clock.advance(std::chrono::hours(25));
  const auto next = sdk::string_at(SandboxForTest::parsed(renew(refresh)), "refresh_token");
  EXPECT_NE(next, refresh);
  EXPECT_EQ(renew(refresh).status, 400);
  EXPECT_EQ(sdk::string_at(SandboxForTest::parsed(renew(refresh)), "error"), "invalid_grant");
  EXPECT_EQ(renew(next).status, 200);
  EXPECT_EQ(token_call("grant_type=refresh_token&refresh_token=" + next, "wrong").status, 401);
  const auto other_code = authorize();
  const auto other = "grant_type=authorization_code&redirect_uri=http://x/cb&code=" + other_code;
  const auto stolen = sdk::string_at(SandboxForTest::parsed(token_call(other)), "refresh_token");
  EXPECT_EQ(token_call(other).status, 400);
  EXPECT_EQ(renew(stolen).status, 400) << "a second exchange ends what the first gave";
}

TEST_F(QuickBooksSandbox, TokensAndCompaniesAreChecked) {
  EXPECT_EQ(get("companyinfo/" + std::string(kRealm)).status, 200);
  EXPECT_EQ(sandbox.call("GET", "/quickbooks/v3/company/1/companyinfo/1", "", headers()).status, 403);
  sandbox.clock.advance(std::chrono::minutes(61));
  const auto expired = get("companyinfo/" + std::string(kRealm));
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(sdk::string_at(SandboxForTest::parsed(expired), "fault.error[0].code"), "3200") << "in lower case";
}

TEST_F(QuickBooksSandbox, QueriesPageFilterAndCount) {
  const auto total = query("SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)").at("totalCount").as_int64();
  EXPECT_EQ(total, static_cast<std::int64_t>(truth("customers").size()));
  EXPECT_LT(query("select count(*) from Customer").at("totalCount").as_int64(), total) << "inactive ones are left out";
  std::set<std::string> ids;
  for (std::int64_t at = 1; at <= total; at += 7) {
    const auto page = query(
        "SELECT * FROM Customer WHERE Active IN (true, false) ORDERBY MetaData.LastUpdatedTime "
        "STARTPOSITION " +
        std::to_string(at) + " MAXRESULTS 7");
    for (const auto& row : page.at("Customer").as_array()) ids.insert(sdk::string_at(row, "Id"));
  }
  EXPECT_EQ(static_cast<std::int64_t>(ids.size()), total);
  EXPECT_EQ(query("SELECT * FROM Customer WHERE DisplayName = 'nobody\\'s'").as_object().size(), 0U);
  EXPECT_EQ(query("SELECT * FROM Item WHERE Name LIKE '%breaker%'").at("Item").as_array().size(), 1U);
  EXPECT_EQ(code_of(get("query?query=" + sdk::url_encode("SELECT * FROM Customer WHERE Id = '1' OR Id = '2'"))),
            "4000");
  EXPECT_EQ(code_of(get("query?query=" + sdk::url_encode("SELECT Id FROM Customer"))), "4000");
  EXPECT_EQ(code_of(get("query?query=" + sdk::url_encode("SELECT * FROM Customer WHERE Notes = 'x'"))), "4001");
  EXPECT_EQ(code_of(get("query?query=" + sdk::url_encode("SELECT * FROM Nothing"))), "4002");
}

TEST_F(QuickBooksSandbox, NamesAreUniqueAndSyncTokensGuard) {
  const auto ann = make("customer", {{"DisplayName", "Ann Unique"}, {"PrimaryEmailAddr", {{"Address", "a@x.io"}}}});
  const auto id = sdk::string_at(ann, "Id");
  EXPECT_EQ(code_of(post("customer", {{"DisplayName", "Ann Unique"}})), "6240");
  EXPECT_EQ(code_of(post("customer", {{"DisplayName", "City Fuel"}})), "6240") << "a vendor has it";
  EXPECT_EQ(code_of(post("customer", {{"Id", id}, {"SyncToken", "9"}, {"sparse", true}})), "5010");
  EXPECT_EQ(code_of(post("customer", {{"Id", "none"}, {"SyncToken", "0"}, {"sparse", true}})), "610");
  const auto sparse = make("customer", {{"Id", id}, {"SyncToken", "0"}, {"sparse", true}, {"CompanyName", "Ann LLC"}});
  EXPECT_EQ(sdk::string_at(sparse, "PrimaryEmailAddr.Address"), "a@x.io");
  EXPECT_EQ(sdk::string_at(sparse, "SyncToken"), "1");
  const auto cleared =
      make("customer", {{"Id", id}, {"SyncToken", "1"}, {"sparse", true}, {"PrimaryEmailAddr", {{"Address", ""}}}});
  EXPECT_EQ(sdk::find_member(cleared, "PrimaryEmailAddr"), nullptr);
  const auto full = make("customer", {{"Id", id}, {"SyncToken", "2"}, {"DisplayName", "Ann Unique"}});
  EXPECT_EQ(sdk::find_member(full, "CompanyName"), nullptr) << "a full update clears what it leaves out";
  EXPECT_EQ(code_of(post("customer?operation=delete", {{"Id", id}, {"SyncToken", "3"}})), "500");
}

TEST_F(QuickBooksSandbox, ARequestIdIsAnsweredOnce) {
  const auto customer = sdk::string_at(truth("customers").at(0), "Id");
  const auto before = truth("invoices").size();
  const auto first = post("invoice?requestid=r-1", sale(customer, 300));
  const auto again = post("invoice?requestid=r-1", sale(customer, 300));
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(truth("invoices").size(), before + 1);
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/limits", R"({"quickbooks":{"honoursRequestId":false}})").status, 200);
  post("invoice?requestid=r-1", sale(customer, 300));
  EXPECT_EQ(truth("invoices").size(), before + 2);
}

TEST_F(QuickBooksSandbox, APaymentSettlesItsInvoiceUntilItIsVoided) {
  const auto customer = sdk::string_at(truth("customers").at(0), "Id");
  const auto invoice = make("invoice", sale(customer, 300));
  const auto invoice_id = sdk::string_at(invoice, "Id");
  EXPECT_EQ(invoice.at("Balance").to_number<double>(), 300);
  const auto balance = [&] {
    return SandboxForTest::parsed(get("invoice/" + invoice_id)).at("Invoice").at("Balance").to_number<double>();
  };
  const json::object line{{"Amount", 100},
                          {"LinkedTxn", json::array{json::object{{"TxnId", invoice_id}, {"TxnType", "Invoice"}}}}};
  const auto payment =
      make("payment", {{"CustomerRef", {{"value", customer}}}, {"TotalAmt", 100}, {"Line", json::array{line}}});
  EXPECT_EQ(balance(), 200);
  const json::object key{{"Id", sdk::string_at(payment, "Id")}, {"SyncToken", "0"}};
  EXPECT_EQ(code_of(post("payment?operation=void", key)), "500") << "payments are voided by another call";
  const auto voided = make("payment?operation=update&include=void", key);
  EXPECT_EQ(voided.at("TotalAmt"), 0);
  EXPECT_EQ(balance(), 300);
}

TEST_F(QuickBooksSandbox, ChangeDataTellsOfDeletions) {
  const auto customer = sdk::string_at(truth("customers").at(0), "Id");
  const auto since = "&changedSince=" + sdk::format_time(sandbox.clock.now());
  const auto kept = make("invoice", sale(customer, 1)), gone = make("invoice", sale(customer, 2));
  make("invoice?operation=delete", {{"Id", sdk::string_at(gone, "Id")}, {"SyncToken", "0"}});
  const auto answer = SandboxForTest::parsed(get("cdc?entities=Customer,Invoice" + since));
  EXPECT_EQ(sdk::find_path(answer, "CDCResponse[0].QueryResponse[0].Customer"), nullptr) << "an empty entity is {}";
  const auto rows = answer.at("CDCResponse").at(0).at("QueryResponse").at(1).at("Invoice").as_array();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(sdk::string_at(rows.at(0), "status"), "Deleted");
  EXPECT_EQ(sdk::string_at(rows.at(0), "Id"), sdk::string_at(gone, "Id"));
  EXPECT_EQ(sdk::string_at(rows.at(1), "Id"), sdk::string_at(kept, "Id"));
  EXPECT_EQ(code_of(get("invoice/" + sdk::string_at(gone, "Id"))), "610");
  sandbox.clock.advance(std::chrono::hours(24 * 31));
  access.clear();
  EXPECT_EQ(get("cdc?entities=Invoice" + since).status, 400) << "30 days back at most";
}

TEST_F(QuickBooksSandbox, ChangeDataIsFullAtSomePointAndHasNoSecondPage) {
  const auto limits = SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/limits"));
  EXPECT_EQ(sdk::find_path(limits, "data.quickbooks.changeDataObjects")->to_number<int>(), 1000);
  sandbox.call("POST", "/_sandbox/limits", R"({"quickbooks":{"changeDataObjects":7}})");
  sandbox.call("POST", "/_sandbox/burst", R"({"service":"quickbooks","kind":"customers","count":30})");
  const auto answer = SandboxForTest::parsed(get("cdc?entities=Customer,Invoice&changedSince=" +
                                                 sdk::format_time(sandbox.clock.now() - std::chrono::minutes(1))));
  const auto parts = answer.at("CDCResponse").at(0).at("QueryResponse").as_array();
  EXPECT_EQ(parts.at(0).at("Customer").as_array().size(), 7U);
  EXPECT_TRUE(parts.at(1).as_object().empty()) << "over all entities";
}

TEST_F(QuickBooksSandbox, ABatchAnswers200ThoughItemsFail) {
  const auto answer = post(
      "batch", {{"BatchItemRequest", json::array{json::object{{"bId", "1"}, {"Query", "select * from Preferences"}},
                                                 json::object{{"bId", "2"}, {"Query", "select nonsense"}},
                                                 json::object{{"bId", "3"},
                                                              {"operation", "create"},
                                                              {"Customer", {{"DisplayName", "Made in a batch"}}}}}}});
  ASSERT_EQ(answer.status, 200);
  const auto items = SandboxForTest::parsed(answer).at("BatchItemResponse").as_array();
  EXPECT_EQ(sdk::string_at(items.at(0), "QueryResponse.Preferences[0].CurrencyPrefs.HomeCurrency.value"), "USD");
  EXPECT_EQ(sdk::string_at(items.at(1), "Fault.Error[0].code"), "4000");
  EXPECT_FALSE(sdk::string_at(items.at(2), "Customer.Id").empty());
}

TEST_F(QuickBooksSandbox, ThrottlesInXml) {
  sandbox.call("POST", "/_sandbox/limits", R"({"quickbooks":{"perSecond":2}})");
  headers();
  EXPECT_EQ(get("customer/1").status, 200);
  EXPECT_EQ(get("customer/1").status, 200);
  const auto refused = get("customer/1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.body.find("<Error code=\"3001\">"), std::string::npos) << refused.body;
  sandbox.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(get("customer/1").status, 200);
}

TEST_F(QuickBooksSandbox, SignsItsWebhooksInBothForms) {
  const auto wait = [&](const std::string& part) {
    const auto found =
        sandbox.inbox.wait_for([&](const auto& request) { return request.body.find(part) != std::string::npos; });
    EXPECT_TRUE(found.has_value()) << part;
    return found.value_or(sdk::HttpRequest{});
  };
  const auto id = sdk::string_at(truth("customers").at(0), "Id");
  sandbox.call("PATCH", "/_sandbox/quickbooks/customers/" + id, R"({"CompanyName":"One"})");
  const auto event = wait("qbo.customer.updated.v1");
  EXPECT_EQ(event.url, "http://hub/webhooks/quickbooks");
  EXPECT_EQ(sdk::find_header(event.headers, "intuit-signature"), quickbooks::intuit_signature("verifier", event.body));
  const auto body = sdk::parse_json(event.body).value();
  EXPECT_EQ(sdk::string_at(body.at(0), "intuitaccountid"), kRealm);
  EXPECT_EQ(sdk::string_at(body.at(0), "time").size(), 30U) << "nine fractional digits";
  sandbox.call("POST", "/_sandbox/limits", R"({"quickbooks":{"legacyWebhooks":true}})");
  sandbox.call("PATCH", "/_sandbox/quickbooks/customers/" + id, R"({"CompanyName":"Two"})");
  EXPECT_NE(wait("eventNotifications").body.find(R"("operation":"Update")"), std::string::npos);
}

TEST_F(QuickBooksSandbox, AMergedCustomersInvoicesMove) {
  const auto a = make("customer", {{"DisplayName", "Keeps"}}), b = make("customer", {{"DisplayName", "Goes"}});
  const auto from = sdk::string_at(b, "Id"), into = sdk::string_at(a, "Id");
  const auto invoice = make("invoice", sale(from, 10));
  sandbox.call("PATCH", "/_sandbox/quickbooks/customers/" + from, to_wire(json::object{{"mergeInto", into}}));
  EXPECT_EQ(code_of(get("customer/" + from)), "610");
  const auto moved = SandboxForTest::parsed(get("invoice/" + sdk::string_at(invoice, "Id")));
  EXPECT_EQ(sdk::string_at(moved, "Invoice.CustomerRef.value"), into);
  const auto told = sandbox.inbox.wait_for(
      [&](const auto& request) { return request.body.find("qbo.customer.merged.v1") != std::string::npos; });
  ASSERT_TRUE(told.has_value());
  EXPECT_NE(told->body.find("\"deletedId\":\"" + from + "\""), std::string::npos);
}

/// Vectors that do not come from this code.
TEST(IntuitSignature, AgreesWithIntuitsOwnVector) {
  EXPECT_EQ(
      quickbooks::intuit_signature(
          "b5771f19b12ddb4bcdb9f08bdc50bc63878a",
          R"({"eventNotifications":[{"realmId":"1185883450","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Create","lastUpdated":"2015-10-05T14:42:19-0700"}]}}]})"),
      "JC2GUwciPmRBwEO7WvrRmKqu9tGOKL8FFallocTFi8Q=");
}

}  // namespace
}  // namespace patchbay::sandbox
