#include "tests/sandbox/google/dataset.hpp"

#include "tests/sandbox/google/replies.hpp"

#include <array>

namespace patchbay::sandbox::google {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::array<std::string_view, 8> kWork{"Boiler inspection", "Leaking tap", "New socket",       "Fence repair",
                                                "Gutter cleaning",   "Site survey", "Kitchen painting", "Router setup"};
constexpr std::array<std::string_view, 6> kSubjects{"Question about the invoice", "When can you come?",
                                                    "Grüße und eine Bitte",       "Re: Quote",
                                                    "Key under the mat",          "Café renovation – plans"};

class Generator {
 public:
  Generator(Account& account, Calendar& calendar, Gmail& gmail, Drive& drive)
      : account_(account), calendar_(calendar), gmail_(gmail), drive_(drive) {}

  void person(const Person& person) {
    auto random = derived_random(account_.context().seed, "google", person.number);
    if (random.chance(0.3)) event(person, random);
    const auto mails = random.chance(0.6) ? 1 + random.below(2) : 0;
    for (std::uint64_t at = 0; at < mails; ++at) mail(person, random, at == 1);
    if (random.chance(0.05)) {
      drive_.make_file({{"name", "Quote " + person.display_name() + ".txt"},
                        {"mimeType", "text/plain"},
                        {"createdTime", iso_time(account_.context().epoch_ms - kDay)}},
                       "Quote for " + person.full_name(), false);
    }
  }

 private:
  void event(const Person& person, Random& random) {
    const auto epoch = account_.context().epoch_ms;
    const auto start = epoch + random.between(-60, 60) * kDay + random.between(7, 17) * kHour;
    const bool days = random.chance(0.1);
    std::string id = "gen";
    for (const char c : random.letters_and_digits(20)) id += "0123456789abcdefghijklmnopqrstuv"[c % 32];
    const auto work = std::string(random.pick(kWork)) + ": " + person.display_name();
    json::object event{{"id", id},
                       {"status", random.chance(0.1) ? "tentative" : "confirmed"},
                       {"summary", work},
                       {"location", person.address.street + ", " + person.address.city},
                       {"htmlLink", "https://www.google.com/calendar/event?eid=" + id},
                       {"iCalUID", id + "@google.com"},
                       {"creator", {{"email", kEmail}, {"self", true}}},
                       {"organizer", {{"email", kEmail}, {"self", true}}},
                       {"created", iso_time(start - 7 * kDay)},
                       {"eventType", "default"},
                       {"sequence", 0},
                       {"reminders", {{"useDefault", true}}}};
    if (random.chance(0.4))
      event["attendees"] = json::array{json::object{{"email", person.email}, {"responseStatus", "accepted"}}};
    if (days) {
      event["start"] = json::object{{"date", iso_time(start).substr(0, 10)}};
      event["end"] = json::object{{"date", iso_time(start + kDay).substr(0, 10)}};
    } else {
      event["start"] = json::object{{"dateTime", iso_time(start)}, {"timeZone", "America/Detroit"}};
      event["end"] =
          json::object{{"dateTime", iso_time(start + random.between(1, 4) * kHour)}, {"timeZone", "America/Detroit"}};
    }
    if (random.chance(0.05)) event["recurrence"] = json::array{"RRULE:FREQ=WEEKLY;COUNT=5"};
    calendar_.put_generated(std::move(event));
  }

  void mail(const Person& person, Random& random, bool outbound) {
    const auto at = account_.context().epoch_ms - random.between(1, 90 * 24) * kHour;
    json::object members{{"subject", random.pick(kSubjects)},
                         {"text", "Hello,\n" + std::string(random.pick(kWork)) + "?\n" + person.full_name()},
                         {"date", iso_time(at)},
                         {"messageId", "<" + random.letters_and_digits(16) + "@mail.example.com>"}};
    if (random.chance(0.3)) members["html"] = "<p>" + std::string(random.pick(kWork)) + "</p>";
    const auto who = mailbox_of(person);
    members[outbound ? "to" : "from"] = who;
    members[outbound ? "from" : "to"] = kEmail;
    std::vector<std::string> labels{outbound ? "SENT" : "INBOX"};
    if (!outbound && random.chance(0.3)) labels.emplace_back("UNREAD");
    gmail_.add(members, std::move(labels), false);
  }

  Account& account_;
  Calendar& calendar_;
  Gmail& gmail_;
  Drive& drive_;
};

}  // namespace

std::string mailbox_of(const Person& person) {
  return person.full_name() + " <" + person.email + ">";
}

void generate(Account& account, Calendar& calendar, Gmail& gmail, Drive& drive) {
  Generator generator(account, calendar, gmail, drive);
  for (const auto& person : account.context().people) generator.person(person);
}

}  // namespace patchbay::sandbox::google
