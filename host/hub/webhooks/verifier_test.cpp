#include "hub/webhooks/verifier.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

namespace patchbay::webhooks {
namespace {

using Algorithm = sdk::SignatureDescription::Algorithm;
using Encoding = sdk::SignatureDescription::Encoding;

constexpr std::string_view kStripeSecret = "whsec_test_secret";
constexpr std::string_view kStripeBody =
    R"({"id":"evt_test_1","object":"event","type":"invoice.paid","created":1700000000,"data":{"object":{"id":"in_1","object":"invoice"}}})";
constexpr std::string_view kStripeSignature = "452c7a00b7a7914f655dc2d5d9a0b4b80d2a1137514bffffc8ed1a0e28c15f0b";
constexpr long long kStripeTime = 1'700'000'000;

constexpr std::string_view kJobberSecret = "jobber-client-secret-for-tests";
constexpr std::string_view kJobberBody =
    R"({"data":{"webHookEvent":{"topic":"CLIENT_CREATE","appId":"3ef22a50-072d-430c-a78f-b7646657560b","accountId":"MQ==","itemId":"MQ==","occurredAt":"2021-08-12T16:31:36-06:00"}}})";
constexpr std::string_view kJobberSignature = "i9o3oIwbLcgZdlCH2sQm2uKPjIYi9BHNsrBIjMBzlZQ=";

/// Intuit's own vector, and one of each form of body.
struct IntuitVector {
  std::string_view token, body, signature;
};
constexpr IntuitVector kIntuitVectors[] = {
    {"b5771f19b12ddb4bcdb9f08bdc50bc63878a",
     R"({"eventNotifications":[{"realmId":"1185883450","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Create","lastUpdated":"2015-10-05T14:42:19-0700"}]}}]})",
     "JC2GUwciPmRBwEO7WvrRmKqu9tGOKL8FFallocTFi8Q="},
    {"qbo-verifier-token-for-tests",
     R"([{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068","source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=","type":"qbo.account.created.v1","datacontenttype":"application/json","time":"2025-09-10T21:31:25.179851517Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}}])",
     "donesM1DSHuR+WiCQLoHCk0mfoAisAT1wYgGczLcVJc="},
    {"qbo-verifier-token-for-tests",
     R"({"eventNotifications":[{"realmId":"310687","dataChangeEvent":{"entities":[{"id":"1234","operation":"Create","name":"Account","lastUpdated":"2025-09-08T20:52:31.657Z"}]}}]})",
     "F2no9Q97ww56hkMQSYb9OKZEeAy3A71MChbybStFpJw="}};

std::chrono::system_clock::time_point at(long long seconds) {
  return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
}

sdk::SignatureDescription stripe() {
  sdk::SignatureDescription description;
  description.algorithm = Algorithm::kHmacSha256;
  description.header = "Stripe-Signature";
  description.list_key = "v1";
  description.timestamp_list_key = "t";
  description.signed_parts = {"{timestamp}", ".", "{body}"};
  description.tolerance = std::chrono::seconds(300);
  return description;
}

sdk::SignatureDescription jobber() {
  sdk::SignatureDescription description;
  description.algorithm = Algorithm::kHmacSha256;
  description.encoding = Encoding::kBase64;
  description.header = "X-Jobber-Hmac-SHA256";
  return description;
}

bool stripe_accepts(const std::string& header, long long now = kStripeTime, std::string_view secret = kStripeSecret,
                    std::string_view body = kStripeBody) {
  return check_signature(stripe(), secret, {{"stripe-signature", header}}, body, at(now)).ok();
}

std::string stripe_header(std::string_view signature = kStripeSignature) {
  return "t=1700000000,v1=" + std::string(signature);
}

TEST(Verifier, TakesStripesTestVector) {
  EXPECT_TRUE(stripe_accepts(stripe_header()));
}

TEST(Verifier, TakesJobbersTestVector) {
  EXPECT_TRUE(check_signature(jobber(), kJobberSecret, {{"X-Jobber-Hmac-SHA256", std::string(kJobberSignature)}},
                              kJobberBody, at(0))
                  .ok());
}

TEST(Verifier, TakesIntuitsTestVectorsAndNothingNearThem) {
  sdk::SignatureDescription intuit;
  intuit.algorithm = Algorithm::kHmacSha256;
  intuit.encoding = Encoding::kBase64;
  intuit.header = "intuit-signature";
  for (const IntuitVector& vector : kIntuitVectors) {
    const std::string signature(vector.signature);
    const auto accepts = [&](std::string_view token, std::string_view body, const std::string& header) {
      return check_signature(intuit, token, {{"Intuit-Signature", header}}, body, at(0)).ok();
    };
    EXPECT_TRUE(accepts(vector.token, vector.body, signature)) << vector.body;
    EXPECT_FALSE(accepts(vector.token, std::string(vector.body) + " ", signature));
    EXPECT_FALSE(accepts("the client secret", vector.body, signature));
    EXPECT_FALSE(accepts(vector.token, vector.body, ""));
    EXPECT_FALSE(accepts(vector.token, vector.body, signature.substr(1)));
  }
}

TEST(Verifier, RefusesOneChangedByte) {
  std::string body(kStripeBody);
  body[5] ^= 1;
  EXPECT_FALSE(stripe_accepts(stripe_header(), kStripeTime, kStripeSecret, body));
  std::string signature(kStripeSignature);
  signature.back() = signature.back() == 'b' ? 'c' : 'b';
  EXPECT_FALSE(stripe_accepts(stripe_header(signature)));
  EXPECT_FALSE(stripe_accepts(stripe_header(), kStripeTime, "whsec_test_secreu"));
  EXPECT_FALSE(stripe_accepts("t=1700000001,v1=" + std::string(kStripeSignature)));
}

TEST(Verifier, HoldsTheToleranceInBothDirections) {
  EXPECT_TRUE(stripe_accepts(stripe_header(), kStripeTime + 300));
  EXPECT_FALSE(stripe_accepts(stripe_header(), kStripeTime + 301));
  EXPECT_TRUE(stripe_accepts(stripe_header(), kStripeTime - 300));
  EXPECT_FALSE(stripe_accepts(stripe_header(), kStripeTime - 301));
}

TEST(Verifier, TakesAnyOfSeveralSignaturesAndIgnoresOtherSchemes) {
  const std::string wrong(64, '0');
  EXPECT_TRUE(stripe_accepts("t=1700000000, v1=" + wrong + ", v1=" + std::string(kStripeSignature) + ",v0=abc"));
  EXPECT_FALSE(stripe_accepts("t=1700000000,v0=" + std::string(kStripeSignature)));
}

TEST(Verifier, TriesABoundedNumberOfSignatures) {
  std::string header = "t=1700000000";
  for (int index = 0; index < 8; ++index) header += ",v1=" + std::string(64, '0');
  EXPECT_FALSE(stripe_accepts(header + ",v1=" + std::string(kStripeSignature)));
}

TEST(Verifier, RefusesTimesThatAreNone) {
  for (const char* time :
       {"", "x", "1700000000x", "-9223372036854775808", "9223372036854775807", "99999999999999999999"}) {
    EXPECT_FALSE(stripe_accepts("t=" + std::string(time) + ",v1=" + std::string(kStripeSignature))) << time;
  }
  EXPECT_FALSE(stripe_accepts("v1=" + std::string(kStripeSignature)));
}

TEST(Verifier, AnEmptyKeyVerifiesNothing) {
  const std::string signature = sdk::base64_encode(base::hmac_sha256("", kJobberBody));
  EXPECT_FALSE(check_signature(jobber(), "", {{"X-Jobber-Hmac-SHA256", signature}}, kJobberBody, at(0)).ok());
  EXPECT_FALSE(check_signature(jobber(), " \n", {{"X-Jobber-Hmac-SHA256", signature}}, kJobberBody, at(0)).ok());
}

TEST(Verifier, AMissingOrOversizedHeaderIsRefused) {
  EXPECT_FALSE(check_signature(jobber(), kJobberSecret, {}, kJobberBody, at(0)).ok());
  EXPECT_FALSE(check_signature(jobber(), kJobberSecret, {{"X-Jobber-Hmac-SHA256", ""}}, kJobberBody, at(0)).ok());
  EXPECT_FALSE(check_signature(jobber(), kJobberSecret, {{"X-Jobber-Hmac-SHA256", std::string(100'000, 'a')}},
                               kJobberBody, at(0))
                   .ok());
}

TEST(Verifier, NoneAndCustomAreRefused) {
  sdk::SignatureDescription description = jobber();
  for (const Algorithm algorithm : {Algorithm::kNone, Algorithm::kCustom}) {
    description.algorithm = algorithm;
    const auto checked = check_signature(description, kJobberSecret,
                                         {{"X-Jobber-Hmac-SHA256", std::string(kJobberSignature)}}, kJobberBody, at(0));
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().error_class, sdk::ErrorClass::kAuth);
  }
}

TEST(Verifier, ConstantPrefixAndTimeInAHeaderOfItsOwn) {
  sdk::SignatureDescription description;
  description.algorithm = Algorithm::kHmacSha256;
  description.header = "X-Slack-Signature";
  description.prefix = "v0=";
  description.timestamp_header = "X-Slack-Request-Timestamp";
  description.signed_parts = {"v0:", "{timestamp}", ":", "{body}"};
  description.tolerance = std::chrono::seconds(300);
  const std::string signature = sdk::hex_encode(base::hmac_sha256("key", "v0:1700000000:hello"));
  const http::Headers good{{"X-Slack-Signature", "v0=" + signature}, {"X-Slack-Request-Timestamp", "1700000000"}};
  EXPECT_TRUE(check_signature(description, "key", good, "hello", at(kStripeTime)).ok());
  const http::Headers bare{{"X-Slack-Signature", signature}, {"X-Slack-Request-Timestamp", "1700000000"}};
  EXPECT_FALSE(check_signature(description, "key", bare, "hello", at(kStripeTime)).ok());
}

}  // namespace
}  // namespace patchbay::webhooks
