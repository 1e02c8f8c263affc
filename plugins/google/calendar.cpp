#include "calendar.hpp"

#include <charconv>

namespace patchbay::google {
namespace {

constexpr std::uint32_t kPageMax = 2500;
constexpr std::string_view kJobPrefix = "pbj";
constexpr std::string_view kEventPrefix = "pba";
constexpr std::string_view kMidnight = "T00:00:00";

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool starts_a_day(const std::string& time) {
  return time.size() > 10 && has_prefix(std::string_view(time).substr(10), kMidnight);
}

/// RFC 4648 base32 with the extended hex alphabet in lower case: the alphabet of event ids.
std::string base32hex(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuv";
  std::string text;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char byte : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(byte);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kAlphabet[(buffer >> bits) & 31U];
    }
    buffer &= (1U << bits) - 1U;
  }
  if (bits > 0) text += kAlphabet[(buffer << (5 - bits)) & 31U];
  return text;
}

std::string date_time_of(const sdk::json::value& data, const char* side) {
  return sdk::string_at(data, std::string(side) + ".dateTime");
}

std::string date_of(const sdk::json::value& event, const char* side) {
  return sdk::string_at(event, std::string(side) + ".date");
}

sdk::json::object as_time(const std::string& time) {
  return {{"dateTime", time}, {"date", nullptr}};
}

sdk::json::object as_day(const std::string& time) {
  return {{"date", time.substr(0, 10)}, {"dateTime", nullptr}, {"timeZone", nullptr}};
}

/// The first who is invited and is neither the calendar's owner nor a room.
std::string guest_of(const sdk::json::value& event) {
  for (const auto& attendee : items_at(event, "attendees")) {
    const auto is = [&](const char* member) {
      const auto* flag = sdk::find_member(attendee, member);
      return flag != nullptr && flag->is_bool() && flag->as_bool();
    };
    if (!is("self") && !is("organizer") && !is("resource")) return sdk::string_at(attendee, "email");
  }
  return {};
}

/// Members of `data` that are the calendar's own.
sdk::json::object without_derived(const sdk::json::value& data) {
  sdk::json::object body = data.is_object() ? data.as_object() : sdk::json::object();
  body.erase("patchbay");
  return body;
}

/// A new event needs both ends; what the hub does not know of the end is an hour.
sdk::Result<sdk::json::object> body_of_new(const sdk::json::value& data) {
  const std::string start = date_time_of(data, "start");
  const auto begin = sdk::parse_time(start);
  if (!begin.ok())
    return sdk::invalid_error("google.no_start", "an event in the calendar needs a start", "start.dateTime");
  std::string end = date_time_of(data, "end");
  if (end.empty()) end = sdk::format_time(*begin + std::chrono::hours(1));
  sdk::json::object body = without_derived(data);
  const auto* all_day = sdk::find_path(data, "patchbay.allDay");
  const bool days = all_day != nullptr && all_day->is_bool() && all_day->as_bool();
  body["start"] = days ? sdk::json::object{{"date", start.substr(0, 10)}} : sdk::json::object{{"dateTime", start}};
  body["end"] = days ? sdk::json::object{{"date", end.substr(0, 10)}} : sdk::json::object{{"dateTime", end}};
  return body;
}

}  // namespace

/// Where a run stands.
struct Calendar::Cursor {
  std::string page;   // nextPageToken
  std::string token;  // sync token of an incremental list; empty: a full one
  std::string from;   // timeMin of a full list
  static Cursor of(const sdk::ListRequest& request) {
    const auto parsed = sdk::parse_json(request.page_cursor, {16 * 1024, 4});
    if (!parsed.ok()) return {};
    return {sdk::string_at(*parsed, "page"), sdk::string_at(*parsed, "token"), sdk::string_at(*parsed, "from")};
  }
  std::string text() const {
    return sdk::json::serialize(sdk::json::object{{"page", page}, {"token", token}, {"from", from}});
  }
};

bool is_job_event(const sdk::json::value& event) {
  return has_prefix(sdk::string_at(event, "id"), kJobPrefix) ||
         sdk::string_at(event, "extendedProperties.private.patchbayKind") == "job";
}

sdk::Record make_event_record(const std::string& resource, sdk::json::value event) {
  sdk::Record record;
  record.resource = resource;
  record.external_id = sdk::string_at(event, "id");
  record.version = sdk::string_at(event, "etag");
  record.deleted = sdk::string_at(event, "status") == "cancelled";
  if (const auto updated = sdk::parse_time(sdk::string_at(event, "updated")); updated.ok())
    record.updated_at = *updated;
  if (event.is_object() && !record.deleted) {
    sdk::json::object derived{{"allDay", !date_of(event, "start").empty()}, {"guest", guest_of(event)}};
    event.as_object()["patchbay"] = std::move(derived);
  }
  record.data = std::move(event);
  return record;
}

std::string event_id_of(const std::string& resource, const std::string& idempotency_key) {
  return std::string(resource == kJobEvents ? kJobPrefix : kEventPrefix) + base32hex(idempotency_key);
}

sdk::json::object patch_of(const sdk::json::value& data, const sdk::json::value& current) {
  sdk::json::object body = without_derived(data);
  body.erase("start");
  body.erase("end");
  const std::string start = date_time_of(data, "start"), end = date_time_of(data, "end");
  const std::string old_start = date_of(current, "start"), old_end = date_of(current, "end");
  const auto* asked = sdk::find_path(data, "patchbay.allDay");
  bool days = !old_start.empty() && (start.empty() || starts_a_day(start)) && (end.empty() || starts_a_day(end));
  if (asked != nullptr && asked->is_bool()) days = asked->as_bool();
  const bool was_days = !old_start.empty();
  const auto put = [&](const char* side, const std::string& given, const std::string& old_day) {
    std::string time = given;
    // Changing from days to times, or back, changes both ends.
    if (time.empty() && was_days && !days) time = old_day + std::string(kMidnight) + "Z";
    if (time.empty() && !was_days && days) time = date_time_of(current, side);
    if (!time.empty()) body[side] = days ? as_day(time) : as_time(time);
  };
  if (!start.empty() || !end.empty() || days != was_days) {
    put("start", start, old_start);
    put("end", end, old_end);
  }
  return body;
}

Calendar::Calendar(Api& api, const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : api_(api),
      services_(services),
      path_("/calendars/" + sdk::url_encode(settings.option("calendarId")) + "/events"),
      send_updates_(settings.option("sendUpdates")),
      instances_(settings.option("recurring") == "instances") {
  const std::string days = settings.option("calendarPastDays");
  int count = 0;
  std::from_chars(days.data(), days.data() + days.size(), count);
  past_ = std::chrono::hours(24 * std::clamp(count, 0, 36'500));
}

/// The same with and without a sync token: Google refuses a token that comes with other parameters.
Fields Calendar::common_query(const sdk::ListRequest& request) const {
  return {{"maxResults", std::to_string(std::clamp<std::uint32_t>(request.page_size, 1, kPageMax))},
          {"showDeleted", "true"},
          {"singleEvents", instances_ ? "true" : "false"}};
}

sdk::Result<sdk::Page> Calendar::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  Cursor cursor = Cursor::of(request);
  if (request.page_cursor.empty() && request.mode == sdk::SyncMode::kIncremental) cursor.token = request.checkpoint;
  if (cursor.token.empty()) return full_page(context, request, std::move(cursor));
  auto page = delta_page(context, request, cursor);
  if (page.ok() || page.error().code != "google.full_sync_required") return page;
  services_.logger.log(sdk::LogLevel::kInfo, "Google no longer knows the sync token; the calendar is listed anew",
                       {{"resource", request.resource}});
  return full_page(context, request, {});
}

sdk::Result<sdk::Page> Calendar::full_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                           Cursor cursor) {
  Call call;
  call.path = path_;
  call.query = common_query(request);
  // timeMin is a bound on the end of an event, so what is going on is in.
  if (cursor.page.empty() && past_.count() > 0) cursor.from = sdk::format_time(services_.clock.now() - past_);
  if (!cursor.from.empty()) call.query.emplace_back("timeMin", cursor.from);
  if (!cursor.page.empty()) call.query.emplace_back("pageToken", cursor.page);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return page_of(request, answer, std::move(cursor));
}

sdk::Result<sdk::Page> Calendar::delta_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                            Cursor cursor) {
  Call call;
  call.path = path_;
  call.query = common_query(request);
  call.query.emplace_back("syncToken", cursor.token);
  if (!cursor.page.empty()) call.query.emplace_back("pageToken", cursor.page);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return page_of(request, answer, std::move(cursor));
}

sdk::Result<sdk::Page> Calendar::page_of(const sdk::ListRequest& request, const sdk::json::value& answer,
                                         Cursor cursor) const {
  sdk::Page page;
  for (auto& event : items_at(answer, "items")) {
    if (is_job_event(event) != (request.resource == kJobEvents)) continue;
    sdk::Record record = make_event_record(request.resource, std::move(event));
    if (record.external_id.empty()) {
      page.problems.push_back({"", "Google sent an event without an id"});
      continue;
    }
    page.records.push_back(std::move(record));
  }
  const std::string next = sdk::string_at(answer, "nextPageToken");
  // The same place again would never end.
  if (!next.empty() && next == cursor.page)
    return sdk::transient_error("google.unreadable", "Google promised another page but named the same one");
  if (!next.empty()) {
    cursor.page = next;
    page.next_cursor = cursor.text();
  } else {
    page.checkpoint = sdk::string_at(answer, "nextSyncToken");  // stands on the last page only
  }
  return page;
}

sdk::Result<sdk::json::value> Calendar::event(const sdk::CallContext& context, const std::string& id) {
  Call call;
  call.path = path_ + "/" + sdk::url_encode(id);
  return api_.json(context, std::move(call));
}

sdk::Result<sdk::Record> Calendar::get(const sdk::CallContext& context, const std::string& resource,
                                       const std::string& id) {
  PATCHBAY_ASSIGN(auto found, event(context, id));
  sdk::Record record = make_event_record(resource, std::move(found));
  if (record.external_id.empty())
    return sdk::transient_error("google.unreadable", "Google answered without the event's id");
  return record;
}

Call Calendar::write_call(const char* method, const std::string& path) const {
  Call call;
  call.method = method;
  call.path = path;
  call.query = {{"sendUpdates", send_updates_}};
  return call;
}

sdk::Result<sdk::Record> Calendar::create(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_ASSIGN(auto body, body_of_new(request.data));
  Call call = write_call("POST", path_);
  if (!request.idempotency_key.empty()) {
    body["id"] = event_id_of(request.resource, request.idempotency_key);
    call.retry_safe = true;
  }
  body["extendedProperties"] =
      sdk::json::object{{"private", {{"patchbayKind", request.resource == kJobEvents ? "job" : "appointment"}}}};
  call.body = body_text(body);
  auto made = api_.json(context, std::move(call));
  if (!made.ok() && made.error().code == "google.duplicate" && !request.idempotency_key.empty())
    return get(context, request.resource, event_id_of(request.resource, request.idempotency_key));
  if (!made.ok()) return std::move(made).error();
  return make_event_record(request.resource, std::move(*made));
}

sdk::Result<sdk::Record> Calendar::update(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_ASSIGN(const auto current, event(context, request.external_id));
  // A PATCH brings a deleted event back; whoever deleted it wins.
  if (sdk::string_at(current, "status") == "cancelled" && sdk::string_at(request.data, "status") != "cancelled")
    return sdk::not_found_error("google.deleted", "the event was deleted in the calendar");
  // What no longer has a time has no place in the calendar.
  if (const auto* start = sdk::find_path(request.data, "start.dateTime"); start != nullptr && start->is_null()) {
    PATCHBAY_TRY(remove(context, request.external_id));
    return get(context, request.resource, request.external_id);
  }
  const sdk::json::object body = patch_of(request.data, current);
  Call call = write_call("PATCH", path_ + "/" + sdk::url_encode(request.external_id));
  const std::string version = request.known_version.empty() ? sdk::string_at(current, "etag") : request.known_version;
  if (!version.empty()) call.headers.emplace_back("If-Match", version);
  call.body = body_text(body);
  PATCHBAY_ASSIGN(auto changed, api_.json(context, std::move(call)));
  return make_event_record(request.resource, std::move(changed));
}

sdk::Result<void> Calendar::remove(const sdk::CallContext& context, const std::string& id) {
  Call call = write_call("DELETE", path_ + "/" + sdk::url_encode(id));
  call.retry_safe = true;
  const auto removed = api_.send(context, call);
  if (!removed.ok() && removed.error().error_class != sdk::ErrorClass::kNotFound) return removed.error();
  return {};
}

sdk::Result<sdk::json::value> Calendar::list_window(const sdk::CallContext& context,
                                                    const sdk::json::object& arguments) {
  Call call;
  const std::string calendar = sdk::string_at(arguments, "calendarId");
  call.path = calendar.empty() ? path_ : "/calendars/" + sdk::url_encode(calendar) + "/events";
  call.query = {{"singleEvents", "true"}, {"orderBy", "startTime"}, {"maxResults", "250"}};
  const std::vector<std::pair<const char*, const char*>> passed{
      {"timeMin", "timeMin"}, {"timeMax", "timeMax"}, {"query", "q"}, {"pageToken", "pageToken"}};
  for (const auto& [argument, parameter] : passed) {
    if (const std::string value = sdk::string_at(arguments, argument); !value.empty())
      call.query.emplace_back(parameter, value);
  }
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return sdk::json::value(sdk::json::object{{"events", items_at(answer, "items")},
                                            {"nextPageToken", sdk::string_at(answer, "nextPageToken")}});
}

sdk::Result<sdk::json::value> Calendar::list_calendars(const sdk::CallContext& context) {
  Call call;
  call.path = "/users/me/calendarList";
  call.query = {{"maxResults", "250"}};
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return sdk::json::value(sdk::json::object{{"calendars", items_at(answer, "items")}});
}

}  // namespace patchbay::google
