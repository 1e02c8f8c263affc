#include "platform/base/digest.hpp"
#include "tests/sandbox/jobber/query_budget.hpp"
#include "tests/sandbox/sandbox_for_test.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <set>

namespace patchbay::sandbox {
namespace {

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kCredentials = "client_id=client&client_secret=secret&";

class JobberTest : public testing::Test {
 protected:
  http::Response token_call(const std::string& fields) {
    return sandbox.call("POST", "/jobber/api/oauth/token", kCredentials + fields, {{"Content-Type", kForm}});
  }
  json::value connect() {
    const auto page =
        sandbox.call("GET",
                     "/jobber/api/oauth/"
                     "authorize?response_type=code&client_id=client&state=s%201&auto=approve&redirect_uri=http://x/cb");
    EXPECT_EQ(page.status, 302);
    const std::string location(page.header("Location").value_or(""));
    EXPECT_NE(location.find("&state=s%201"), std::string::npos) << location;
    const auto from = location.find("code=") + 5;
    const auto code = location.substr(from, location.find('&', from) - from);
    const auto answer = token_call("grant_type=authorization_code&redirect_uri=http://x/cb&code=" + code);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(token_call("grant_type=authorization_code&redirect_uri=http://x/cb&code=" + code).status, 401)
        << "a code works once";
    return SandboxForTest::parsed(answer);
  }
  http::Response query(const std::string& text, const json::object& variables = {}, const std::string& token = "") {
    if (access.empty() && token.empty()) access = sdk::string_at(connect(), "access_token");
    return sandbox.call("POST", "/jobber/api/graphql", to_wire(json::object{{"query", text}, {"variables", variables}}),
                        {{"Authorization", "Bearer " + (token.empty() ? access : token)},
                         {"Content-Type", "application/json"},
                         {"X-JOBBER-GRAPHQL-VERSION", "2025-04-16"}});
  }
  json::value data(const std::string& text, const json::object& variables = {}) {
    const auto response = query(text, variables);
    const auto value = SandboxForTest::parsed(response);
    EXPECT_EQ(sdk::find_member(value, "errors"), nullptr) << response.body;
    return value.at("data");
  }
  /// All ids of a list, page by page.
  std::vector<std::string> walk(const std::string& list, const std::string& arguments) {
    std::vector<std::string> ids;
    for (std::string after; ids.size() < 10'000;) {
      const auto page = data("{" + list + "(first:7," + arguments + (after.empty() ? "" : ",after:\"" + after + "\"") +
                             "){nodes{id}pageInfo{hasNextPage endCursor}}}")
                            .at(list);
      for (const auto& node : page.at("nodes").as_array()) ids.push_back(sdk::string_at(node, "id"));
      if (!page.at("pageInfo").at("hasNextPage").as_bool()) break;
      after = sdk::string_at(page, "pageInfo.endCursor");
    }
    return ids;
  }
  SandboxForTest sandbox;
  std::string access;
};

TEST_F(JobberTest, RefreshTokensRotateAndAccessTokensExpire) {
  const auto first = connect();
  const auto old_refresh = sdk::string_at(first, "refresh_token");
  EXPECT_EQ(sdk::find_member(first, "expires_in"), nullptr);
  const auto old_access = sdk::string_at(first, "access_token");
  const auto claims =
      sdk::base64_decode(old_access.substr(old_access.find('.') + 1, old_access.rfind('.') - old_access.find('.') - 1))
          .value();
  EXPECT_EQ(json::parse(claims).at("exp"), kTestEpoch / 1000 + 3600);
  EXPECT_EQ(query("{account{id}}", {}, old_access).status, 200);

  sandbox.clock.advance(std::chrono::minutes(61));
  EXPECT_EQ(query("{account{id}}", {}, old_access).status, 401);
  const auto refreshed = SandboxForTest::parsed(token_call("grant_type=refresh_token&refresh_token=" + old_refresh));
  EXPECT_EQ(query("{account{id}}", {}, sdk::string_at(refreshed, "access_token")).status, 200);
  EXPECT_NE(sdk::string_at(refreshed, "refresh_token"), old_refresh);
  const auto reused = token_call("grant_type=refresh_token&refresh_token=" + old_refresh);
  EXPECT_EQ(reused.status, 401);
  EXPECT_NE(reused.body.find("The provided refresh token is not valid."), std::string::npos);
}

TEST_F(JobberTest, DenyComesBackWithNothing) {
  const auto page = sandbox.call(
      "GET", "/jobber/api/oauth/authorize?response_type=code&client_id=client&state=s&redirect_uri=http://x/cb");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.content_type.find("text/html"), std::string::npos);
  const auto denied =
      sandbox.call("POST", "/jobber/api/oauth/authorize",
                   "response_type=code&client_id=client&state=s&redirect_uri=http%3A%2F%2Fx%2Fcb&decision=deny",
                   {{"Content-Type", kForm}});
  EXPECT_EQ(denied.header("Location"), "http://x/cb");
}

TEST_F(JobberTest, ListsWalkEveryRecordOnceInEveryOrder) {
  const auto expected = sandbox.store.table("jobber.jobs").size();
  for (const auto* sort :
       {"", "sort:[{key:UPDATED_AT,direction:DESCENDING}]", "sort:[{key:JOB_NUMBER,direction:ASCENDING}]"}) {
    const auto ids = walk("jobs", sort);
    EXPECT_EQ(ids.size(), expected) << sort;
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), expected) << sort;
  }
}

TEST_F(JobberTest, FiltersByChangeFindExactlyTheChanged) {
  const auto all = walk("clients", "");
  sandbox.clock.advance(std::chrono::minutes(10));
  for (const auto index : {3U, 5U}) {
    EXPECT_EQ(sandbox.call("PATCH", "/_sandbox/jobber/clients/" + all[index], R"({"firstName":"Changed"})").status,
              200);
  }
  EXPECT_EQ(walk("clients", R"(filter:{updatedAt:{after:"2026-11-21T00:05:00Z"}})"),
            (std::vector<std::string>{all[3], all[5]}));
  const auto refused =
      SandboxForTest::parsed(query(R"({jobs(filter:{updatedAt:{after:"2026-11-21T00:00:00Z"}}){nodes{id}}})"));
  EXPECT_NE(sdk::find_member(refused, "errors"), nullptr) << "jobs have no such filter";
}

TEST_F(JobberTest, MutationsShowInQueriesAndComeAsWebhooks) {
  const auto made =
      data("mutation($i:ClientCreateInput!){clientCreate(input:$i){client{id name email} userErrors{message path}}}",
           {{"i",
             {{"firstName", "Zoe"},
              {"lastName", "Q"},
              {"emails", json::array{{{"address", "zoe@example.com"}, {"primary", true}}}}}}})
          .at("clientCreate");
  EXPECT_TRUE(made.at("userErrors").as_array().empty());
  const auto id = sdk::string_at(made, "client.id");
  const auto sent = sandbox.inbox.wait_for([&](const sdk::HttpRequest& request) {
    return request.body.find("CLIENT_CREATE") != std::string::npos && request.body.find(id) != std::string::npos;
  });
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->url, "http://hub/webhooks/jobber");
  EXPECT_EQ(sdk::find_header(sent->headers, "X-Jobber-Hmac-SHA256"),
            sdk::base64_encode(base::hmac_sha256("secret", sent->body)));

  const auto edited = data(
      "mutation($c:EncodedId!){clientEdit(clientId:$c,input:{emailsToAdd:[{address:\"new@example.com\",primary:true}]})"
      "{client{email emails{address primary}} userErrors{message}}}",
      {{"c", id}});
  EXPECT_EQ(sdk::string_at(edited, "clientEdit.client.email"), "new@example.com");
  EXPECT_TRUE(data("mutation($c:EncodedId!){clientArchive(clientId:$c){client{isArchived}}}", {{"c", id}})
                  .at("clientArchive")
                  .at("client")
                  .at("isArchived")
                  .as_bool());
  const auto bad =
      data("mutation{clientCreate(input:{emails:[{address:\"x\"}]}){client{id} userErrors{message path}}}");
  EXPECT_TRUE(sdk::find_path(bad, "clientCreate.client")->is_null());
  EXPECT_FALSE(sdk::find_path(bad, "clientCreate.userErrors")->as_array().empty());
}

TEST_F(JobberTest, DeletedRecordsReadAsNull) {
  const auto id = walk("expenses", "").front();
  EXPECT_EQ(sandbox.call("DELETE", "/_sandbox/jobber/expenses/" + id).status, 200);
  EXPECT_TRUE(data("query($e:EncodedId!){expense(id:$e){id}}", {{"e", id}}).at("expense").is_null());
}

TEST_F(JobberTest, StatusesFollowTheClock) {
  const auto client = walk("clients", "").front();
  const auto made = SandboxForTest::parsed(sandbox.call("POST", "/_sandbox/jobber/invoices",
                                                        to_wire(json::object{{"clientId", client},
                                                                             {"total", 50.5},
                                                                             {"invoiceStatus", "awaiting_payment"},
                                                                             {"dueDate", "2026-12-01T00:00:00Z"}})));
  const json::object variables{{"i", sdk::string_at(made, "data.id")}};
  const auto status = [&] {
    return sdk::string_at(data("query($i:EncodedId!){invoice(id:$i){invoiceStatus}}", variables),
                          "invoice.invoiceStatus");
  };
  EXPECT_EQ(status(), "awaiting_payment");
  sandbox.clock.advance(std::chrono::hours(24 * 11));
  access.clear();
  EXPECT_EQ(status(), "past_due");
}

TEST_F(JobberTest, CostsAreChargedAndThrottle) {
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/limits", R"({"jobber":{"restoreRate":500}})").status, 200);
  const std::string page =
      "{clients(first:100){nodes{id name firstName lastName email phone balance companyName isLead updatedAt}}}";
  const auto first = SandboxForTest::parsed(query(page));
  const auto actual = sdk::find_path(first, "extensions.cost.actualQueryCost")->to_number<int>();
  EXPECT_EQ(sdk::find_path(first, "extensions.cost.requestedQueryCost")->to_number<int>(), 1001);
  EXPECT_LE(actual, 1001);
  json::value last = first;
  for (int i = 0; i < 20 && sdk::find_member(last, "errors") == nullptr; ++i)
    last = SandboxForTest::parsed(query(page));
  EXPECT_EQ(sdk::string_at(last, "errors[0].extensions.code"), "THROTTLED");
  sandbox.clock.advance(std::chrono::seconds(20));
  const auto refilled = SandboxForTest::parsed(query(page));
  EXPECT_EQ(sdk::find_member(refilled, "errors"), nullptr) << "the bucket fills again";
  EXPECT_NE(query("{jobs{nodes{visits{nodes{id title}}}}}").body.find("THROTTLED"), std::string::npos)
      << "more than the bucket holds never runs";
}

TEST_F(JobberTest, RefusalsHaveJobbersShapes) {
  EXPECT_EQ(query("{account{id}}", {}, "x").body, R"({"message":"Token not recognized"})");
  const auto missing = sandbox.call("POST", "/jobber/api/graphql", R"({"query":"{account{id}}"})",
                                    {{"Content-Type", "application/json"}});
  EXPECT_EQ(missing.status, 200);
  EXPECT_NE(missing.body.find("UNAUTHENTICATED"), std::string::npos);
  const auto token = sdk::string_at(connect(), "access_token");
  const auto with_version = [&](sdk::Headers headers) {
    headers.emplace_back("Authorization", "Bearer " + token);
    headers.emplace_back("Content-Type", "application/json");
    return sandbox.call("POST", "/jobber/api/graphql", R"({"query":"{account{id}}"})", std::move(headers)).status;
  };
  EXPECT_EQ(with_version({}), 400);
  EXPECT_EQ(with_version({{"X-JOBBER-GRAPHQL-VERSION", "soon"}}), 404);
  EXPECT_EQ(with_version({{"X-JOBBER-GRAPHQL-VERSION", "2025-04-16"}}), 200);
}

TEST_F(JobberTest, DisconnectKillsEveryToken) {
  const auto tokens = connect();
  access = sdk::string_at(tokens, "access_token");
  data("mutation{appDisconnect{app{name} userErrors{message}}}");
  EXPECT_EQ(query("{account{id}}").status, 401);
  EXPECT_EQ(token_call("grant_type=refresh_token&refresh_token=" + sdk::string_at(tokens, "refresh_token")).status,
            401);
}

TEST(QueryBudget, RestoresWithTimeAndNeverOverfills) {
  jobber::QueryBudget budget;
  EXPECT_EQ(budget.available(0), 10'000);
  budget.charge(4'000);
  EXPECT_EQ(budget.available(0), 6'000);
  EXPECT_EQ(budget.available(2'000), 7'000);
  EXPECT_EQ(budget.available(60'000), 10'000);
  budget.requests_per_five_minutes = 2;
  EXPECT_TRUE(budget.admit(0) && budget.admit(1));
  EXPECT_FALSE(budget.admit(299'999));
  EXPECT_TRUE(budget.admit(300'001));
}

}  // namespace
}  // namespace patchbay::sandbox
