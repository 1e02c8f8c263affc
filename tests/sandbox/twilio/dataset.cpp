#include "tests/sandbox/twilio/dataset.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox::twilio {
namespace {

constexpr std::array<std::string_view, 8> kOurs{"Your appointment is tomorrow at 9. Reply YES to confirm.",
                                                "We are on our way.",
                                                "Your invoice is ready.",
                                                "The part has come in. When may we call by?",
                                                "Thank you! How did we do?",
                                                "We are running 20 minutes late, sorry.",
                                                "Quote sent by e-mail – any questions? 🔧",
                                                "Your water heater is due for its yearly service."};
constexpr std::array<std::string_view, 8> kTheirs{"Great, see you then",
                                                  "ok",
                                                  "Can you come on Friday instead?",
                                                  "Here is a picture of the panel",
                                                  "Is the café next door affected & open?",
                                                  "Thanks!",
                                                  "Who is this?",
                                                  "The drain is clogged again 😕"};
constexpr std::int64_t kHourMilliseconds = 3'600'000;

/// One person's conversation, oldest first.
class Conversation {
 public:
  Conversation(Account& account, const Person& person)
      : account_(account), person_(person), random_(derived_random(account.context().seed, "twilio", person.number)) {}

  void run() {
    const auto count = random_.chance(0.3) ? 0 : random_.between(1, 4);
    auto at = random_.between(person_.since_ms / 1000, account_.context().epoch_ms / 1000 - 1) * 1000;
    for (std::int64_t i = 0; i < count; ++i) {
      if (random_.chance(0.55)) {
        ours(at);
      } else {
        theirs(at);
      }
      at = std::min(at + random_.between(60, 72'000) * 1000, account_.context().epoch_ms - 1000);
    }
  }

 private:
  json::object message(std::string_view prefix, std::int64_t at) {
    const auto purpose = "twilio.message";
    auto made = make_message(
        account_, random_sid(prefix, derived_random(account_.context().seed, purpose, person_.number * 8 + ++made_)),
        at);
    return made;
  }

  void ours(std::int64_t at) {
    auto sent = message("SM", at);
    sent["to"] = person_.phone;
    sent["from"] = kNumbers[person_.number % 4 == 0 ? 1 : 0];
    sent["body"] = random_.pick(kOurs);
    sent["direction"] = random_.chance(0.1) ? "outbound-reply" : "outbound-api";
    sent["_callback"] = "default";
    const bool arrives = random_.chance(0.93);
    sent["status"] = arrives ? "delivered" : "undelivered";
    if (!arrives) {
      sent["error_code"] = 30003;
      sent["error_message"] = "Unreachable destination handset";
    }
    sent["price"] = "-0.00750";
    sent["price_unit"] = "USD";
    account_.put(std::move(sent), at);
  }

  void theirs(std::int64_t at) {
    const bool picture = random_.chance(0.15);
    auto received = message(picture ? "MM" : "SM", at);
    received["to"] = kNumbers[0];
    received["from"] = person_.phone;
    received["body"] = random_.pick(kTheirs);
    received["direction"] = "inbound";
    received["status"] = "received";
    received["num_media"] = picture ? "1" : "0";
    const auto& kept = account_.put(std::move(received), at);
    if (picture) account_.add_media(kept, "image/jpeg", at);
  }

  Account& account_;
  const Person& person_;
  Random random_;
  std::uint64_t made_ = 0;
};

}  // namespace

void generate_messages(Account& account, const std::vector<Person>& people) {
  for (const auto& person : people) Conversation(account, person).run();
}

void add_hostile_messages(Account& account) {
  struct Hostile {
    std::string_view digit, member, text;
  };
  constexpr std::array<Hostile, 5> kHostile{{{"1", "body", R"("Nul \u0000 inside")"},
                                             {"2", "body", R"("lone \ud83d surrogate")"},
                                             {"3", "error_code", "123456789012345678901234567890"},
                                             {"4", "error_code", "1e400"},
                                             {"5", "body", R"("first","body":"second")"}}};
  const auto at = account.context().epoch_ms - kHourMilliseconds;
  for (const auto& hostile : kHostile) {
    auto message = make_message(account, "SM" + std::string(31, 'f') + std::string(hostile.digit), at);
    message["to"] = kNumbers[0];
    message["from"] = "+1810555666" + std::string(hostile.digit);
    message["direction"] = "inbound";
    message["status"] = "received";
    message["body"] = "Hostile";
    message[hostile.member] = raw_fragment(hostile.text);
    account.put(std::move(message), at);
  }
}

}  // namespace patchbay::sandbox::twilio
