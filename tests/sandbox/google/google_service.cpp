#include "tests/sandbox/google/google_service.hpp"

#include "tests/sandbox/google/replies.hpp"

namespace patchbay::sandbox {

using namespace google;  // NOLINT(google-build-using-namespace): this file is its door

namespace {

bool starts_with(const std::string& path, std::string_view prefix) {
  return path.starts_with(prefix);
}

/// Points that a call costs, by the tables of projects made since May 2026.
std::int64_t cost_of(const std::string& api, const http::Request& request, const std::vector<std::string>& parts) {
  const auto part = [&](std::size_t at) { return at < parts.size() ? parts[at] : std::string(); };
  const bool reads = request.method == "GET";
  if (api == "gmail") {
    if (part(0) == "messages" && part(1) == "send") return 100;
    if (part(0) == "messages" && parts.size() == 1) return 5;
    if (part(0) == "messages") return reads ? 20 : 5;
    if (part(0) == "threads") return 40;
    if (part(0) == "history") return 2;
    if (part(0) == "watch") return 100;
    if (part(0) == "stop") return 50;
    return reads ? 1 : 5;
  }
  if (api == "drive") return reads ? (parts.size() == 1 ? 100 : 5) : 50;
  return api == "upload" ? 50 : 1;
}

/// A scope that covers what is asked of an API.
bool covers(const std::set<std::string>& scopes, const std::string& api, bool reads) {
  const std::string base = "https://www.googleapis.com/auth/";
  const auto any = [&](std::initializer_list<std::string> names) {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return scopes.count(name) != 0; });
  };
  if (api == "calendar")
    return any({base + "calendar", base + "calendar.events"}) ||
           (reads && any({base + "calendar.readonly", base + "calendar.events.readonly"}));
  if (api == "gmail")
    return any({"https://mail.google.com/", base + "gmail.modify"}) || (reads && any({base + "gmail.readonly"}));
  return any({base + "drive", base + "drive.file"}) ||
         (reads && any({base + "drive.readonly", base + "drive.metadata.readonly"}));
}

/// Ids are left out, so that calls of one kind count as one.
std::string shape_of(const std::vector<std::string>& parts) {
  static const std::set<std::string> kWords{
      "calendars",   "events", "watch",   "users",   "calendarList", "channels",    "stop",        "messages",
      "history",     "labels", "threads", "profile", "send",         "modify",      "trash",       "untrash",
      "attachments", "files",  "changes", "export",  "about",        "permissions", "generateIds", "startPageToken"};
  std::string shape;
  for (const auto& part : parts) shape += "/" + (kWords.count(part) != 0 ? part : std::string("{id}"));
  return shape;
}

sdk::Error not_known(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

}  // namespace

GoogleService::GoogleService(const ServiceContext& context, std::string client_id, std::string client_secret)
    : account_(context, std::move(client_id), std::move(client_secret)),
      oauth_(account_),
      calendar_(account_),
      gmail_(account_),
      drive_(account_),
      quota_(context.vendor_limits) {}

void GoogleService::generate() {
  google::generate(account_, calendar_, gmail_, drive_);
}

GoogleService::Route GoogleService::route_of(const std::string& path) {
  const std::pair<std::string_view, const char*> prefixes[] = {{"/calendar/v3", "calendar"},
                                                               {"/upload/drive/v3", "upload"},
                                                               {"/drive/v3", "drive"},
                                                               {"/upload/gmail/v1/users/", "gmail"},
                                                               {"/gmail/v1/users/", "gmail"}};
  for (const auto& [prefix, api] : prefixes) {
    if (!starts_with(path, prefix)) continue;
    auto parts = split_path("/" + path.substr(std::min(path.size(), prefix.size() + (prefix.back() == '/' ? 0 : 1))));
    if (std::string_view(api) == "gmail" && !parts.empty()) parts.erase(parts.begin());  // the user
    return {api, std::move(parts)};
  }
  return {};
}

std::string GoogleService::operation(const Call& call) const {
  const auto route = route_of(call.path);
  if (route.api.empty()) return call.request.method + " " + call.path;
  return call.request.method + " " + route.api + shape_of(route.parts);
}

std::optional<http::Response> GoogleService::refuse(const Route& route, const http::Request& request) {
  const auto scopes = oauth_.scopes_of(request);
  if (!scopes) return refused(401, "authError", "Invalid Credentials");
  const std::string api = route.api == "upload" ? "drive" : route.api;
  const bool reads = request.method == "GET";
  if (!covers(*scopes, api, reads))
    return refused(403, "insufficientPermissions", "Request had insufficient authentication scopes.");
  if (!quota_.admit(api, cost_of(route.api, request, route.parts), account_.now_ms())) {
    if (api == "gmail") return refused(429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'.");
    return refused(403, "userRateLimitExceeded", "User Rate Limit Exceeded.");
  }
  return std::nullopt;
}

/// What needs no access token.
http::Response GoogleService::open_answer(const Call& call) {
  const auto& method = call.request.method;
  if (call.path == "/o/oauth2/v2/auth" && (method == "GET" || method == "POST")) return oauth_.authorize(call.request);
  if (call.path == "/token" && method == "POST") return oauth_.token(call.request);
  if (call.path == "/revoke" && method == "POST") return oauth_.revoke(call.request);
  if (call.path == "/tokeninfo") return oauth_.token_info(call.request);
  const bool keys = call.path == "/oauth2/v3/certs", pem = call.path == "/oauth2/v1/certs";
  if ((keys || pem) && method == "GET") {
    auto response = ok(keys ? account_.signing_key().jwks() : account_.signing_key().pem_keys());
    response.set_header("Cache-Control", "public, max-age=3600, must-revalidate, no-transform");
    return response;
  }
  return not_found();
}

http::Response GoogleService::answer(const Call& call) {
  const auto route = route_of(call.path);
  if (route.api.empty()) return open_answer(call);
  if (auto no = refuse(route, call.request)) return std::move(*no);
  if (route.api == "calendar") return calendar_.answer(call.request, route.parts);
  if (route.api == "gmail") return gmail_.answer(call.request, route.parts);
  return route.api == "upload" ? drive_.upload(call.request, route.parts) : drive_.answer(call.request, route.parts);
}

http::Response GoogleService::failure(const Fault& fault) const {
  switch (fault.kind) {
    case FaultKind::kExpiredToken:
      return refused(401, "authError", "Invalid Credentials");
    case FaultKind::kForbidden:
      return refused(403, "insufficientPermissions", "Request had insufficient authentication scopes.");
    case FaultKind::kRateLimit: {
      if (fault.status == 429) {
        auto response = refused(429, "rateLimitExceeded", "Too many concurrent requests for user.");
        response.set_header("Retry-After", "1");
        return response;
      }
      return refused(403, "userRateLimitExceeded", "User Rate Limit Exceeded.");
    }
    default:
      return refused(fault.status != 0 ? fault.status : 503, "backendError", "Backend Error");
  }
}

sdk::Result<json::value> GoogleService::shown(const RecordKind& kind, std::string_view id) const {
  if (kind.kind != "events" && kind.kind != "messages" && kind.kind != "files")
    return not_known("google has no kind " + kind.kind);
  const auto* record = account_.find(kind.kind, id);
  if (record == nullptr) return not_known("no such record");
  if (kind.kind == "events") return json::value(calendar_.shown(*record));
  return json::value(kind.kind == "messages" ? gmail_.shown(*record) : drive_.shown(*record));
}

sdk::Result<json::array> GoogleService::truth(const RecordKind& kind) const {
  json::array records;
  if (kind.kind != "events" && kind.kind != "messages" && kind.kind != "files")
    return not_known("google has no kind " + kind.kind);
  for (const auto* record : account_.table(kind.kind).by_created()) {
    if (kind.kind == "events" && sdk::string_at(record->value, "status") == "cancelled") continue;
    PATCHBAY_ASSIGN(auto value, shown(kind, record->id));
    records.push_back(std::move(value));
  }
  return records;
}

sdk::Result<json::value> GoogleService::create_record(const RecordKind& kind, const json::object& members) {
  if (kind.kind == "messages")
    return json::value(gmail_.add(members, {members.contains("from") ? "INBOX" : "SENT", "UNREAD"}, true));
  if (kind.kind == "files") return json::value(drive_.make_file(members, sdk::string_at(members, "content"), true));
  if (kind.kind != "events") return not_known("google has no kind " + kind.kind);
  std::string id = "made";
  for (const char c : account_.context().new_id("", 22)) id += "0123456789abcdefghijklmnopqrstuv"[c % 32];
  const auto made = calendar_.make_event(members, id);
  if (!made) return sdk::invalid_error("sandbox.record", "an event needs start and end", "start");
  return json::value(*made);
}

sdk::Result<json::value> GoogleService::change_record(const RecordKind& kind, std::string_view id,
                                                      const json::object& members) {
  PATCHBAY_ASSIGN(const auto before, shown(kind, id));
  if (kind.kind == "events" && !calendar_.change_event(id, members))
    return sdk::invalid_error("sandbox.record", "these times make no sense", "start");
  if (kind.kind == "files") drive_.change_file(id, members, std::nullopt);
  if (kind.kind == "messages") {
    const auto texts = [&](std::string_view member) {
      std::vector<std::string> out;
      if (const auto* list = members.if_contains(member)) {
        for (const auto& item : list->as_array()) out.emplace_back(item.as_string());
      }
      return out;
    };
    gmail_.change_labels(id, texts("addLabelIds"), texts("removeLabelIds"));
  }
  return shown(kind, id);
}

sdk::Result<json::value> GoogleService::remove_record(const RecordKind& kind, std::string_view id) {
  PATCHBAY_ASSIGN(auto before, shown(kind, id));
  if (kind.kind == "events") calendar_.cancel_event(id);
  if (kind.kind == "messages") gmail_.erase(id);
  if (kind.kind == "files") drive_.remove_file(id);
  return before;
}

sdk::Result<json::value> GoogleService::change_random_record(const RecordKind& kind, Random& random) {
  PATCHBAY_ASSIGN(const auto all, truth(kind));
  if (all.empty()) return not_known("there is nothing to change");
  const auto& record = random.pick(all);
  const auto id = sdk::string_at(record, "id");
  const auto word = random.letters_and_digits(6);
  if (kind.kind == "events") return change_record(kind, id, {{"summary", "Changed " + word}});
  if (kind.kind == "files") return change_record(kind, id, {{"name", "Changed " + word}});
  const bool unread = json::serialize(record.at("labelIds")).find("UNREAD") != std::string::npos;
  return change_record(kind, id, {{unread ? "removeLabelIds" : "addLabelIds", json::array{"UNREAD"}}});
}

void GoogleService::add_hostile_records() {
  const auto start = iso_time(account_.context().epoch_ms), end = iso_time(account_.context().epoch_ms + 3'600'000);
  calendar_.put_generated({{"id", "hostile0000001"},
                           {"status", "confirmed"},
                           {"summary", raw_fragment(R"("nul \u0000 and \ud800 alone")")},
                           {"sequence", raw_fragment("123456789012345678901234567890")},
                           {"start", {{"dateTime", start}}},
                           {"end", {{"dateTime", end}}}});
  calendar_.put_generated({{"id", "hostile0000002"},
                           {"status", "aStatusNobodyKnows"},
                           {"summary", std::string(5'000, 'x')},
                           {"sequence", raw_fragment("1e400")},
                           {"start", {{"dateTime", start}}},
                           {"end", {{"dateTime", end}}}});
}

sdk::Result<void> GoogleService::set_limits(const json::object& limits) {
  for (const auto& member : limits) {
    const std::string name(member.key());
    const bool on = member.value().is_bool() && member.value().get_bool();
    if (name == "forgetSyncTokens" && on) {
      calendar_.forget_tokens();
    } else if (name == "forgetHistory" && on) {
      gmail_.forget_history();
    } else if (name == "revokeGrants" && on) {
      oauth_.revoke_all();
    } else if (!quota_.set(name, member.value())) {
      return sdk::invalid_error("sandbox.limits", "unknown limit, or not from 1 on", name);
    }
  }
  return {};
}

sdk::Result<void> GoogleService::set_webhook_target(const json::object& settings) {
  account_.set_push(settings);
  return {};
}

}  // namespace patchbay::sandbox
