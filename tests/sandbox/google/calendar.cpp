#include "tests/sandbox/google/calendar.hpp"

#include "tests/sandbox/google/replies.hpp"

#include <charconv>

namespace patchbay::sandbox::google {
namespace {

constexpr std::string_view kWithoutSyncToken[] = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"};

bool is_event_id(std::string_view id) {
  return id.size() >= 5 && id.size() <= 1024 &&
         std::all_of(id.begin(), id.end(), [](char c) { return (c >= 'a' && c <= 'v') || (c >= '0' && c <= '9'); });
}

std::optional<std::int64_t> side_ms(const json::object& event, const char* side) {
  const auto time = sdk::string_at(event, std::string(side) + ".dateTime");
  const auto date = sdk::string_at(event, std::string(side) + ".date");
  if (time.empty() == date.empty()) return std::nullopt;  // one of both, not two
  if (!date.empty() && date.size() != 10) return std::nullopt;
  // A time without its offset needs a zone; the sandbox asks for the offset.
  if (!time.empty() && !time.ends_with("Z") && time.find_last_of("+-") < 11) return std::nullopt;
  return parse_iso(time.empty() ? date : time);
}

/// What is wrong with an event's times, as a reason; empty: nothing.
std::string time_problem(const json::object& event) {
  const auto start = side_ms(event, "start"), end = side_ms(event, "end");
  if (!start || !end) return "required";
  const bool days = sdk::find_path(event, "start.date") != nullptr;
  if (days != (sdk::find_path(event, "end.date") != nullptr)) return "invalid";
  return *end < *start || (days && *end == *start) ? "timeRangeEmpty" : "";
}

bool is_cancelled(const json::object& event) {
  return sdk::string_at(event, "status") == "cancelled";
}

std::string sync_token(std::uint64_t change) {
  return "CPDAlvWDx70CEPDAlvWDx_" + std::to_string(change);
}

std::optional<std::uint64_t> parse_sync_token(std::string_view token) {
  const auto at = token.rfind('_');
  std::uint64_t change = 0;
  if (at == std::string_view::npos) return std::nullopt;
  const auto [end, code] = std::from_chars(token.data() + at + 1, token.data() + token.size(), change);
  if (code != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return change;
}

/// A lower bound on the end, an upper bound on the start; a series counts where one of its events does.
bool takes_place(const json::object& event, std::optional<std::int64_t> from, std::optional<std::int64_t> to) {
  const auto instances = expand(event);
  return std::any_of(instances.begin(), instances.end(), [&](const json::object& instance) {
    return (!from || side_ms(instance, "end").value_or(0) > *from) &&
           (!to || side_ms(instance, "start").value_or(0) < *to);
  });
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         }) != text.end();
}

/// The parameters that have to be the same on every page.
std::string question_of(const http::Request& request) {
  std::string question;
  for (const auto& [name, value] : request.query) {
    if (name != "pageToken" && name != "maxResults") question += name + "=" + value + "&";
  }
  return question;
}

std::vector<std::string> event_fields() {
  return {"summary",
          "description",
          "location",
          "colorId",
          "start",
          "end",
          "recurrence",
          "transparency",
          "visibility",
          "attendees",
          "reminders",
          "status",
          "attachments",
          "extendedProperties",
          "guestsCanInviteOthers",
          "guestsCanModify",
          "source",
          "conferenceData",
          "sequence"};
}

/// Only what a caller may write.
json::object writable(const json::object& body) {
  json::object event;
  for (const auto& name : event_fields()) {
    if (const auto* value = body.if_contains(name)) event[name] = *value;
  }
  return event;
}

}  // namespace

json::object Calendar::shown(const Record& record) const {
  // Of a deleted event only the id is promised.
  if (is_cancelled(record.value)) {
    json::object gone{{"kind", "calendar#event"},
                      {"etag", "\"" + std::to_string(record.updated_ms) + "\""},
                      {"id", record.id},
                      {"status", "cancelled"}};
    for (const auto* kept : {"recurringEventId", "originalStartTime"}) {
      if (const auto* value = record.value.if_contains(kept)) gone[kept] = *value;
    }
    return gone;
  }
  json::object event = record.value;
  event["kind"] = "calendar#event";
  event["etag"] = "\"" + std::to_string(record.updated_ms) + "\"";
  return event;
}

void Calendar::store(json::object event, bool tell) {
  const auto id = sdk::string_at(event, "id");
  if (!event.contains("created")) event["created"] = iso_time(account_.now_ms());
  event["updated"] = iso_time(account_.now_ms());
  account_.put("events", id, std::move(event));
  if (tell) account_.tell_channels("events", "exists");
}

void Calendar::put_generated(json::object event) {
  store(std::move(event), false);
}

void Calendar::forget_tokens() {
  account_.put("mailbox", "calendarFloor", {{"change", account_.context().store.next_number()}});
}

std::optional<json::object> Calendar::make_event(json::object members, const std::string& id) {
  json::object event = writable(members);
  if (!event.contains("status")) event["status"] = "confirmed";
  if (!time_problem(event).empty()) return std::nullopt;
  event["id"] = id;
  event["iCalUID"] = id + "@google.com";
  event["htmlLink"] = "https://www.google.com/calendar/event?eid=" + id;
  event["creator"] = event["organizer"] = json::object{{"email", kEmail}, {"self", true}};
  event["eventType"] = "default";
  if (!event.contains("sequence")) event["sequence"] = 0;
  if (!event.contains("reminders")) event["reminders"] = json::object{{"useDefault", true}};
  store(event, true);
  return shown(*account_.find("events", id));
}

bool Calendar::change_event(std::string_view id, const json::object& members) {
  const auto* record = account_.find("events", id);
  if (record == nullptr) return false;
  json::object event = record->value;
  merge_patch(event, writable(members));
  if (!time_problem(event).empty()) return false;
  event["sequence"] = event.at("sequence").to_number<std::int64_t>() + 1;
  store(std::move(event), true);
  return true;
}

bool Calendar::cancel_event(std::string_view id) {
  const auto* record = account_.find("events", id);
  if (record == nullptr || is_cancelled(record->value)) return false;
  json::object event = record->value;
  event["status"] = "cancelled";
  store(std::move(event), true);
  return true;
}

std::vector<json::object> Calendar::collect(const http::Request& request, std::uint64_t since) const {
  const bool expanded = parameter(request, "singleEvents") == "true";
  const bool deleted = since > 0 || parameter(request, "showDeleted") == "true";
  const auto from = parse_iso(parameter(request, "timeMin")), to = parse_iso(parameter(request, "timeMax"));
  const auto words = parameter(request, "q");
  std::vector<json::object> events;
  const auto& table = account_.table("events");
  for (const auto* record : since > 0 ? table.by_updated() : table.by_created()) {
    if (static_cast<std::uint64_t>(record->updated_ms) <= since) continue;
    if (is_cancelled(record->value)) {
      if (deleted) events.push_back(shown(*record));
      continue;
    }
    for (auto& event : expanded ? expand(shown(*record)) : std::vector{shown(*record)}) {
      if (!takes_place(event, from, to)) continue;
      if (!words.empty() && !contains_ignoring_case(sdk::string_at(event, "summary"), words)) continue;
      events.push_back(std::move(event));
    }
  }
  if (parameter(request, "orderBy") == "startTime") {
    std::stable_sort(events.begin(), events.end(), [](const json::object& left, const json::object& right) {
      return side_ms(left, "start").value_or(0) < side_ms(right, "start").value_or(0);
    });
  }
  return events;
}

http::Response Calendar::list(const http::Request& request) {
  const auto token = parameter(request, "syncToken");
  const auto* forgotten = account_.find("mailbox", "calendarFloor");
  const auto floor = forgotten == nullptr ? 0 : forgotten->value.at("change").to_number<std::uint64_t>();
  std::uint64_t since = 0;
  if (!token.empty()) {
    for (const auto name : kWithoutSyncToken) {
      if (request.query_value(name))
        return refused(400, "invalid", "Sync token cannot be used with other restrictions.");
    }
    if (parameter(request, "showDeleted") == "false")
      return refused(400, "invalid", "showDeleted cannot be false with a sync token.");
    const auto change = parse_sync_token(token);
    if (!change) return refused(400, "invalid", "Invalid sync token value.");
    if (*change < floor)
      return refused(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.");
    since = *change;
  }
  if (parameter(request, "orderBy") == "startTime" && parameter(request, "singleEvents") != "true")
    return refused(400, "badRequest", "The requested ordering is not available for the particular query.");
  const auto question = question_of(request);
  std::size_t offset = 0;
  std::uint64_t reached = std::max(account_.last_change(), floor);
  if (const auto page = parameter(request, "pageToken"); !page.empty()) {
    // The first page's position travels along, so that changes between pages come with the next run.
    const auto bar = page.find('.');
    const auto parsed = parse_page_token(page.substr(0, bar), question);
    if (!parsed || bar == std::string::npos) return refused(400, "invalid", "Invalid page token value.");
    offset = *parsed;
    std::from_chars(page.data() + bar + 1, page.data() + page.size(), reached);
  }
  const auto size = size_parameter(request, "maxResults", 250, 2500);
  const auto events = collect(request, since);
  json::array items;
  for (std::size_t at = offset; at < std::min(offset + size, events.size()); ++at) items.push_back(events[at]);
  json::object answer{{"kind", "calendar#events"}, {"etag", "\"p" + std::to_string(account_.last_change()) + "\""},
                      {"summary", kEmail},         {"timeZone", "America/Detroit"},
                      {"accessRole", "owner"},     {"defaultReminders", json::array()},
                      {"items", std::move(items)}};
  if (offset + size < events.size()) {
    answer["nextPageToken"] = page_token(offset + size, question) + "." + std::to_string(reached);
  } else if (!request.query_value("orderBy") && !request.query_value("q")) {
    answer["nextSyncToken"] = sync_token(reached);
  }
  return ok(answer);
}

http::Response Calendar::insert(const http::Request& request) {
  auto body = object_body(request);
  if (!body) return refused(400, "parseError", "This API does not support parsing form-encoded input.");
  auto id = sdk::string_at(*body, "id");
  if (!id.empty() && !is_event_id(id)) return refused(400, "invalid", "Invalid resource id value.");
  if (!id.empty() && account_.find("events", id) != nullptr)
    return refused(409, "duplicate", "The requested identifier already exists.");
  if (id.empty()) {
    // Google's own ids are of the same alphabet.
    for (char c : account_.context().new_id("", 26))
      id += static_cast<char>("0123456789abcdefghijklmnopqrstuv"[c % 32]);
  }
  json::object members = *body;
  if (const auto problem = time_problem(members); !problem.empty())
    return refused(400, problem, problem == "required" ? "Missing end time." : "The specified time range is empty.");
  const auto made = make_event(std::move(members), id);
  return made ? ok(*made) : refused(400, "invalid", "Invalid event.");
}

http::Response Calendar::patch(const http::Request& request, const Record& record, bool whole) {
  const auto match = request.header("If-Match");
  if (match && *match != "*" && *match != "\"" + std::to_string(record.updated_ms) + "\"")
    return refused(412, "conditionNotMet", "Precondition Failed");
  const auto body = object_body(request);
  if (!body) return refused(400, "parseError", "Parse Error");
  json::object event = record.value;
  if (whole) {
    for (const auto& name : event_fields()) event.erase(name);
  }
  // `null` in start and end takes the other form away, so it stays for the merge.
  merge_patch(event, writable(*body));
  if (!event.contains("status")) event["status"] = "confirmed";
  if (!event.contains("sequence")) event["sequence"] = 0;
  if (const auto problem = time_problem(event); !problem.empty())
    return refused(400, problem, "Invalid start or end time.");
  event["sequence"] = event.at("sequence").to_number<std::int64_t>() + 1;
  store(std::move(event), true);
  return ok(shown(*account_.find("events", record.id)));
}

http::Response Calendar::one(const http::Request& request, const std::string& id) {
  const auto* record = account_.find("events", id);
  if (record == nullptr) return not_found();
  if (request.method == "GET") return ok(shown(*record));
  if (request.method == "PATCH") return patch(request, *record, false);
  if (request.method == "PUT") return patch(request, *record, true);
  if (request.method != "DELETE") return not_found();
  if (!cancel_event(id)) return refused(410, "deleted", "Resource has been deleted");
  return http::Response::empty(204);
}

http::Response Calendar::watch(const http::Request& request) {
  const auto body = object_body(request);
  if (!body || sdk::string_at(*body, "type") != "web_hook" || sdk::string_at(*body, "address").empty())
    return refused(400, "invalid", "type and address are needed");
  if (sdk::string_at(*body, "id").size() > 64 || sdk::string_at(*body, "token").size() > 256)
    return refused(400, "invalid", "id or token is too long");
  const auto channel = account_.open_channel(
      *body, "events", "https://www.googleapis.com/calendar/v3/calendars/" + std::string(kEmail) + "/events?alt=json");
  return channel ? ok(*channel) : refused(400, "channelIdNotUnique", "Channel id not unique");
}

http::Response Calendar::answer(const http::Request& request, const std::vector<std::string>& parts) {
  const auto& method = request.method;
  if (parts.size() == 2 && parts[0] == "channels" && parts[1] == "stop" && method == "POST") {
    const auto body = object_body(request).value_or(json::object());
    const bool stopped = account_.stop_channel(sdk::string_at(body, "id"), sdk::string_at(body, "resourceId"));
    return stopped ? http::Response::empty(204) : not_found();
  }
  if (parts.size() == 3 && parts[0] == "users" && parts[2] == "calendarList" && method == "GET") {
    return ok(json::object{{"kind", "calendar#calendarList"},
                           {"items", json::array{json::object{{"id", kEmail},
                                                              {"summary", kEmail},
                                                              {"primary", true},
                                                              {"accessRole", "owner"},
                                                              {"timeZone", "America/Detroit"}}}}});
  }
  if (parts.size() < 3 || parts[0] != "calendars" || parts[2] != "events") return not_found();
  if (parts[1] != "primary" && parts[1] != kEmail) return not_found();
  if (parts.size() == 3) return method == "GET" ? list(request) : method == "POST" ? insert(request) : not_found();
  if (parts.size() == 4 && parts[3] == "watch" && method == "POST") return watch(request);
  return parts.size() == 4 ? one(request, parts[3]) : not_found();
}

}  // namespace patchbay::sandbox::google
