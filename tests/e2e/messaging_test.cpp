// Messages out of the real hub: by Twilio as the sandbox plays it and by a mail server of the test's own. Each once,
// whatever fails.
#include "tests/support/hub_world.hpp"
#include "tests/support/smtp_server.hpp"
#include "tests/support/wait.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::HasSubstr;

/// Answers that the mail server gives once each, by command, before its own.
class MailFaults {
 public:
  void plan(const std::string& command, const std::string& words) {
    const std::lock_guard lock(mutex_);
    planned_.emplace_back(command, words);
  }
  std::string take(const std::string& command) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(planned_.begin(), planned_.end(),
                                    [&](const auto& entry) { return command.starts_with(entry.first); });
    if (found == planned_.end()) return {};
    std::string words = found->second;
    planned_.erase(found);
    return words;
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> planned_;
};

/// Another Twilio account, at another address.
class OtherTwilio : public SandboxProcess {
 public:
  OtherTwilio() : SandboxProcess({"--clients", "1", "--twilio-account-sid", kAccount}) {}
  sdk::json::object connection(const std::string& from) const {
    auto body = twilio_connection("broken");
    body["options"].as_object()["from"] = from;
    body["credentials"].as_object()["accountSid"] = kAccount;
    return body;
  }

 private:
  static constexpr const char* kAccount = "AC00000000000000000000000000000002";
};

class Messaging : public ::testing::Test {
 protected:
  Messaging()
      : mail_([this](const std::string& command) { return mail_faults_.take(command); }),
        hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"},
                              {"PATCHBAY_MESSAGES_CHANNELS_SMS", "twilio/broken,twilio"},
                              {"PATCHBAY_SMTP_URL", mail_.url()},
                              {"PATCHBAY_SMTP_FROM", "Office <office@example.com>"},
                              {"PATCHBAY_QUEUE_LEASE", "2s"}})),
        sandbox_({"--clients", "20", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {}

  void start() {
    hub_.start();
    api_.sign_in();
    twilio_ = api_.connect(sandbox_.twilio_connection());
  }
  value row(const std::string& id) { return api_.get("/messages/" + id); }
  std::string send(const sdk::json::object& body) { return sdk::string_at(api_.post("/messages", body), "id"); }
  bool becomes(const std::string& id, const std::string& status) {
    return wait_until([&] { return sdk::string_at(row(id), "status") == status; }, 60s, 50ms);
  }
  /// Its provider has taken it; what was looked for may have arrived meanwhile.
  bool leaves(const std::string& id) {
    return wait_until(
        [&] {
          const auto status = sdk::string_at(row(id), "status");
          return status == "sent" || status == "delivered";
        },
        60s, 50ms);
  }
  std::string told(const std::string& id) { return sdk::json::serialize(row(id)) + "\n" + hub_.program().log_tail(); }
  /// What Twilio has of a text.
  std::vector<value> at_twilio(const std::string& body) {
    std::vector<value> found;
    for (auto& shown : sandbox_.truth("twilio", "messages")) {
      if (sdk::string_at(shown, "body") == body) found.push_back(shown);
    }
    return found;
  }
  std::int64_t rows_with(const std::string& body) {
    return world_.number("select count(*) from messages where body = $1 and deleted_at is null", {body});
  }

  MailFaults mail_faults_;
  SmtpServer mail_;
  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string twilio_;
};

TEST_F(Messaging, ASmsIsSentOnceAndItsStatusFollows) {
  const_cast<Program::Environment&>(hub_.settings())["PATCHBAY_HTTP_PUBLIC_URL"] = hub_.url("");
  start();
  const auto client = sdk::string_at(api_.post("/clients", {{"name", "Ada"}, {"phone", "(810) 555-0142"}}), "id");
  const auto made = api_.post("/messages", {{"channel", "sms"}, {"to", "810-555-0142"}, {"text", "We are on our way"}});
  const auto id = sdk::string_at(made, "id");
  EXPECT_EQ(sdk::string_at(made, "status"), "queued");
  EXPECT_EQ(sdk::string_at(made, "direction"), "outbound");
  EXPECT_EQ(sdk::string_at(made, "toAddress"), "+18105550142");
  EXPECT_EQ(sdk::string_at(made, "clientId"), client) << "the client with the number";
  // The callback comes to the address that the hub gave along.
  ASSERT_TRUE(becomes(id, "delivered")) << told(id);
  const auto sent = row(id);
  EXPECT_EQ(sdk::string_at(sent, "provider"), "twilio/main");
  EXPECT_EQ(sdk::string_at(sent, "fromAddress"), "+15005550006");
  EXPECT_FALSE(sent.at("deliveredAt").is_null());
  ASSERT_EQ(at_twilio("We are on our way").size(), 1U);
  EXPECT_EQ(sdk::string_at(sent, "externalIds.twilio"), sdk::string_at(at_twilio("We are on our way")[0], "sid"));
  // The client's own number will do, and what the hub sent does not come back as another message.
  const auto second = send({{"channel", "sms"}, {"clientId", client}, {"text", "Here"}});
  ASSERT_TRUE(becomes(second, "delivered")) << told(second);
  api_.sync(twilio_, "full", 60s);
  EXPECT_EQ(rows_with("We are on our way"), 1);
  EXPECT_EQ(rows_with("Here"), 1);
  // Nobody receives it: Twilio's word comes later, with what it means.
  const auto lost = send({{"channel", "sms"}, {"to", "+18105559003"}, {"text", "Hello?"}});
  ASSERT_TRUE(becomes(lost, "failed")) << told(lost);
  EXPECT_EQ(sdk::string_at(row(lost), "serviceStatus"), "undelivered");
}

TEST_F(Messaging, AnAnswerThatIsLostIsLookedForNotSentAgain) {
  start();
  sandbox_.control(
      "POST", "/faults",
      {{"service", "twilio"}, {"match", "POST /Messages.json"}, {"kind", "reset"}, {"count", 1}, {"after", true}});
  const auto id = send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "Once only"}});
  ASSERT_TRUE(leaves(id)) << told(id);
  EXPECT_EQ(at_twilio("Once only").size(), 1U);
  // The same text to the same number, meant twice, is sent twice.
  sandbox_.control("POST", "/faults",
                   {{"service", "twilio"}, {"match", "POST /Messages.json"}, {"kind", "malformed"}, {"count", 1}});
  const auto again = send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "Once only"}});
  ASSERT_TRUE(leaves(again)) << told(again);
  const auto both = at_twilio("Once only");
  EXPECT_EQ(both.size(), 2U);
  EXPECT_NE(sdk::string_at(row(id), "externalIds.twilio"), sdk::string_at(row(again), "externalIds.twilio"));
  // A limit is waited for; nothing was sent before.
  sandbox_.control("POST", "/faults",
                   {{"service", "twilio"}, {"match", "POST /Messages.json"}, {"kind", "rate_limit"}, {"count", 2}});
  const auto limited = send({{"channel", "sms"}, {"to", "+18105550143"}, {"text", "Patient"}});
  ASSERT_TRUE(leaves(limited)) << told(limited);
  EXPECT_EQ(at_twilio("Patient").size(), 1U);
}

TEST_F(Messaging, AHubThatIsKilledInTheMiddleHasSentItOnce) {
  start();
  sandbox_.control("POST", "/faults",
                   {{"service", "twilio"},
                    {"match", "POST /Messages.json"},
                    {"kind", "latency"},
                    {"count", 1},
                    {"milliseconds", 20'000}});
  const auto id = send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "Killed"}});
  // Twilio has it; its answer is on the way and will find nobody.
  ASSERT_TRUE(wait_until([&] { return at_twilio("Killed").size() == 1; }, 30s, 20ms));
  hub_.kill();
  hub_.start();
  ASSERT_TRUE(leaves(id)) << told(id);
  EXPECT_EQ(at_twilio("Killed").size(), 1U);
  EXPECT_EQ(sdk::string_at(row(id), "externalIds.twilio"), sdk::string_at(at_twilio("Killed")[0], "sid"));
  EXPECT_EQ(rows_with("Killed"), 1);
}

TEST_F(Messaging, AProviderThatRefusesIsPassedOverARecipientWhoIsRefusedIsNot) {
  start();
  const OtherTwilio other;
  api_.connect(other.connection("+15005550007"));  // a number that cannot send
  const auto id = send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "By the other one"}});
  ASSERT_TRUE(becomes(id, "sent")) << told(id);
  EXPECT_EQ(sdk::string_at(row(id), "provider"), "twilio/main");
  EXPECT_EQ(at_twilio("By the other one").size(), 1U);
  // Opted out: nobody else is asked.
  const auto before = sandbox_.look("/calls?service=twilio&match=POST").at("data").as_array().size();
  const auto refused = send({{"channel", "sms"}, {"to", "+15005550004"}, {"text", "Stop it"}, {"connection", "main"}});
  ASSERT_TRUE(becomes(refused, "failed")) << told(refused);
  EXPECT_THAT(sdk::string_at(row(refused), "failureReason"), HasSubstr("twilio/main: Twilio:"));
  EXPECT_EQ(sandbox_.look("/calls?service=twilio&match=POST").at("data").as_array().size(), before + 1);
  // Only the broken one is asked for: that is said.
  const auto only = send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "Never"}, {"connection", "broken"}});
  ASSERT_TRUE(becomes(only, "failed")) << told(only);
  EXPECT_TRUE(at_twilio("Never").empty());
  // A key that is taken away: the connection needs its owner, and the message says so.
  sandbox_.control("POST", "/faults",
                   {{"service", "twilio"}, {"match", "POST /Messages.json"}, {"kind", "expired_token"}, {"count", 1}});
  const auto unsigned_one =
      send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "No key"}, {"connection", "main"}});
  ASSERT_TRUE(becomes(unsigned_one, "failed")) << told(unsigned_one);
  EXPECT_EQ(sdk::string_at(api_.get("/connections/" + twilio_), "state"), "needs_reconnect");
  EXPECT_EQ(api_.send_json("POST", "/messages",
                           {{"channel", "sms"}, {"to", "+18105550142"}, {"text", "x"}, {"connection", "main"}})
                .status,
            409);
}

std::string header(const ReceivedMail& mail, const std::string& name) {
  const auto at = mail.data.find("\r\n" + name + ": ");
  return at == std::string::npos
             ? ""
             : mail.data.substr(at + name.size() + 4, mail.data.find("\r\n", at + 2) - at - name.size() - 4);
}

TEST_F(Messaging, MailGoesBySmtp) {
  hub_.start();
  api_.sign_in();
  const auto client = sdk::string_at(api_.post("/clients", {{"name", "Ada"}, {"email", "Ada@Example.com"}}), "id");
  const auto made =
      api_.post("/messages",
                {{"channel", "email"},
                 {"to", "ada@example.com"},
                 {"subject", "Grüße"},
                 {"text", "The café\n.is open"},
                 {"html", "<b>The café</b>"},
                 {"attachments", {{{"name", "plan.txt"}, {"contentType", "text/plain"}, {"contentBase64", "aGk="}}}}});
  const auto id = sdk::string_at(made, "id");
  EXPECT_EQ(sdk::string_at(made, "clientId"), client);
  ASSERT_TRUE(becomes(id, "sent")) << told(id);
  const auto mails = mail_.mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].from, "office@example.com");
  EXPECT_THAT(mails[0].to, ::testing::ElementsAre("ada@example.com"));
  EXPECT_EQ(header(mails[0], "From"), "\"Office\" <office@example.com>");
  EXPECT_EQ(header(mails[0], "Subject"), "=?UTF-8?B?" + sdk::base64_encode("Grüße") + "?=");
  EXPECT_EQ(header(mails[0], "Message-ID"), "<" + id + "@example.com>");
  EXPECT_THAT(mails[0].data, HasSubstr(sdk::base64_encode("The café\r\n.is open")));
  EXPECT_THAT(mails[0].data, HasSubstr("plan.txt"));
  EXPECT_EQ(sdk::string_at(row(id), "provider"), "smtp");
  EXPECT_EQ(sdk::string_at(row(id), "subject"), "Grüße");
  // An answer in its thread.
  const auto answer = send({{"channel", "email"},
                            {"to", "ada@example.com"},
                            {"text", "P.S."},
                            {"threadId", sdk::string_at(row(id), "threadKey")}});
  ASSERT_TRUE(becomes(answer, "sent")) << told(answer);
  EXPECT_EQ(header(mail_.mails().back(), "In-Reply-To"), "<" + id + "@example.com>");
  EXPECT_EQ(sdk::string_at(row(answer), "threadKey"), sdk::string_at(row(id), "threadKey"));
}

TEST_F(Messaging, MailGoesByGmailFirstAndBySmtpWhereGmailIsNoLongerAllowed) {
  hub_.start();
  api_.sign_in();
  const auto google =
      sdk::string_at(api_.post("/connections", sandbox_.google_connection(hub_.webhook_target() + "/google")), "id");
  const auto page = api_.post("/connections/" + google + "/authorize", sdk::json::object());
  const auto back = sandbox_.approve(sdk::string_at(page, "authorizeUrl"));
  ASSERT_EQ(send_http(hub_.port(), {"GET", back.substr(hub_.url("").size()), {}, {}}).status, 200);
  const auto at_gmail = [&](const std::string& subject) {
    const auto shown = sandbox_.truth("google", "messages");
    return std::count_if(shown.begin(), shown.end(), [&](const value& message) {
      return sdk::json::serialize(message).find(subject) != std::string::npos;
    });
  };
  // Its answer is lost: it is looked for by the Message-ID that the hub gave it.
  sandbox_.control(
      "POST", "/faults",
      {{"service", "google"}, {"match", "messages/send"}, {"kind", "reset"}, {"count", 1}, {"after", true}});
  const auto id = send({{"channel", "email"}, {"to", "ada@example.com"}, {"subject", "Estimate-4711"}, {"text", "Hi"}});
  ASSERT_TRUE(becomes(id, "sent")) << told(id);
  EXPECT_EQ(sdk::string_at(row(id), "provider"), "google/main");
  EXPECT_FALSE(sdk::string_at(row(id), "externalIds.google").empty()) << told(id);
  EXPECT_EQ(at_gmail("Estimate-4711"), 1);
  EXPECT_TRUE(mail_.mails().empty());
  // What Gmail says of it is no second message.
  api_.sync(google, "full", 120s);
  EXPECT_EQ(world_.number("select count(*) from messages where subject = 'Estimate-4711' and deleted_at is null"), 1);
  // The owner has taken the consent back: the mail server takes over, and the connection says what it needs.
  sandbox_.control("POST", "/limits", {{"google", {{"revokeGrants", true}}}});
  sandbox_.control("POST", "/clock", {{"advanceSeconds", 2 * 3600}});
  sandbox_.control("POST", "/faults", {{"service", "google"}, {"match", "gmail"}, {"kind", "expired_token"}});
  const auto other = send({{"channel", "email"}, {"to", "ada@example.com"}, {"subject", "Other-way"}, {"text", "Hi"}});
  ASSERT_TRUE(becomes(other, "sent")) << told(other);
  EXPECT_EQ(sdk::string_at(row(other), "provider"), "smtp");
  ASSERT_EQ(mail_.mails().size(), 1U);
  EXPECT_EQ(header(mail_.mails()[0], "Subject"), "Other-way");
  EXPECT_EQ(sdk::string_at(api_.get("/connections/" + google), "state"), "needs_reconnect");
}

TEST_F(Messaging, AMailServerMayBeBusyRefuseOrFallSilent) {
  hub_.start();
  api_.sign_in();
  mail_faults_.plan("MAIL", "451 busy");
  mail_faults_.plan("DATA", "close");
  const auto patient = send({{"channel", "email"}, {"to", "ada@example.com"}, {"text", "Patient"}});
  ASSERT_TRUE(becomes(patient, "sent")) << told(patient);
  EXPECT_EQ(mail_.mails().size(), 1U);
  mail_faults_.plan("RCPT", "550 no such mailbox");
  const auto nobody = send({{"channel", "email"}, {"to", "nobody@example.com"}, {"text", "Hello?"}});
  ASSERT_TRUE(becomes(nobody, "failed")) << told(nobody);
  EXPECT_THAT(sdk::string_at(row(nobody), "failureReason"), HasSubstr("550 no such mailbox"));
  EXPECT_EQ(mail_.mails().size(), 1U);
  // Taken, and the answer never came: SMTP cannot be asked, so the very same mail goes again.
  mail_faults_.plan(".", "close");
  const auto unknown = send({{"channel", "email"}, {"to", "ada@example.com"}, {"text", "Twice at worst"}});
  ASSERT_TRUE(becomes(unknown, "sent")) << told(unknown);
  const auto mails = mail_.mails();
  ASSERT_EQ(mails.size(), 3U);
  EXPECT_EQ(header(mails[1], "Message-ID"), header(mails[2], "Message-ID")) << "a mailbox can tell that they are one";
  EXPECT_EQ(world_.number("select count(*) from work_items where state not in ('done')"), 0);
  EXPECT_EQ(world_.number("select count(*) from message_sends where request <> '{}'"), 0)
      << "what was sent is not kept twice";
}

TEST_F(Messaging, AProviderThatIsAwayIsWaitedForAMomentOnly) {
  start();
  {
    const OtherTwilio soon_gone;
    api_.connect(soon_gone.connection("+15005550006"));
  }
  const auto id = send({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "Whoever is there"}});
  ASSERT_TRUE(leaves(id)) << told(id);
  EXPECT_EQ(sdk::string_at(row(id), "provider"), "twilio/main");
  EXPECT_EQ(at_twilio("Whoever is there").size(), 1U);
}

TEST_F(Messaging, NobodyWritesInSomebodyElsesName) {
  hub_.start();
  api_.sign_in();
  const auto forged =
      send({{"channel", "email"}, {"to", "ada@example.com"}, {"text", "Pay here"}, {"from", "boss@bank.example"}});
  ASSERT_TRUE(becomes(forged, "failed")) << told(forged);
  EXPECT_TRUE(mail_.mails().empty());
  const auto own = send(
      {{"channel", "email"}, {"to", "ada@example.com"}, {"text", "Hi"}, {"from", "Dispatch <dispatch@EXAMPLE.com>"}});
  ASSERT_TRUE(becomes(own, "sent")) << told(own);
  EXPECT_EQ(mail_.mails().at(0).from, "dispatch@EXAMPLE.com");
}

TEST_F(Messaging, WhatCannotBeSentIsRefusedAtOnce) {
  hub_.start();
  api_.sign_in();
  const auto status = [&](const sdk::json::object& body) { return api_.send_json("POST", "/messages", body).status; };
  EXPECT_EQ(status({{"channel", "phone"}, {"to", "+18105550142"}, {"text", "x"}}), 400);
  EXPECT_EQ(status({{"channel", "note"}, {"text", "x"}}), 400);
  EXPECT_EQ(status({{"channel", "email"}, {"to", "nobody"}, {"text", "x"}}), 400);
  EXPECT_EQ(status({{"channel", "email"}, {"to", "a@example.com"}}), 400);
  EXPECT_EQ(status({{"channel", "email"}, {"text", "x"}, {"clientId", "01a1fd04-6e55-7343-ba52-8703f76fb9f6"}}), 400)
      << "no such client";
  EXPECT_EQ(status({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "x"}}), 409) << "nothing is connected";
  const auto both = api_.send_json("POST", "/messages", {{"channel", "email"}, {"to", "nobody"}, {"tpyo", 1}});
  EXPECT_EQ(both.json().at("errors").as_array().size(), 3U) << both.text();
  EXPECT_EQ(world_.number("select count(*) from messages"), 0);
  EXPECT_TRUE(mail_.mails().empty());
  // The same Idempotency-Key is the same message.
  const sdk::json::object body{{"channel", "email"}, {"to", "ada@example.com"}, {"text", "Once"}};
  const auto first = api_.send_json("POST", "/messages", body, {{"Idempotency-Key", "k1"}});
  const auto again = api_.send_json("POST", "/messages", body, {{"Idempotency-Key", "k1"}});
  ASSERT_EQ(first.status, 201) << first.text();
  EXPECT_EQ(first.at("data.id"), again.at("data.id"));
  ASSERT_TRUE(becomes(first.at("data.id"), "sent"));
  EXPECT_EQ(mail_.mails().size(), 1U);
}

}  // namespace
}  // namespace patchbay::testing
