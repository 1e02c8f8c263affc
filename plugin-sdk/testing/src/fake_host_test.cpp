#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/testing/fake_host.hpp>
#include <patchbay/sdk/testing/replay_http.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::sdk::testing {
namespace {

HttpRequest request_to(const std::string& url, const std::string& method = "GET", const std::string& body = "") {
  HttpRequest request;
  request.method = method;
  request.url = url;
  request.body = body;
  return request;
}

TEST(ScriptedHttp, RepliesComeFirstThenTheNewestRouteThenAnError) {
  ScriptedHttp http;
  http.when("GET", "/a", [](const HttpRequest&) { return HttpResponse{200, {}, "old"}; });
  http.when("GET", "/a", [](const HttpRequest&) { return HttpResponse{200, {}, "new"}; });
  http.reply_json({{"n", 1}});
  EXPECT_EQ(http.send({}, request_to("https://x/a"))->body, R"({"n":1})");
  EXPECT_EQ(http.send({}, request_to("https://x/a"))->body, "new");
  EXPECT_EQ(http.send({}, request_to("https://x/b")).error().code, "testing.unexpected_request");
  EXPECT_EQ(http.requests().size(), 3u);
  EXPECT_EQ(http.last_request().url, "https://x/b");
}

TEST(ScriptedHttp, ACancelledCallTakesNoReply) {
  ScriptedHttp http;
  http.reply_json({});
  CallContext context;
  context.cancel.cancel();
  EXPECT_EQ(http.send(context, request_to("https://x/")).error().error_class, ErrorClass::kCancelled);
  EXPECT_EQ(http.unused_replies(), 1u);
}

TEST(ReplayHttp, MatchesMethodUrlAndBodyAndUsesEachExchangeOnce) {
  auto fixture = parse_fixture(R"({"exchanges": [
    {"request": {"method": "POST", "url": "https://x/q", "body": {"b": 2, "a": 1}}, "response": {"status": 200, "body": {"ok": true}}},
    {"request": {"method": "GET", "url": "https://x/t"}, "response": {"status": 404, "headers": {"X-A": "1"}, "body": "gone"}}]})");
  ASSERT_TRUE(fixture.ok()) << fixture.error().message;
  ReplayHttp http(*fixture);
  EXPECT_EQ(http.send({}, request_to("https://x/q", "POST", R"({"a":9})")).error().code, "testing.not_recorded");
  EXPECT_EQ(http.send({}, request_to("https://x/q", "POST", R"({"a": 1, "b": 2})"))->body, R"({"ok":true})");
  EXPECT_FALSE(http.send({}, request_to("https://x/q", "POST", R"({"a":1,"b":2})")).ok());
  ASSERT_EQ(http.unused().size(), 1u);
  const auto gone = http.send({}, request_to("https://x/t"));
  EXPECT_EQ(gone->status, 404);
  EXPECT_EQ(find_header(gone->headers, "x-a"), "1");
  EXPECT_EQ(gone->body, "gone");
}

TEST(ReplayHttp, AWrongFixtureSaysWhatIsWrong) {
  EXPECT_EQ(parse_fixture("{}").error().code, "testing.fixture");
  const auto wrong =
      parse_fixture(R"({"exchanges":[{"request":{"method":"GET","url":"https://x"},"response":{"body":""}}]})");
  EXPECT_THAT(wrong.error().message, ::testing::HasSubstr("exchange 0: the response has no status"));
  EXPECT_FALSE(load_fixture("/nonexistent/fixture.json").ok());
}

TEST(FakeHost, ClockStandsStillUntilMoved) {
  FakeHost host;
  const auto start = host.services().clock.now();
  EXPECT_EQ(format_time(start), "2026-01-01T00:00:00.000Z");
  host.clock().advance(std::chrono::hours(1));
  EXPECT_EQ(host.services().clock.now() - start, std::chrono::hours(1));
}

TEST(FakeHost, StateHasTheLimitsOfTheRealOne) {
  MemoryState state;
  EXPECT_EQ(state.put("big", json::value(std::string(65 * 1024, 'x'))).error().code, "state.too_large");
  for (int key = 0; key < 64; ++key) ASSERT_TRUE(state.put(std::to_string(key), key).ok());
  EXPECT_EQ(state.put("one more", 1).error().code, "state.too_large");
  EXPECT_TRUE(state.put("3", "other").ok());
  EXPECT_EQ(**state.get("3"), json::value("other"));
  EXPECT_FALSE(state.get("unknown")->has_value());
}

TEST(FakeHost, TokensAreRenewedOnceForAllWhoSawTheOldOne) {
  CountingTokens tokens;
  EXPECT_EQ(*tokens.current({}), "token-1");
  EXPECT_EQ(*tokens.renew({}, "token-1"), "token-2");
  EXPECT_EQ(*tokens.renew({}, "token-1"), "token-2");
  EXPECT_EQ(tokens.renewals(), 1);
  tokens.revoke();
  EXPECT_EQ(tokens.current({}).error().code, "token.needs_reauth");
}

TEST(FakeHost, OtherHttpTakesThePlaceOfTheScript) {
  FakeHost host(std::make_unique<ReplayHttp>(std::vector<Exchange>{{"GET", "https://x/", {}, {200, {}, "recorded"}}}));
  EXPECT_EQ(host.services().http.send({}, request_to("https://x/"))->body, "recorded");
}

}  // namespace
}  // namespace patchbay::sdk::testing
