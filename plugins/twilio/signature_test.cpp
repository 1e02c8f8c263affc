// The vectors of Twilio's own libraries and computed ones, and what a signature must not let through.
#include "signature.hpp"

#include <gtest/gtest.h>

namespace patchbay::twilio {
namespace {

constexpr const char* kAccount = "AC00000000000000000000000000000001";
constexpr const char* kToken = "0123456789abcdef0123456789abcdef";
constexpr const char* kFormType = "application/x-www-form-urlencoded; charset=UTF-8";

struct Sent {
  std::string url, signature, body;
  std::string type = kFormType;
  std::string method = "POST";
};

sdk::WebhookRequest request_of(const Sent& sent) {
  sdk::WebhookRequest request;
  request.method = sent.method;
  request.url = sent.url;
  request.headers = {{"content-type", sent.type}, {"x-twilio-signature", sent.signature}};
  request.body = sent.body;
  return request;
}

sdk::ConnectionSettings settings_of(const std::string& token, const std::string& account = kAccount) {
  sdk::ConnectionSettings settings;
  settings.credentials = {{"accountSid", account}, {"authToken", token}};
  return settings;
}

bool good(const Sent& sent, const std::string& token) {
  return verify(request_of(sent), settings_of(token)).ok();
}

const Fields kCall{{"CallSid", "CA1234567890ABCDE"},
                   {"Caller", "+14158675309"},
                   {"Digits", "1234"},
                   {"From", "+14158675309"},
                   {"To", "+18005551212"}};
constexpr const char* kCallUrl = "https://mycompany.com/myapp.php?foo=1&bar=2";

// twilio-python tests/unit/test_request_validator.py
TEST(TwilioSignature, VectorsOfTwiliosOwnLibraries) {
  EXPECT_EQ(sign("12345", signed_text(kCallUrl, kCall)), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  EXPECT_EQ(sign("12345", signed_text("https://mycompany.com:443/myapp.php?foo=1&bar=2", kCall)),
            "kvajT1Ptam85bY51eRf/AJRuM3w=");
  EXPECT_EQ(sign("12345", signed_text("http://mycompany.com:80/myapp.php?foo=1&bar=2", kCall)),
            "0ZXoZLH/DfblKGATFgpif+LLRf4=");
}

TEST(TwilioSignature, ARepeatedFieldCountsEachValueOnceInOrder) {
  const Fields repeated{
      {"Sid", "CA123"}, {"SidAccount", "AC123"}, {"Digits", "5678"}, {"Digits", "1234"}, {"Digits", "1234"}};
  const std::string text = signed_text(kCallUrl, repeated);
  EXPECT_EQ(text, std::string(kCallUrl) + "Digits1234Digits5678SidCA123SidAccountAC123");
  EXPECT_EQ(sign("12345", text), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
}

TEST(TwilioSignature, WithAndWithoutPortAreTheSame) {
  const std::string body = sdk::form_encode(kCall);
  const std::string plain = "RSOYDt4T1cUTdK1PDd93/VVr8B8=", with_port = "kvajT1Ptam85bY51eRf/AJRuM3w=";
  const std::string other = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
  EXPECT_TRUE(good({kCallUrl, plain, body}, "12345"));
  EXPECT_TRUE(good({kCallUrl, with_port, body}, "12345"));
  EXPECT_TRUE(good({other, plain, body}, "12345"));
  EXPECT_TRUE(good({other, with_port, body}, "12345"));
  EXPECT_TRUE(good({"http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4=", body}, "12345"));
  EXPECT_FALSE(good({"http://mycompany.com/myapp.php?foo=1&bar=2", with_port, body}, "12345")) << "another scheme";
  EXPECT_TRUE(good({std::string(kCallUrl) + "#rc=3&rp=5xx", plain, body}, "12345")) << "the fragment is never signed";
}

TEST(TwilioSignature, AJsonBodyIsSignedByItsHashInTheUrl) {
  const std::string hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
  const std::string body = R"({"property": "value", "boolean": true})";
  const Sent sent{std::string(kCallUrl) + "&bodySHA256=" + hash, "a9nBmqA0ju/hNViExpshrM61xv4=", body,
                  "application/json"};
  EXPECT_TRUE(good(sent, "12345"));
  Sent changed = sent;
  changed.body += " ";
  EXPECT_FALSE(good(changed, "12345"));
  Sent without = sent;
  without.url = kCallUrl;
  without.signature = sign("12345", kCallUrl);
  EXPECT_FALSE(good(without, "12345")) << "a body that nothing vouches for";
}

constexpr const char* kInbound =
    "ToCountry=US&ToState=CA&SmsMessageSid=SM00000000000000000000000000000001&NumMedia=0&ToCity=&FromZip=94025&"
    "SmsSid=SM00000000000000000000000000000001&FromState=CA&SmsStatus=received&FromCity=MENLO+PARK&"
    "Body=Hello+caf%C3%A9+%26+co+%2B+1&FromCountry=US&To=%2B15005550006&ToZip=&NumSegments=1&"
    "MessageSid=SM00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000001&"
    "From=%2B15005550009&ApiVersion=2010-04-01";
const Sent kInboundSms{"https://hub.example.com/hooks/twilio/sms?tenant=42", "JsWZ+j0ZEi5c09oZ7slY7GMy7Sk=", kInbound};

TEST(TwilioSignature, AnInboundSmsWithAccentsBlanksAndEmptyFields) {
  const std::string expected =
      "https://hub.example.com/hooks/twilio/sms?tenant=42"
      "AccountSidAC00000000000000000000000000000001ApiVersion2010-04-01BodyHello café & co + 1From+15005550009"
      "FromCityMENLO PARKFromCountryUSFromStateCAFromZip94025MessageSidSM00000000000000000000000000000001NumMedia0"
      "NumSegments1SmsMessageSidSM00000000000000000000000000000001SmsSidSM00000000000000000000000000000001"
      "SmsStatusreceivedTo+15005550006ToCityToCountryUSToStateCAToZip";
  EXPECT_EQ(signed_text(kInboundSms.url, *parse_form(kInbound)), expected);
  EXPECT_TRUE(good(kInboundSms, kToken));
}

TEST(TwilioSignature, AStatusCallback) {
  EXPECT_TRUE(
      good({"https://hub.example.com/hooks/twilio/status?tenant=42", "Xb3hg5kJ89oiXbaSu4bAiffTvLU=",
            "SmsSid=SM00000000000000000000000000000001&SmsStatus=delivered&MessageStatus=delivered&To=%2B15005550009&"
            "MessageSid=SM00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000001&"
            "From=%2B15005550006&ApiVersion=2010-04-01&RawDlrDoneDate=2511211230"},
           kToken));
}

TEST(TwilioSignature, TamperedMissingAndMalformedSignaturesAreRefused) {
  for (const std::string& signature : {std::string(), std::string("JsWZ+j0ZEi5c09oZ7slY7GMy7Sk"), std::string("x"),
                                       std::string("AsWZ+j0ZEi5c09oZ7slY7GMy7Sk="), std::string(5000, 'A')}) {
    Sent sent = kInboundSms;
    sent.signature = signature;
    const auto verdict = verify(request_of(sent), settings_of(kToken));
    ASSERT_FALSE(verdict.ok()) << signature;
    EXPECT_EQ(verdict.error().error_class, sdk::ErrorClass::kAuth);
  }
  for (const char* addition : {"&Extra=1", "&Body=other", "&Extra="}) {
    Sent sent = kInboundSms;
    sent.body += addition;
    EXPECT_FALSE(good(sent, kToken)) << addition;
  }
  Sent elsewhere = kInboundSms;
  elsewhere.url = "https://hub.example.com/hooks/twilio/sms?tenant=43";
  EXPECT_FALSE(good(elsewhere, kToken)) << "the query is part of the URL";
  EXPECT_FALSE(good(kInboundSms, "another token"));
}

TEST(TwilioSignature, WithoutAnAuthTokenNothingIsVerified) {
  EXPECT_FALSE(good(kInboundSms, ""));
  Sent by_empty_key = kInboundSms;
  by_empty_key.signature = sign("", signed_text(kInboundSms.url, *parse_form(kInbound)));
  EXPECT_FALSE(good(by_empty_key, "")) << "an empty token is no key";
}

TEST(TwilioSignature, TheKeyIsTheAuthTokenEvenWhereRequestsUseAnApiKey) {
  auto settings = settings_of(kToken);
  settings.credentials["apiKeySid"] = "SK00000000000000000000000000000001";
  settings.credentials["apiKeySecret"] = "secret of the key";
  EXPECT_TRUE(verify(request_of(kInboundSms), settings).ok());
  settings.credentials["authToken"] = "secret of the key";
  EXPECT_FALSE(verify(request_of(kInboundSms), settings).ok());
}

TEST(TwilioSignature, WhileTheTokenIsReplacedBothAreTaken) {
  auto settings = settings_of("the new token");
  EXPECT_FALSE(verify(request_of(kInboundSms), settings).ok());
  settings.credentials["previousAuthToken"] = kToken;
  EXPECT_TRUE(verify(request_of(kInboundSms), settings).ok());
}

TEST(TwilioSignature, AnotherAccountsMessageIsRefused) {
  EXPECT_FALSE(verify(request_of(kInboundSms), settings_of(kToken, "AC00000000000000000000000000000002")).ok());
}

TEST(TwilioSignature, ByGetTheQueryIsInTheUrlAndNothingIsAppended) {
  Sent sent{std::string("https://hub.example.com/hooks?") + kInbound, "", "ignored=1", kFormType, "GET"};
  sent.signature = sign(kToken, sent.url);
  EXPECT_TRUE(good(sent, kToken));
  sent.url += "&Body=other";
  EXPECT_FALSE(good(sent, kToken));
}

TEST(TwilioForm, KeepsOrderBlanksAndEmptyValuesAndRefusesBrokenEscapes) {
  const Fields expected{{"a b", " c "}, {"empty", ""}, {"bare", ""}, {"a b", "+"}};
  EXPECT_EQ(*parse_form("a+b=%20c+&empty=&bare&&a%20b=%2B"), expected);
  for (const char* broken : {"a=%", "a=%2", "a=%zz", "%g1=b"}) EXPECT_FALSE(parse_form(broken).ok()) << broken;
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "a=b&";
  EXPECT_FALSE(parse_form(many).ok());
}

}  // namespace
}  // namespace patchbay::twilio
