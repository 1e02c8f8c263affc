// Google as the sandbox plays it, without sockets.
#include "platform/base/digest.hpp"
#include "tests/sandbox/google/dataset.hpp"
#include "tests/sandbox/google/mail.hpp"
#include "tests/sandbox/sandbox_for_test.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

namespace patchbay::sandbox {
namespace {

using ::testing::HasSubstr;

constexpr const char* kScopes =
    "openid https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/gmail.modify "
    "https://www.googleapis.com/auth/drive.file";

class GooglePlayed : public ::testing::Test {
 protected:
  json::value form(const std::string& path, const std::vector<std::pair<std::string, std::string>>& fields,
                   int status = 200) {
    const auto response = sandbox_.call("POST", "/google" + path, sdk::form_encode(fields),
                                        {{"Content-Type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(response.status, status) << response.body;
    return SandboxForTest::parsed(response);
  }
  std::string code(const std::string& scope = kScopes, const std::string& more = "") {
    const auto page = sandbox_.call(
        "GET",
        "/google/o/oauth2/v2/auth?client_id=client&response_type=code&redirect_uri=http%3A%2F%2Fhub%2Fback&scope=" +
            sdk::url_encode(scope) + "&access_type=offline&prompt=consent&auto=approve" + more);
    const std::string location(page.header("Location").value_or(""));
    const auto at = location.find("code=") + 5;
    return *http::url_decode(location.substr(at, location.find('&', at) - at), true);
  }
  json::value tokens(const std::string& code, const std::string& verifier = "", int status = 200) {
    std::vector<std::pair<std::string, std::string>> fields{{"client_id", "client"},
                                                            {"client_secret", "secret"},
                                                            {"grant_type", "authorization_code"},
                                                            {"code", code},
                                                            {"redirect_uri", "http://hub/back"}};
    if (!verifier.empty()) fields.emplace_back("code_verifier", verifier);
    return form("/token", fields, status);
  }
  http::Response api(const std::string& method, const std::string& path, const json::value& body = nullptr,
                     sdk::Headers headers = {}) {
    if (token_.empty()) token_ = sdk::string_at(tokens(code()), "access_token");
    headers.emplace_back("Authorization", "Bearer " + token_);
    if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
    return sandbox_.call(method, "/google" + path, body.is_null() ? "" : json::serialize(body), std::move(headers));
  }
  json::value get(const std::string& path) {
    const auto response = api("GET", path);
    EXPECT_EQ(response.status, 200) << path << " " << response.body;
    return SandboxForTest::parsed(response);
  }
  static std::string reason(const http::Response& response) {
    return sdk::string_at(SandboxForTest::parsed(response), "error.errors[0].reason");
  }
  static constexpr const char* kEvents = "/calendar/v3/calendars/primary/events";

  SandboxForTest sandbox_;
  std::string token_;
};

TEST_F(GooglePlayed, TheSameSeedPlaysTheSameAccount) {
  SandboxForTest other;
  const auto here = sandbox_.call("GET", "/_sandbox/truth/google/events").body;
  EXPECT_EQ(here, other.call("GET", "/_sandbox/truth/google/events").body);
  EXPECT_GT(list_of(sdk::parse_json(here).value()).size(), 10u);
}

TEST_F(GooglePlayed, ACodeNeedsItsVerifierAndARefreshTokenItsConsent) {
  const std::string challenge = sdk::base64url_encode(base::sha256("verifier"));
  const std::string more = "&code_challenge_method=S256&code_challenge=" + challenge;
  EXPECT_EQ(sdk::string_at(tokens(code(kScopes, more), "other", 400), "error"), "invalid_grant");
  EXPECT_EQ(sdk::string_at(tokens(code(kScopes, more), "", 400), "error"), "invalid_grant");
  const auto given = tokens(code(kScopes, more), "verifier");
  EXPECT_THAT(sdk::string_at(given, "refresh_token"), HasSubstr("1//"));
  const auto again = form("/token", {{"client_id", "client"},
                                     {"client_secret", "secret"},
                                     {"grant_type", "refresh_token"},
                                     {"refresh_token", sdk::string_at(given, "refresh_token")}});
  EXPECT_FALSE(sdk::string_at(again, "access_token").empty());
  EXPECT_EQ(sdk::find_member(again, "refresh_token"), nullptr) << "Google does not rotate";
}

TEST_F(GooglePlayed, AnAccessTokenEndsWithItsHour) {
  EXPECT_EQ(api("GET", kEvents).status, 200);
  sandbox_.clock.advance(std::chrono::hours(1));
  const auto response = api("GET", kEvents);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(reason(response), "authError");
}

TEST_F(GooglePlayed, AnUntickedScopeIsForbidden) {
  token_ = sdk::string_at(tokens(code("openid https://www.googleapis.com/auth/calendar.events")), "access_token");
  EXPECT_EQ(api("GET", kEvents).status, 200);
  EXPECT_EQ(reason(api("GET", "/gmail/v1/users/me/profile")), "insufficientPermissions");
}

TEST_F(GooglePlayed, PagesOfEventsEndWithTheSyncToken) {
  std::size_t seen = 0;
  std::string token, sync;
  while (sync.empty()) {
    const auto page = get(std::string(kEvents) + "?maxResults=5" + (token.empty() ? "" : "&pageToken=" + token));
    seen += page.at("items").as_array().size();
    token = sdk::string_at(page, "nextPageToken");
    sync = sdk::string_at(page, "nextSyncToken");
    ASSERT_NE(token.empty(), sync.empty()) << "one of both";
  }
  EXPECT_EQ(seen, list_of(SandboxForTest::parsed(sandbox_.call("GET", "/_sandbox/truth/google/events"))).size());
  EXPECT_TRUE(get(std::string(kEvents) + "?syncToken=" + sync).at("items").as_array().empty());
  EXPECT_EQ(api("GET", std::string(kEvents) + "?syncToken=" + sync + "&q=x").status, 400);
}

TEST_F(GooglePlayed, AWriteNeedsTheStateItIsBasedOn) {
  const json::object event{{"id", "event00001"},
                           {"summary", "A"},
                           {"start", {{"dateTime", "2026-12-01T09:00:00Z"}}},
                           {"end", {{"dateTime", "2026-12-01T10:00:00Z"}}}};
  const auto made = SandboxForTest::parsed(api("POST", kEvents, event));
  EXPECT_EQ(api("POST", kEvents, event).status, 409);
  const std::string path = std::string(kEvents) + "/event00001";
  EXPECT_EQ(api("PATCH", path, json::object{{"summary", "B"}}, {{"If-Match", "\"0\""}}).status, 412);
  const auto days = api("PATCH", path,
                        json::object{{"start", {{"date", "2026-12-01"}, {"dateTime", nullptr}}},
                                     {"end", {{"date", "2026-12-02"}, {"dateTime", nullptr}}}},
                        {{"If-Match", sdk::string_at(made, "etag")}});
  EXPECT_EQ(days.status, 200) << days.body;
  EXPECT_EQ(api("PATCH", path, json::object{{"end", {{"date", "2026-12-01"}}}}).status, 400) << "ends before it begins";
  EXPECT_EQ(api("DELETE", path).status, 204);
  EXPECT_EQ(reason(api("DELETE", path)), "deleted");
}

TEST_F(GooglePlayed, BothBoundsOfAWindowArePlayed) {
  const auto make = [&](const char* id, const char* start, const char* end) {
    ASSERT_EQ(
        api("POST", kEvents, json::object{{"id", id}, {"start", {{"dateTime", start}}}, {"end", {{"dateTime", end}}}})
            .status,
        200);
  };
  make("before0001", "2030-01-01T08:00:00Z", "2030-01-01T10:00:00Z");
  make("inside0001", "2030-01-01T09:00:00Z", "2030-01-01T11:00:00Z");
  make("behind0001", "2030-01-01T12:00:00Z", "2030-01-01T13:00:00Z");
  const auto found = get(std::string(kEvents) + "?timeMin=2030-01-01T10:00:00Z&timeMax=2030-01-01T12:00:00Z");
  ASSERT_EQ(found.at("items").as_array().size(), 1u);
  EXPECT_EQ(sdk::string_at(found, "items[0].id"), "inside0001");
}

TEST_F(GooglePlayed, ASentMailIsTakenApart) {
  const std::string mail =
      "To: you@example.com\r\nSubject: =?UTF-8?B?w4Q=?=\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n"
      "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGnDvA==\r\n--b\r\n"
      "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a.pdf\";\r\n "
      "filename*=UTF-8''%C3%BC.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";
  const auto sent = SandboxForTest::parsed(
      api("POST", "/gmail/v1/users/me/messages/send", json::object{{"raw", sdk::base64url_encode(mail)}}));
  const auto id = sdk::string_at(sent, "id");
  const auto read = get("/gmail/v1/users/me/messages/" + id);
  EXPECT_EQ(google::text_of(read.at("payload").as_object()), "Hiü");
  EXPECT_EQ(sdk::string_at(read, "payload.parts[1].filename"), "ü.pdf");
  const auto attachment = sdk::string_at(read, "payload.parts[1].body.attachmentId");
  ASSERT_FALSE(attachment.empty());
  EXPECT_EQ(sdk::string_at(get("/gmail/v1/users/me/messages/" + id + "/attachments/" + attachment), "data"), "AAEC");
  EXPECT_EQ(api("POST", "/gmail/v1/users/me/messages/send", json::object{{"raw", "a+b/"}}).status, 400);
}

TEST_F(GooglePlayed, TheHistoryHoldsWhatChangedAndEnds) {
  const auto start = sdk::string_at(get("/gmail/v1/users/me/profile"), "historyId");
  EXPECT_FALSE(get("/gmail/v1/users/me/history?startHistoryId=" + start).as_object().contains("history"));
  const auto made = SandboxForTest::parsed(
      sandbox_.call("POST", "/_sandbox/google/messages", R"({"from":"a@example.com","subject":"x","text":"y"})"));
  const auto id = sdk::string_at(made, "data.id");
  api("POST", "/gmail/v1/users/me/messages/" + id + "/trash");
  const auto history = get("/gmail/v1/users/me/history?startHistoryId=" + start);
  EXPECT_EQ(sdk::string_at(history, "history[0].messagesAdded[0].message.id"), id);
  EXPECT_EQ(sdk::string_at(history, "history[1].labelsAdded[0].labelIds[0]"), "TRASH");
  sandbox_.call("POST", "/_sandbox/limits", R"({"google":{"forgetHistory":true}})");
  EXPECT_EQ(api("GET", "/gmail/v1/users/me/history?startHistoryId=" + start).status, 404);
}

TEST_F(GooglePlayed, AChannelTellsUntilItIsStopped) {
  const auto watched =
      api("POST", std::string(kEvents) + "/watch",
          json::object{{"id", "c1"}, {"type", "web_hook"}, {"address", "http://hub/c"}, {"token", "t"}});
  ASSERT_EQ(watched.status, 200) << watched.body;
  const auto state = [](const char* wanted) {
    return [wanted](const sdk::HttpRequest& request) {
      return sdk::find_header(request.headers, "X-Goog-Resource-State") == wanted && request.body.empty() &&
             sdk::find_header(request.headers, "X-Goog-Channel-Token") == "t";
    };
  };
  EXPECT_TRUE(sandbox_.inbox.wait_for(state("sync")));
  sandbox_.call("POST", "/_sandbox/burst", R"({"service":"google","kind":"events","count":1})");
  EXPECT_TRUE(sandbox_.inbox.wait_for(state("exists")));
  const json::object stop{{"id", "c1"}, {"resourceId", sdk::string_at(SandboxForTest::parsed(watched), "resourceId")}};
  EXPECT_EQ(api("POST", "/calendar/v3/channels/stop", stop).status, 204);
  EXPECT_EQ(api("POST", "/calendar/v3/channels/stop", stop).status, 404);
}

TEST_F(GooglePlayed, ADriveChannelLivesAnHourUnlessToldOtherwise) {
  const auto lifetime = [&](json::object more) {
    more.insert({{"type", "web_hook"}, {"address", "http://hub/c"}});
    const auto answer = SandboxForTest::parsed(api("POST", "/drive/v3/changes/watch?pageToken=1", more));
    return (std::stoll(sdk::string_at(answer, "expiration")) - kTestEpoch) / 1000;
  };
  EXPECT_EQ(lifetime({{"id", "d1"}}), 3600);
  EXPECT_EQ(lifetime({{"id", "d2"}, {"expiration", kTestEpoch + 86'400'000}}), 86'400);
  EXPECT_EQ(lifetime({{"id", "d3"}, {"expiration", kTestEpoch + 30 * 86'400'000LL}}), 604'800);
}

TEST_F(GooglePlayed, AnUploadStoresWhatFitsAndSaysHowFarItIs) {
  const auto begun =
      api("POST", "/upload/drive/v3/files?uploadType=resumable", json::object{{"name", "a"}}, {{"Host", "sandbox"}});
  const std::string location(begun.header("Location").value_or(""));
  ASSERT_THAT(location, HasSubstr("http://sandbox/google/upload/drive/v3/files?"));
  const auto path = location.substr(location.find("/google") + 7);
  const auto put = [&](const std::string& range, const std::string& body) {
    return sandbox_.call("PUT", "/google" + path, body,
                         {{"Authorization", "Bearer " + token_}, {"Content-Range", range}});
  };
  EXPECT_EQ(put("bytes 0-99/300000", std::string(100, 'x')).status, 400) << "no multiple of 256 KiB";
  const auto probe = put("bytes */300000", "");
  EXPECT_EQ(probe.status, 308);
  EXPECT_FALSE(probe.header("Range"));
  EXPECT_EQ(put("bytes 0-262143/300000", std::string(262'144, 'x')).header("Range"), "bytes=0-262143");
  EXPECT_EQ(put("bytes 0-262143/300000", std::string(262'144, 'x')).header("Range"), "bytes=0-262143") << "not twice";
  EXPECT_EQ(put("bytes 262144-299999/300000", std::string(37'856, 'x')).status, 200);
}

TEST_F(GooglePlayed, CallsOverALimitAreRefusedAndCounted) {
  sandbox_.call("POST", "/_sandbox/limits", R"({"google":{"gmailPerMinute":25}})");
  EXPECT_EQ(api("GET", "/gmail/v1/users/me/messages?maxResults=1").status, 200);
  const auto id = sdk::string_at(get("/gmail/v1/users/me/messages?maxResults=1"), "messages[0].id");
  EXPECT_EQ(api("GET", "/gmail/v1/users/me/messages/" + id).status, 429);
  const auto limits = SandboxForTest::parsed(sandbox_.call("GET", "/_sandbox/limits"));
  EXPECT_EQ(limits.at("data").at("google").at("callsOverLimit").as_int64(), 1);
  sandbox_.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(api("GET", "/gmail/v1/users/me/messages/" + id).status, 200);
}

TEST(GoogleRecurrence, WeeksAndDaysAreExpanded) {
  const json::object event{{"id", "s"},
                           {"recurrence", json::array{"RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3"}},
                           {"start", {{"dateTime", "2026-12-30T09:00:00.000Z"}}},
                           {"end", {{"dateTime", "2026-12-30T10:00:00.000Z"}}}};
  const auto instances = google::expand(event);
  ASSERT_EQ(instances.size(), 3u);
  EXPECT_EQ(sdk::string_at(instances[2], "id"), "s_20270103T090000Z");
  EXPECT_EQ(sdk::string_at(instances[2], "end.dateTime"), "2027-01-03T10:00:00.000Z");
  EXPECT_EQ(sdk::string_at(instances[2], "originalStartTime.dateTime"), "2027-01-03T09:00:00.000Z");
}

}  // namespace
}  // namespace patchbay::sandbox
