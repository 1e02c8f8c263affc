#include <patchbay/sdk/codec.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace patchbay::sdk {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const SystemTime kTime{1'763'700'000'123ms};

/// The JSON of a value, after it went through text and back: equal JSON means that nothing was lost on the way.
template <typename Type, typename Decode>
void expect_round_trip(const Type& value, Decode decode) {
  const std::string text = json::serialize(encode(value));
  const auto decoded = decode(json::parse(text));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message << " " << text;
  EXPECT_EQ(json::serialize(encode(*decoded)), text);
}

Record full_record() {
  return {"customers", "cus_1", "v7", kTime, true, json::value{{"name", "Ada"}, {"n", 1.5}}};
}

TEST(Codec, CarriesErrors) {
  Error error = rate_limited_error("stripe.rate", "Slow down.", 1500ms);
  error.field = "email";
  const Error decoded = decode_error(encode(error));
  EXPECT_EQ(decoded.error_class, ErrorClass::kRateLimited);
  EXPECT_EQ(decoded.code, "stripe.rate");
  EXPECT_EQ(decoded.message, "Slow down.");
  EXPECT_EQ(decoded.field, "email");
  EXPECT_EQ(decoded.retry_after, 1500ms);
  EXPECT_EQ(decode_error(encode(not_found_error("a.b", "c"))).retry_after, std::nullopt);
  EXPECT_EQ(decode_error(json::value("nonsense")).code, "codec.error");
}

TEST(Codec, CarriesHttpMessagesWithAnyBytes) {
  HttpRequest request{
      "POST", "https://a.example/x", {{"A", "1"}, {"a", "2"}}, "\x00\xFF\n"s, BodyFile{5, 77}, "GET /v1", 2.5, true};
  expect_round_trip(request, decode_http_request);
  const auto decoded = decode_http_request(encode(request));
  EXPECT_EQ(decoded->body, "\x00\xFF\n"s);
  EXPECT_EQ(decoded->headers, request.headers);
  EXPECT_EQ(decoded->body_file->size_bytes, 77U);
  EXPECT_DOUBLE_EQ(decoded->cost, 2.5);
  expect_round_trip(HttpResponse{204, {{"ETag", "x"}}, "\xC3\x28"}, decode_http_response);
}

TEST(Codec, CarriesRecordsAndRequests) {
  expect_round_trip(full_record(), decode_record);
  EXPECT_EQ(decode_record(encode(full_record()))->updated_at, kTime);
  expect_round_trip(
      Page{{full_record(), Record{"a", "b", "", std::nullopt, false, nullptr}}, {{"x", "bad"}}, "next", "check", 7},
      decode_page);
  expect_round_trip(ListRequest{"jobs", SyncMode::kIncremental, "c", "k", 50, {{"status", "open"}}},
                    decode_list_request);
  expect_round_trip(WriteRequest{"jobs", "1", json::value{{"a", nullptr}}, {"a"}, "key", "v1"}, decode_write_request);
  expect_round_trip(AccountIdentity{"acct", "Ada", {"read", "write"}, {{"x", 1}}}, decode_account_identity);
  expect_round_trip(TokenGrant{"a", "r", kTime}, decode_token_grant);
  expect_round_trip(Health{true, "fine", {{"x", 1}}, {"old version"}}, decode_health);
  EXPECT_EQ(decode_page(encode(Page{}))->total_estimate, std::nullopt);
}

TEST(Codec, CarriesMessages) {
  const OutgoingMessage message{"email",    "a@x", {"b@x", "c@x"}, "s", "t", "<h>", "th", {{"n", "text/plain", "\xFF"}},
                                {{"o", 1}}, "key"};
  expect_round_trip(message, decode_outgoing_message);
  EXPECT_EQ(decode_outgoing_message(encode(message))->attachments.front().content, "\xFF");
  expect_round_trip(SentMessage{"m1", "th", full_record()}, decode_sent_message);
  expect_round_trip(SentMessage{"m1", "", std::nullopt}, decode_sent_message);
  EXPECT_EQ(decode_outgoing_message({{"from", "x"}}).error().field, "channel");
}

TEST(Codec, CarriesRegistrations) {
  const Subscription whole{"s1", "https://hub", "primary", {"a", "b"}, kTime, {{"webhookSecret", "w"}}, {{"x", 1}}};
  expect_round_trip(whole, decode_subscription);
  EXPECT_EQ(decode_subscription(encode(whole))->credentials, whole.credentials);
  expect_round_trip(Subscription{}, decode_subscription);
  EXPECT_EQ(decode_subscription({{"credentials", json::array{"a"}}}).error().field, "credentials[0]");
}

TEST(Codec, CarriesWebhooks) {
  WebhookRequest request{"POST", "https://hub/x", {{"Stripe-Signature", "t=1"}}, "\x01\x02", kTime, {{"iss", "g"}}};
  expect_round_trip(request, decode_webhook_request);
  EXPECT_EQ(decode_webhook_request(encode(request))->verified_claims, request.verified_claims);
  WebhookEvent event;
  event.topic = "invoice.paid";
  event.event_id = "evt_1";
  event.dedupe_key = "evt_1";
  event.account_id = "acct_1";
  event.resource = "invoices";
  event.external_id = "in_1";
  event.deleted = event.disconnected = true;
  event.occurred_at = kTime;
  event.snapshot = full_record();
  event.command = WebhookCommand{"jobs today", "U1", "C1"};
  event.resync = true;
  expect_round_trip(event, decode_webhook_event);
  EXPECT_EQ(decode_webhook_event(encode(event))->command->user_id, "U1");
  EXPECT_FALSE(decode_webhook_event({{"topic", "a"}, {"dedupeKey", "b"}})->command.has_value());
}

TEST(Codec, CarriesAnswers) {
  expect_round_trip(CommandReply{false, "No", {"a", "b"}}, decode_command_reply);
  EXPECT_FALSE(decode_command_reply(encode(CommandReply{false, "No", {}}))->ok);
  expect_round_trip(WebhookAnswer{202, "text/plain", "\x00x"s}, decode_webhook_answer);
  EXPECT_EQ(decode_webhook_answer(encode(WebhookAnswer{204, "", ""}))->body, "");
}

TEST(Codec, CarriesSettingsAndContext) {
  expect_round_trip(ConnectionSettings{"c1", "a1", {{"apiBase", "http://x"}}, {{"secretKey", "s"}}},
                    decode_connection_settings);
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + 10s;
  context.lane = Lane::kBackfill;
  context.trace_id = "0af7651916cd43dd8448eb211c80319c";
  const auto decoded = decode_call_context(encode(context));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->lane, Lane::kBackfill);
  EXPECT_EQ(decoded->trace_id, context.trace_id);
  EXPECT_GT(decoded->remaining(), 5s);
  EXPECT_LE(decoded->remaining(), 10s);
}

TEST(Codec, BoundsTheDeadlineOfTheOtherSide) {
  const auto decoded = decode_call_context({{"remainingMs", std::numeric_limits<std::int64_t>::max()}});
  ASSERT_TRUE(decoded.ok());
  EXPECT_LE(decoded->remaining(), 24h);
  EXPECT_FALSE(decode_call_context({{"remainingMs", -5}})->check().ok());
}

Description full_description() {
  Description description;
  description.name = "stripe";
  description.title = "Stripe";
  description.version = "1.2.3";
  description.documentation_url = "https://docs.example";
  description.auth = AuthKind::kOAuth2;
  description.oauth2 = OAuth2Description{OAuth2Description::Grant::kClientCredentials,
                                         "https://a",
                                         "https://t",
                                         "https://r",
                                         {"s"},
                                         ",",
                                         false,
                                         true,
                                         true,
                                         60s,
                                         {{"access_type", "offline"}},
                                         "realmId",
                                         "ok",
                                         false};
  description.resources = {{"customers", "client", {"a"}, true, true, true, true, true, true, true, {"f"}, {"s"}}};
  description.credentials = {{"secretKey", "Key", "There", true}};
  description.options = {{"apiBase", OptionKind::kEnum, "a", "help", {"a", "b"}}};
  description.rate_budgets = {{"*", 100, 2.5, 4}};
  description.webhooks = {true, {}, {"a.b"}, 900ms, true, true, true, true, {}, {true, 3600s}};
  description.webhooks.oidc = OidcDescription{{"https://i"}, "https://k", "keysUrl"};
  description.channels = {"email", "sms"};
  description.webhooks.signature = {SignatureDescription::Algorithm::kHmacSha256,
                                    SignatureDescription::Encoding::kBase64,
                                    "k",
                                    "h",
                                    "v1",
                                    "t",
                                    "th",
                                    "sha256=",
                                    {"{timestamp}", ".", "{body}"},
                                    300s,
                                    3};
  description.operations = {{"upload", "Uploads.", {{"name", OptionKind::kString, "", "", {}}}}};
  return description;
}

TEST(Codec, CarriesDescriptions) {
  expect_round_trip(full_description(), decode_description);
  const auto decoded = decode_description(encode(full_description()));
  EXPECT_EQ(decoded->oauth2->grant, OAuth2Description::Grant::kClientCredentials);
  EXPECT_EQ(decoded->oauth2->authorize_parameters, full_description().oauth2->authorize_parameters);
  EXPECT_EQ(decoded->oauth2->success_member, "ok");
  EXPECT_FALSE(decoded->oauth2->tokens_expire);
  EXPECT_EQ(decoded->webhooks.oidc->keys_url_option, "keysUrl");
  EXPECT_EQ(decoded->webhooks.subscriptions.renew_before, 3600s);
  EXPECT_EQ(decoded->channels, full_description().channels);
  Description tiny;
  tiny.name = "tiny";
  expect_round_trip(tiny, decode_description);
}

struct BadInput {
  const char* text;
  const char* field;
};

TEST(Codec, NamesTheMemberThatIsWrong) {
  for (const auto& [text, field] :
       {BadInput{R"({"records":[{"resource":"a","externalId":"1"},{"resource":"a"}]})", "records[1].externalId"},
        {R"({"records":{}})", "records"},
        {R"({"problems":[{"externalId":"x"}]})", "problems[0].message"},
        {R"({"nextCursor":5})", "nextCursor"},
        {R"({"totalEstimate":-1})", "totalEstimate"},
        {R"({"totalEstimate":1.5})", "totalEstimate"}}) {
    const auto page = decode_page(json::parse(text));
    ASSERT_FALSE(page.ok()) << text;
    EXPECT_EQ(page.error().error_class, ErrorClass::kInvalid);
    EXPECT_EQ(page.error().field, field) << text;
  }
  EXPECT_EQ(decode_page(json::value(5)).error().code, "codec.page");
  EXPECT_EQ(decode_http_request({{"method", "GET"}}).error().field, "url");
  EXPECT_EQ(decode_http_request({{"method", "GET"}, {"url", "x"}, {"body", "!"}}).error().field, "body");
  EXPECT_EQ(decode_http_response({{"status", 5'000'000'000}}).error().field, "status");
  EXPECT_EQ(decode_list_request({{"resource", "a"}, {"mode", "sometimes"}}).error().field, "mode");
  EXPECT_EQ(decode_record({{"resource", "a"}, {"externalId", "b"}, {"updatedAt", 1e15}}).error().field, "updatedAt");
  EXPECT_EQ(
      decode_record({{"resource", "a"}, {"externalId", "b"}, {"updatedAt", std::numeric_limits<std::int64_t>::min()}})
          .error()
          .field,
      "updatedAt");
}

}  // namespace
}  // namespace patchbay::sdk
