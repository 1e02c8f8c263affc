#include "tests/sandbox/google/calendar.hpp"
#include "tests/sandbox/google/replies.hpp"

#include <charconv>

namespace patchbay::sandbox::google {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr int kCountMax = 100;

/// The value of "COUNT=5" in "RRULE:FREQ=DAILY;COUNT=5".
std::string rule_part(const std::string& rule, const std::string& name) {
  const auto at = rule.find(name + "=");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 1;
  return rule.substr(from, rule.find(';', from) - from);
}

int number(const std::string& text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// "20260201T090000Z", or "20260201" for a day.
std::string instance_suffix(std::int64_t start, bool days) {
  std::string text;
  for (const char c : iso_time(start)) {
    if (c == '.') break;
    if (c != '-' && c != ':') text += c;
  }
  return days ? text.substr(0, 8) : text + "Z";
}

void move_time(json::object& event, const char* side, std::int64_t by) {
  auto& time = event.at(side).as_object();
  const bool days = time.contains("date");
  const char* member = days ? "date" : "dateTime";
  const auto moved = iso_time(*parse_iso(sdk::string_at(time, member)) + by);
  time[member] = days ? moved.substr(0, 10) : moved;
}

}  // namespace

std::vector<json::object> expand(const json::object& event) {
  const auto rule = sdk::string_at(event, "recurrence[0]");
  const bool days = sdk::find_path(event, "start.date") != nullptr;
  const auto start = parse_iso(sdk::string_at(event, days ? "start.date" : "start.dateTime"));
  if (rule.empty() || !start) return {event};
  const std::int64_t step =
      kDay * number(rule_part(rule, "INTERVAL"), 1) * (rule_part(rule, "FREQ") == "WEEKLY" ? 7 : 1);
  const int count = std::clamp(number(rule_part(rule, "COUNT"), kCountMax), 1, kCountMax);
  std::vector<json::object> instances;
  for (int at = 0; at < count; ++at) {
    json::object instance = event;
    instance.erase("recurrence");
    const std::string id = sdk::string_at(event, "id");
    instance["id"] = id + "_" + instance_suffix(*start + at * step, days);
    instance["recurringEventId"] = id;
    instance["originalStartTime"] = event.at("start");
    move_time(instance, "originalStartTime", at * step);
    move_time(instance, "start", at * step);
    move_time(instance, "end", at * step);
    instances.push_back(std::move(instance));
  }
  return instances;
}

}  // namespace patchbay::sandbox::google
