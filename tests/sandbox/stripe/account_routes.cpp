// The account itself, its balance, events, webhook endpoints and test clocks.
#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox::stripe {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::size_t kEventTypesMax = 20;

Answer get_account(Request& request) {
  if (auto error = request.params.finish()) return *error;
  const auto& id = request.account.id();
  return json::value(json::object{
      {"id", id},
      {"object", "account"},
      {"business_profile", json::object{{"name", "Sandbox " + request.account.key()}, {"url", nullptr}}},
      {"capabilities", json::object{{"card_payments", "active"}, {"transfers", "active"}}},
      {"charges_enabled", true},
      {"country", "US"},
      {"default_currency", "usd"},
      {"details_submitted", true},
      {"email", request.account.key() + "@sandbox.example.com"},
      {"metadata", json::object()},
      {"payouts_enabled", true},
      {"settings", json::object{{"dashboard", json::object{{"display_name", "Sandbox " + request.account.key()},
                                                           {"timezone", "Etc/UTC"}}}}},
      {"type", "standard"}});
}

Answer get_account_by_id(Request& request) {
  if (request.id != request.account.id()) {
    auto error = resource_missing("account", request.id);
    error.status = 403;
    error.code = "account_invalid";
    return error;
  }
  return get_account(request);
}

Answer get_balance(Request& request) {
  if (auto error = request.params.finish()) return *error;
  std::map<std::string, std::int64_t> sums;
  for (const auto* transaction : request.account.table("balance_transactions").by_created()) {
    sums[sdk::string_at(transaction->value, "currency")] += transaction->value.at("net").to_number<std::int64_t>();
  }
  json::array available, pending;
  for (const auto& [currency, amount] : sums) {
    available.push_back(
        json::object{{"amount", amount}, {"currency", currency}, {"source_types", json::object{{"card", amount}}}});
    pending.push_back(json::object{{"amount", 0}, {"currency", currency}, {"source_types", json::object{{"card", 0}}}});
  }
  return json::value(json::object{{"object", "balance"},
                                  {"available", std::move(available)},
                                  {"livemode", false},
                                  {"pending", std::move(pending)}});
}

/// Events reach back 30 days; older ones are unknown.
bool recent(const Account& account, const json::object& event) {
  return event.at("created").to_number<std::int64_t>() >= account.now() - kEventDays * kDaySeconds;
}

Answer list_events(Request& request) {
  auto types = request.params.texts("types");
  if (types.size() > kEventTypesMax) request.params.fail(invalid_state("", "At most 20 types can be given."));
  if (const auto type = request.params.text("type")) types.push_back(*type);
  request.params.ignore({"delivery_success"});
  const auto& account = request.account;
  const auto wanted = [&types](const std::string& type) {
    return types.empty() || std::any_of(types.begin(), types.end(), [&](const std::string& pattern) {
             return pattern == type ||
                    (pattern.ends_with(".*") && type.starts_with(pattern.substr(0, pattern.size() - 1)));
           });
  };
  const ListRule rule{"events", "/v1/events", {}, [&](const json::object& event) {
                        return wanted(sdk::string_at(event, "type")) && recent(account, event);
                      }};
  return list_objects(account, rule, request.params);
}

Answer get_event(Request& request) {
  const auto* event = request.account.find("events", request.id);
  if (event != nullptr && !recent(request.account, event->value)) return resource_missing("event", request.id);
  return get_object(request, "events");
}

void apply(json::object& endpoint, Params& params) {
  if (const auto url = params.text("url")) {
    if (!url->starts_with("http://") && !url->starts_with("https://")) {
      params.fail(invalid_state("url_invalid", "Invalid URL: An explicit scheme (such as https) must be provided."));
    }
    endpoint["url"] = *url;
  }
  if (const auto events = params.texts("enabled_events"); !events.empty()) {
    endpoint["enabled_events"] = json::array(events.begin(), events.end());
  }
  set_text(endpoint, "description", params.text("description"));
  if (const auto disabled = params.flag("disabled")) endpoint["status"] = *disabled ? "disabled" : "enabled";
  merge_metadata(endpoint, params);
  params.ignore({"connect"});
}

Answer create_endpoint(Request& request) {
  auto& account = request.account;
  json::object endpoint{{"id", account.new_id("we_")},
                        {"object", "webhook_endpoint"},
                        {"api_version", nullptr},
                        {"application", nullptr},
                        {"created", account.now()},
                        {"description", nullptr},
                        {"enabled_events", json::array()},
                        {"livemode", false},
                        {"metadata", json::object()},
                        {"status", "enabled"},
                        {"url", nullptr}};
  request.params.required_text("url");
  if (request.params.texts("enabled_events").empty()) {
    request.params.fail(invalid_state("parameter_missing", "Missing required param: enabled_events."));
  }
  set_text(endpoint, "api_version", request.params.text("api_version"));
  apply(endpoint, request.params);
  if (auto error = request.params.finish()) return *error;
  auto shown = account.put("webhook_endpoints", std::move(endpoint));
  const auto secret = account.new_id("whsec_");
  account.put("webhook_secrets", json::object{{"id", shown.at("id")}, {"created", account.now()}, {"secret", secret}});
  shown["secret"] = secret;  // shown this once
  return json::value(std::move(shown));
}

Answer update_endpoint(Request& request) {
  const auto* record = request.account.find("webhook_endpoints", request.id);
  if (record == nullptr) return resource_missing("webhook_endpoint", request.id);
  auto endpoint = record->value;
  apply(endpoint, request.params);
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.put("webhook_endpoints", std::move(endpoint)));
}

Answer delete_endpoint(Request& request) {
  if (request.account.find("webhook_endpoints", request.id) == nullptr)
    return resource_missing("webhook_endpoint", request.id);
  if (auto error = request.params.finish()) return *error;
  request.account.erase("webhook_endpoints", request.id);
  request.account.erase("webhook_secrets", request.id);
  return json::value(json::object{{"id", request.id}, {"object", "webhook_endpoint"}, {"deleted", true}});
}

Answer list_endpoints(Request& request) {
  return list_objects(request.account, {"webhook_endpoints", "/v1/webhook_endpoints", {}}, request.params);
}
Answer get_endpoint(Request& request) {
  return get_object(request, "webhook_endpoints");
}

Answer create_clock(Request& request) {
  auto& account = request.account;
  json::object clock{{"id", account.new_id("clock_")},
                     {"object", "test_helpers.test_clock"},
                     {"created", account.now()},
                     {"deletes_after", account.now() + kEventDays * kDaySeconds},
                     {"frozen_time", request.params.required_integer("frozen_time")},
                     {"livemode", false},
                     {"name", nullptr},
                     {"status", "ready"}};
  set_text(clock, "name", request.params.text("name"));
  if (auto error = request.params.finish()) return *error;
  return json::value(account.put("test_clocks", std::move(clock)));
}

Answer advance_clock(Request& request) {
  const auto* record = request.account.find("test_clocks", request.id);
  if (record == nullptr) return resource_missing("test_clock", request.id);
  const auto time = request.params.required_integer("frozen_time");
  auto clock = record->value;
  if (time < clock.at("frozen_time").to_number<std::int64_t>())
    request.params.fail(invalid_state("", "A test clock cannot go back."));
  if (auto error = request.params.finish()) return *error;
  clock["frozen_time"] = time;
  return json::value(request.account.put("test_clocks", std::move(clock)));
}

Answer delete_clock(Request& request) {
  if (request.account.find("test_clocks", request.id) == nullptr) return resource_missing("test_clock", request.id);
  if (auto error = request.params.finish()) return *error;
  request.account.erase("test_clocks", request.id);
  return json::value(json::object{{"id", request.id}, {"object", "test_helpers.test_clock"}, {"deleted", true}});
}

Answer list_clocks(Request& request) {
  return list_objects(request.account, {"test_clocks", "/v1/test_helpers/test_clocks", {}}, request.params);
}
Answer get_clock(Request& request) {
  return get_object(request, "test_clocks");
}

constexpr std::array<Route, 15> kRoutes{{{"GET", "/v1/account", get_account},
                                         {"GET", "/v1/accounts/{id}", get_account_by_id},
                                         {"GET", "/v1/balance", get_balance},
                                         {"GET", "/v1/events", list_events},
                                         {"GET", "/v1/events/{id}", get_event},
                                         {"GET", "/v1/webhook_endpoints", list_endpoints},
                                         {"POST", "/v1/webhook_endpoints", create_endpoint},
                                         {"GET", "/v1/webhook_endpoints/{id}", get_endpoint},
                                         {"POST", "/v1/webhook_endpoints/{id}", update_endpoint},
                                         {"DELETE", "/v1/webhook_endpoints/{id}", delete_endpoint},
                                         {"GET", "/v1/test_helpers/test_clocks", list_clocks},
                                         {"POST", "/v1/test_helpers/test_clocks", create_clock},
                                         {"GET", "/v1/test_helpers/test_clocks/{id}", get_clock},
                                         {"POST", "/v1/test_helpers/test_clocks/{id}/advance", advance_clock},
                                         {"DELETE", "/v1/test_helpers/test_clocks/{id}", delete_clock}}};

}  // namespace

std::span<const Route> account_routes() {
  return kRoutes;
}

}  // namespace patchbay::sandbox::stripe
