#include "tests/sandbox/control.hpp"

#include "tests/sandbox/identity_truth.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox {
namespace {

constexpr std::size_t kShownByDefault = 1000;
constexpr std::int64_t kBurstMax = 100'000;

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

sdk::Result<json::value> body_of(const http::Request& request) {
  if (request.body.empty()) return json::value(json::object());
  PATCHBAY_ASSIGN(auto body, sdk::parse_json(request.body));
  if (!body.is_object()) return sdk::invalid_error("sandbox.body", "the body must be a JSON object");
  return with_raw_fragments(std::move(body));
}

std::string query(const http::Request& request, std::string_view name) {
  return std::string(request.query_value(name).value_or(""));
}

std::size_t limit_of(const http::Request& request) {
  const auto text = query(request, "limit");
  std::size_t limit = kShownByDefault;
  std::from_chars(text.data(), text.data() + text.size(), limit);
  return limit;
}

int status_of(sdk::ErrorClass error_class) {
  switch (error_class) {
    case sdk::ErrorClass::kNotFound:
      return 404;
    case sdk::ErrorClass::kInvalid:
      return 400;
    case sdk::ErrorClass::kConflict:
      return 409;
    default:
      return 500;
  }
}

http::Response error_response(const sdk::Error& error) {
  json::object body{{"code", error.code}, {"message", error.message}};
  if (error.field) body["field"] = *error.field;
  return http::Response::json(status_of(error.error_class), to_wire(json::object{{"error", std::move(body)}}));
}

sdk::Error not_found(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

}  // namespace

http::Response Control::answer(const http::Request& request) {
  auto segments = split_path(request.path);
  segments.erase(segments.begin());  // "_sandbox"
  if (segments.size() == 3 && segments[0] == "truth" && request.method == "GET") return truth(request, segments);
  const auto result = route(request, segments);
  if (!result) return error_response(result.error());
  return http::Response::json(200, to_wire(*result));
}

sdk::Result<json::value> Control::route(const http::Request& request, const Segments& segments) {
  if (segments.empty()) return about();
  const auto& what = segments[0];
  if (what == "faults") return faults(request, segments);
  if (segments.size() == 1) {
    if (what == "calls") return calls(request);
    if (what == "clock") return clock(request);
    if (what == "deliveries")
      return json::value(sandbox_.parts_.webhooks.view(query(request, "service"), limit_of(request)));
    if (what == "burst") return burst(request);
    if (what == "limits") return limits(request);
    if (what == "webhooks") return webhooks(request);
    if (what == "records") return hostile(request);
  }
  if (segments.size() == 2 || segments.size() == 3) return records(request, segments);
  return not_found("no such call below /_sandbox");
}

sdk::Result<SandboxService*> Control::get_service(std::string_view name) const {
  auto* service = sandbox_.find_service(name);
  if (service == nullptr) return not_found("no such service: " + std::string(name));
  return service;
}

sdk::Result<json::value> Control::about() {
  std::scoped_lock lock(sandbox_.mutex_);
  json::object services;
  for (const auto& service : sandbox_.parts_.services) {
    json::array kinds;
    for (const auto& kind : service->kinds()) kinds.emplace_back(kind);
    services[service->name()] = json::object{{"kinds", std::move(kinds)}, {"limits", service->limits()}};
  }
  auto about = sandbox_.parts_.about;
  about["services"] = std::move(services);
  about["now"] = sdk::format_time(sandbox_.parts_.clock.now());
  return json::value(std::move(about));
}

sdk::Result<json::value> Control::faults(const http::Request& request, const Segments& segments) {
  auto& plan = sandbox_.parts_.faults;
  if (request.method == "GET") return json::value(json::object{{"data", plan.view()}});
  if (request.method == "POST") {
    PATCHBAY_ASSIGN(auto body, body_of(request));
    PATCHBAY_ASSIGN(auto fault, plan.add(body));
    return json::value(json::object{{"data", std::move(fault)}});
  }
  if (request.method != "DELETE") return not_found("faults are planned by POST, listed by GET, ended by DELETE");
  if (segments.size() == 1) {
    plan.clear();
  } else {
    std::uint64_t id = 0;
    std::from_chars(segments[1].data(), segments[1].data() + segments[1].size(), id);
    if (!plan.remove(id)) return not_found("no such fault");
  }
  return json::value(json::object{{"data", plan.view()}});
}

sdk::Result<json::value> Control::calls(const http::Request& request) {
  if (request.method == "DELETE") sandbox_.calls_.clear();
  return json::value(sandbox_.calls_.view(query(request, "service"), query(request, "match"), limit_of(request)));
}

sdk::Result<json::value> Control::clock(const http::Request& request) {
  auto& clock = sandbox_.parts_.clock;
  if (request.method == "POST") {
    PATCHBAY_ASSIGN(auto body, body_of(request));
    const auto& members = body.get_object();
    const auto* reset = members.if_contains("reset");
    if (reset != nullptr && reset->is_bool() && reset->get_bool()) clock.reset();
    if (const auto* frozen = members.if_contains("frozen"); frozen != nullptr && frozen->is_bool()) {
      clock.freeze(frozen->get_bool());
    }
    if (members.contains("now")) {
      PATCHBAY_ASSIGN(auto time, sdk::parse_time(sdk::string_at(body, "now")));
      clock.set(time);
    }
    if (const auto* advance = members.if_contains("advanceSeconds"); advance != nullptr) {
      if (!advance->is_number()) return sdk::invalid_error("sandbox.clock", "must be a number", "advanceSeconds");
      clock.advance(std::chrono::milliseconds(static_cast<std::int64_t>(advance->to_number<double>() * 1000.0)));
    }
  }
  return json::value(json::object{
      {"data", {{"now", sdk::format_time(clock.now())}, {"unix", clock.now_seconds()}, {"frozen", clock.frozen()}}}});
}

sdk::Result<json::value> Control::burst(const http::Request& request) {
  PATCHBAY_ASSIGN(auto body, body_of(request));
  PATCHBAY_ASSIGN(auto* service, get_service(sdk::string_at(body, "service")));
  const auto* wanted = body.get_object().if_contains("count");
  const auto count = wanted != nullptr && wanted->is_int64() ? wanted->get_int64() : 0;
  if (count < 1 || count > kBurstMax) return sdk::invalid_error("sandbox.burst", "must be 1 to 100000", "count");
  const RecordKind kind{sdk::string_at(body, "kind"), sdk::string_at(body, "account")};
  std::scoped_lock lock(sandbox_.mutex_);
  auto random = derived_random(sandbox_.parts_.store.next_number(), "burst");
  json::array ids;
  for (std::int64_t i = 0; i < count; ++i) {
    PATCHBAY_ASSIGN(auto record, service->change_random_record(kind, random));
    ids.emplace_back(sdk::string_at(record, "id"));
  }
  return json::value(json::object{{"data", {{"changed", count}, {"ids", std::move(ids)}}}});
}

sdk::Result<json::value> Control::limits(const http::Request& request) {
  std::scoped_lock lock(sandbox_.mutex_);
  if (request.method == "POST") {
    PATCHBAY_ASSIGN(auto body, body_of(request));
    for (const auto& member : body.get_object()) {
      PATCHBAY_ASSIGN(auto* service, get_service({member.key().data(), member.key().size()}));
      if (!member.value().is_object())
        return sdk::invalid_error("sandbox.limits", "an object is expected", service->name().data());
      PATCHBAY_TRY(service->set_limits(member.value().get_object()));
    }
  }
  json::object out;
  for (const auto& service : sandbox_.parts_.services) out[service->name()] = service->limits();
  return json::value(json::object{{"data", std::move(out)}});
}

sdk::Result<json::value> Control::webhooks(const http::Request& request) {
  PATCHBAY_ASSIGN(auto body, body_of(request));
  const auto name = sdk::string_at(body, "service");
  std::scoped_lock lock(sandbox_.mutex_);
  for (const auto& service : sandbox_.parts_.services) {
    if (!name.empty() && service->name() != name) continue;
    PATCHBAY_TRY(service->set_webhook_target(body.get_object()));
  }
  return json::value(json::object{{"data", {{"target", sdk::string_at(body, "target")}}}});
}

sdk::Result<json::value> Control::hostile(const http::Request& request) {
  PATCHBAY_ASSIGN(auto body, body_of(request));
  const auto* flag = body.get_object().if_contains("hostile");
  if (flag == nullptr || !flag->is_bool() || !flag->get_bool()) {
    return sdk::invalid_error("sandbox.records", "the body must be {\"hostile\": true}", "hostile");
  }
  std::scoped_lock lock(sandbox_.mutex_);
  for (const auto& service : sandbox_.parts_.services) service->add_hostile_records();
  return json::value(json::object{{"data", {{"hostile", true}}}});
}

sdk::Result<json::value> Control::records(const http::Request& request, const Segments& segments) {
  PATCHBAY_ASSIGN(auto* service, get_service(segments[0]));
  PATCHBAY_ASSIGN(auto body, body_of(request));
  const RecordKind kind{segments[1], query(request, "account")};
  const bool one = segments.size() == 3;
  std::scoped_lock lock(sandbox_.mutex_);
  const auto change = [&]() -> sdk::Result<json::value> {
    if (request.method == "POST" && !one) return service->create_record(kind, body.get_object());
    if (request.method == "PATCH" && one) return service->change_record(kind, segments[2], body.get_object());
    if (request.method == "DELETE" && one) return service->remove_record(kind, segments[2]);
    return not_found("POST /_sandbox/{service}/{kind}, PATCH or DELETE /_sandbox/{service}/{kind}/{id}");
  };
  PATCHBAY_ASSIGN(auto record, change());
  if (sandbox_.parts_.store.failure()) sandbox_.parts_.fatal(*sandbox_.parts_.store.failure());
  return json::value(json::object{{"data", std::move(record)}});
}

http::Response Control::truth(const http::Request& request, const Segments& segments) {
  json::array records;
  {
    std::scoped_lock lock(sandbox_.mutex_);
    if (segments[1] == "identity") {
      if (segments[2] != "clients") return error_response(not_found("only clients have an identity"));
      std::vector<ServiceContacts> services;
      const auto wanted = "," + query(request, "services") + ",";
      for (const auto& service : sandbox_.parts_.services) {
        const std::string name(service->name());
        if (wanted != ",," && wanted.find("," + name + ",") == std::string::npos) continue;
        services.push_back({name, service->contacts()});
      }
      records = identity_groups(services);
    } else {
      const auto service = get_service(segments[1]);
      if (!service) return error_response(service.error());
      auto truth = (*service)->truth({segments[2], query(request, "account")});
      if (!truth) return error_response(truth.error());
      records = std::move(*truth);
    }
  }
  const auto count = records.size();
  return http::Response::json(200, to_wire(json::object{{"data", std::move(records)}, {"count", count}}));
}

}  // namespace patchbay::sandbox
