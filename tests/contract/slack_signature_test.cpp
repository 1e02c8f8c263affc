// Slack's published signature vectors through what the connector describes and the hub runs.
#include "hub/webhooks/verifier.hpp"

#include <patchbay/sdk/testing/fake_host.hpp>

#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::webhooks {
namespace {

constexpr std::string_view kSecret = "8f742231b10e8888abcd99yyyzzz85a5";

struct Vector {
  long long timestamp;
  std::string_view body, signature;
};

constexpr Vector kForm{
    1531420618,
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&"
    "user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack."
    "com%"
    "2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
    "803a0bc887a14d10d2c447fce8b6703c",
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"};
constexpr Vector kEvent{
    1700000000,
    R"({"token":"z26uFbvR1xHJEdHE1OQiO6t8","team_id":"T123ABC456","api_app_id":"A123ABC456","event":{"type":"message","channel":"C123ABC456","user":"U123ABC456","text":"café","ts":"1355517523.000005","event_ts":"1355517523.000005","channel_type":"channel"},"type":"event_callback","event_id":"Ev123ABC456","event_time":1355517523})",
    "v0=ae20cce792506c3df6fb33491466359bf59b546c9826088c3f1686d37687380e"};

class SlackSignature : public ::testing::Test {
 protected:
  bool accepts(const Vector& vector, std::string_view secret = kSecret, long long late_by = 0) const {
    const http::Headers headers{{"x-slack-signature", std::string(vector.signature)},
                                {"x-slack-request-timestamp", std::to_string(vector.timestamp)}};
    const std::chrono::system_clock::time_point now{std::chrono::seconds(vector.timestamp + late_by)};
    return check_signature(signature_, secret, headers, vector.body, now).ok();
  }
  const sdk::SignatureDescription signature_ =
      sdk::testing::make_plugin(patchbay_plugin)->describe().webhooks.signature;
};

TEST_F(SlackSignature, TakesTheVectors) {
  EXPECT_EQ(kForm.body.size(), 362u);
  EXPECT_EQ(kEvent.body.size(), 324u);
  EXPECT_TRUE(accepts(kForm));
  EXPECT_TRUE(accepts(kEvent));
}

TEST_F(SlackSignature, SecretIsNotHexDecoded) {
  EXPECT_TRUE(accepts(kForm)) << "the published secret has letters that are no hex digits";
  EXPECT_FALSE(accepts(kForm, "8F742231B10E8888ABCD99YYYZZZ85A5"));
}

TEST_F(SlackSignature, HoldsFiveMinutesInBothDirections) {
  EXPECT_TRUE(accepts(kForm, kSecret, 300));
  EXPECT_FALSE(accepts(kForm, kSecret, 301));
  EXPECT_TRUE(accepts(kForm, kSecret, -300));
  EXPECT_FALSE(accepts(kForm, kSecret, -301));
}

TEST_F(SlackSignature, RefusesWhatWasChanged) {
  std::string body(kEvent.body);
  body[100] ^= 1;
  EXPECT_FALSE(accepts({kEvent.timestamp, body, kEvent.signature}));
  EXPECT_FALSE(accepts({kEvent.timestamp + 1, kEvent.body, kEvent.signature}));
  EXPECT_FALSE(accepts({kEvent.timestamp, kEvent.body, kEvent.signature.substr(3)})) << "without its version";
  EXPECT_FALSE(accepts({kEvent.timestamp, kEvent.body, ""}));
}

}  // namespace
}  // namespace patchbay::webhooks
