// The played Twilio against what Twilio publishes.
#include "tests/sandbox/sandbox_for_test.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <set>

namespace patchbay::sandbox {
namespace {

using twilio::Fields;

class TwilioSandbox : public testing::Test {
 protected:
  http::Response call(const std::string& method, const std::string& path, const Fields& form = {},
                      const std::string& user = "") {
    const auto known = twilio::sandbox_credentials();
    const auto credentials = user.empty() ? known.account_sid + ":" + known.auth_token : user;
    const bool posts = method == "POST";
    const auto target = "/twilio" + base_ + path + (posts || form.empty() ? "" : "?" + sdk::form_encode(form));
    return sandbox.call(method, target, posts ? sdk::form_encode(form) : "",
                        {{"Authorization", "Basic " + sdk::base64_encode(credentials)}, {"Host", "twilio.test"}});
  }
  json::value get(const std::string& path, const Fields& query = {}) {
    const auto response = call("GET", path, query);
    EXPECT_EQ(response.status, 200) << response.body;
    return SandboxForTest::parsed(response);
  }
  json::value send(const Fields& form) {
    const auto response = call("POST", "/Messages.json", form);
    EXPECT_EQ(response.status, 201) << response.body;
    return SandboxForTest::parsed(response);
  }
  std::int64_t refusal(const Fields& form) {
    const auto response = call("POST", "/Messages.json", form);
    EXPECT_GE(response.status, 400) << response.body;
    return SandboxForTest::parsed(response).at("code").as_int64();
  }
  std::optional<sdk::HttpRequest> webhook(const std::string& part) {
    return sandbox.inbox.wait_for(
        [&](const sdk::HttpRequest& request) { return request.body.find(part) != std::string::npos; });
  }
  /// Whether the signature of a webhook is Twilio's over what was sent.
  static bool signed_well(const sdk::HttpRequest& request) {
    const auto fields = http::parse_query(request.body);
    return sdk::find_header(request.headers, "X-Twilio-Signature") ==
           twilio::twilio_signature(twilio::sandbox_credentials().auth_token, request.url, *fields);
  }

  SandboxForTest sandbox;
  const std::string base_ = "/2010-04-01/Accounts/" + twilio::sandbox_credentials().account_sid;
  const Fields sms_{{"To", "+18105550142"}, {"From", "+15005550006"}, {"Body", "Hello"}};
};

TEST_F(TwilioSandbox, SignsAsTheNoteSays) {
  const Fields call{{"To", "+18005551212"},
                    {"CallSid", "CA1234567890ABCDE"},
                    {"From", "+14158675309"},
                    {"Digits", "1234"},
                    {"Caller", "+14158675309"}};
  EXPECT_EQ(twilio::twilio_signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", call),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

TEST_F(TwilioSandbox, PagesMeetEveryMessageOnce) {
  std::set<std::string> seen;
  std::string next = base_ + "/Messages.json?PageSize=7";
  for (int pages = 0; !next.empty(); ++pages) {
    ASSERT_LT(pages, 1000);
    ASSERT_TRUE(next.starts_with(base_)) << "relative to the host";
    const auto page = get(next.substr(base_.size()));
    for (const auto& message : page.at("messages").as_array())
      EXPECT_TRUE(seen.insert(sdk::string_at(message, "sid")).second);
    next = sdk::string_at(page, "next_page_uri");
  }
  EXPECT_EQ(seen.size(),
            list_of(SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/truth/twilio/messages"))).size());
  EXPECT_GT(seen.size(), 50U);
  EXPECT_EQ(call("GET", "/Messages.json", {{"Page", "2"}}).status, 400) << "a page without its token";
}

TEST_F(TwilioSandbox, FiltersByDayAndNumber) {
  const auto message = send(sms_);
  const auto sid = sdk::string_at(message, "sid");
  const auto finds = [&](const Fields& query) {
    const auto page = get("/Messages.json", query);
    for (const auto& entry : page.at("messages").as_array()) {
      if (sdk::string_at(entry, "sid") == sid) return true;
    }
    return false;
  };
  EXPECT_TRUE(finds({{"DateSent>", "2026-11-21"}, {"To", "+18105550142"}}));
  EXPECT_FALSE(finds({{"DateSent>", "2026-11-22"}}));
  EXPECT_TRUE(finds({{"DateSent", "2026-11-21"}}));
  EXPECT_FALSE(finds({{"DateSent<", "2026-11-20"}}));
  EXPECT_FALSE(finds({{"To", "+18105550143"}}));
  EXPECT_EQ(call("GET", "/Messages.json", {{"DateSent>", "yesterday"}}).status, 400);
}

TEST_F(TwilioSandbox, AMessageIsTakenAndThenDelivered) {
  auto form = sms_;
  form.emplace_back("StatusCallback", "http://hub/status?message=1#rc=3");
  const auto taken = send(form);
  EXPECT_EQ(taken.at("status"), "queued");
  EXPECT_TRUE(taken.at("num_segments").is_string());
  EXPECT_FALSE(taken.as_object().contains("_callback"));
  EXPECT_EQ(sdk::string_at(taken, "date_created"), "Sat, 21 Nov 2026 00:00:00 +0000");
  const auto now = get("/Messages/" + sdk::string_at(taken, "sid") + ".json");
  EXPECT_EQ(now.at("status"), "delivered");
  for (const char* status : {"MessageStatus=sent", "MessageStatus=delivered"}) {
    const auto callback = webhook(status);
    ASSERT_TRUE(callback) << status;
    EXPECT_EQ(callback->url, "http://hub/status?message=1") << "the fragment stays at Twilio";
    EXPECT_TRUE(signed_well(*callback));
    EXPECT_EQ(sdk::find_header(callback->headers, "Content-Type"), "application/x-www-form-urlencoded; charset=UTF-8");
  }
}

TEST_F(TwilioSandbox, AMessagingServiceChoosesTheSenderLater) {
  const auto taken =
      send({{"To", "+18105550142"}, {"MessagingServiceSid", std::string(twilio::kServiceSid)}, {"Body", "Hi"}});
  EXPECT_EQ(taken.at("status"), "accepted");
  EXPECT_TRUE(taken.at("from").is_null());
  EXPECT_EQ(taken.at("num_segments"), "0");
  EXPECT_FALSE(get("/Messages/" + sdk::string_at(taken, "sid") + ".json").at("from").is_null());
}

TEST_F(TwilioSandbox, RefusesAsTwilioDoes) {
  const auto with = [&](std::string_view name, const std::string& value) {
    auto form = sms_;
    std::erase_if(form, [&](const auto& field) { return field.first == name; });
    if (!value.empty()) form.emplace_back(name, value);
    return form;
  };
  EXPECT_EQ(refusal(with("To", "+15005550001")), 21211);
  EXPECT_EQ(refusal(with("To", "not a number")), 21211);
  EXPECT_EQ(refusal(with("To", "+15005550002")), 21612);
  EXPECT_EQ(refusal(with("To", "+15005550003")), 21408);
  EXPECT_EQ(refusal(with("To", "+15005550004")), 21610);
  EXPECT_EQ(refusal(with("To", "+15005550009")), 21614);
  EXPECT_EQ(refusal(with("To", "")), 21604);
  EXPECT_EQ(refusal(with("From", "+15005550001")), 21212);
  EXPECT_EQ(refusal(with("From", "+15005550007")), 21606);
  EXPECT_EQ(refusal(with("From", "+15005550008")), 21611);
  EXPECT_EQ(refusal(with("From", "+18105550100")), 21606);
  EXPECT_EQ(refusal(with("From", "")), 21603);
  EXPECT_EQ(refusal(with("Body", "")), 21602);
  EXPECT_EQ(refusal(with("Body", std::string(1601, 'x'))), 21617);
  EXPECT_EQ(refusal(with("StatusCallback", "https://my_host.example.com/x")), 21609);
  EXPECT_EQ(refusal(with("MediaUrl", "ftp://x")), 21620);
}

TEST_F(TwilioSandbox, CredentialsOpenWhatTheyMay) {
  const auto known = twilio::sandbox_credentials();
  const auto key = known.key_sid + ":" + known.key_secret;
  EXPECT_EQ(call("GET", "/Messages.json", {}, key).status, 200);
  EXPECT_EQ(call("GET", ".json", {}, key).status, 401) << "a standard key does not read the account";
  EXPECT_EQ(call("GET", ".json").status, 200);
  const auto refused = call("GET", "/Messages.json", {}, known.account_sid + ":wrong");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(SandboxForTest::parsed(refused).at("code"), 20003);
}

TEST_F(TwilioSandbox, AnInboundPictureIsToldAndKept) {
  const auto made =
      sandbox.call("POST", "/_sandbox/twilio/messages", R"({"from":"+18105550142","body":"café & co + 1","media":1})");
  ASSERT_EQ(made.status, 200) << made.body;
  const auto sid = sdk::string_at(SandboxForTest::parsed(made), "data.sid");
  EXPECT_TRUE(sid.starts_with("MM"));
  const auto told = webhook("MessageSid=" + sid);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->url, "http://hub/webhooks/twilio");
  EXPECT_TRUE(signed_well(*told));
  EXPECT_NE(told->body.find("Body=caf%C3%A9+%26+co+%2B+1"), std::string::npos) << told->body;
  EXPECT_NE(told->body.find("ToCity=&"), std::string::npos) << "empty fields are sent";
  const auto files = get("/Messages/" + sid + "/Media.json").at("media_list").as_array();
  ASSERT_EQ(files.size(), 1U);
  const auto uri = sdk::string_at(files[0], "uri");
  const auto redirect = call("GET", uri.substr(base_.size(), uri.size() - base_.size() - 5));
  EXPECT_EQ(redirect.status, 307);
  EXPECT_TRUE(redirect.header("Location")->starts_with("http://twilio.test/twilio/files/ME"));
  const auto place = std::string(*redirect.header("Location")).substr(std::string("http://twilio.test").size());
  EXPECT_EQ(sandbox.call("GET", place).status, 200);
  EXPECT_EQ(sandbox.call("GET", place, "", {{"Authorization", "Basic x"}}).status, 400);
}

TEST_F(TwilioSandbox, WhoSaysStopGetsNothingMore) {
  sandbox.call("POST", "/_sandbox/twilio/messages", R"({"from":"+18105550142","body":"Stop"})");
  ASSERT_TRUE(webhook("OptOutType=STOP"));
  EXPECT_EQ(refusal(sms_), 21610);
  sandbox.call("POST", "/_sandbox/twilio/messages", R"({"from":"+18105550142","body":"START"})");
  send(sms_);
}

TEST_F(TwilioSandbox, RedactsDeletesAndCancels) {
  const auto sid = sdk::string_at(send(sms_), "sid");
  const auto path = "/Messages/" + sid + ".json";
  EXPECT_EQ(call("POST", path, {{"Body", ""}, {"Status", "canceled"}}).status, 400);
  EXPECT_EQ(SandboxForTest::parsed(call("POST", path, {{"Body", ""}})).at("body"), "");
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_EQ(call("GET", path).status, 404);
  EXPECT_EQ(call("DELETE", path).status, 404);
  auto waiting = sms_;
  waiting[0].second = "+18105559001";
  const auto held = "/Messages/" + sdk::string_at(send(waiting), "sid") + ".json";
  EXPECT_EQ(get(held).at("status"), "queued");
  EXPECT_EQ(SandboxForTest::parsed(call("DELETE", held)).at("code"), 20009);
  const auto scheduled = sdk::string_at(send({{"To", "+18105550142"},
                                              {"MessagingServiceSid", std::string(twilio::kServiceSid)},
                                              {"Body", "Later"},
                                              {"ScheduleType", "fixed"},
                                              {"SendAt", "2026-12-01T00:00:00Z"}}),
                                        "sid");
  EXPECT_TRUE(get("/Messages/" + scheduled + ".json").at("date_sent").is_null());
  EXPECT_EQ(
      SandboxForTest::parsed(call("POST", "/Messages/" + scheduled + ".json", {{"Status", "canceled"}})).at("status"),
      "canceled");
}

TEST_F(TwilioSandbox, SomeNumbersGetNothing) {
  auto form = sms_;
  form[0].second = "+18105559003";
  form.emplace_back("StatusCallback", "http://hub/status");
  send(form);
  const auto told = webhook("MessageStatus=undelivered");
  ASSERT_TRUE(told);
  EXPECT_NE(told->body.find("ErrorCode=30003"), std::string::npos);
}

TEST_F(TwilioSandbox, FaultsLookLikeTwilios) {
  sandbox.call("POST", "/_sandbox/faults", R"({"service":"twilio","kind":"rate_limit","count":1})");
  const auto limited = call("GET", "/Messages.json");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(SandboxForTest::parsed(limited).at("code"), 20429);
  sandbox.call("POST", "/_sandbox/faults", R"({"service":"twilio","kind":"expired_token","count":1})");
  EXPECT_EQ(call("GET", "/Messages.json").status, 401);
  sandbox.call("POST", "/_sandbox/limits", R"({"twilio":{"callsPerSecond":1}})");
  int refused = 0;
  for (int i = 0; i < 4; ++i) refused += call("GET", "/Messages.json").status == 429 ? 1 : 0;
  EXPECT_GE(refused, 1);
  sandbox.call("POST", "/_sandbox/burst", R"({"service":"twilio","kind":"messages","count":3})");
  EXPECT_TRUE(webhook("MessageStatus="));
}

}  // namespace
}  // namespace patchbay::sandbox
