#include "business/dashboard/dashboard.hpp"

#include "engine/gateway/list_page.hpp"
#include "engine/gateway/operation.hpp"
#include "engine/resources/event_visibility.hpp"
#include "engine/resources/field_value.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::dashboard {
namespace {

namespace json = sdk::json;

constexpr auto kAgeMax = std::chrono::seconds(1);
constexpr std::size_t kEntriesMax = 256;
constexpr std::size_t kActivityDefault = 20;
constexpr std::size_t kActivityMax = 100;
/// Newest events looked through for those that a role sees.
constexpr std::size_t kEventsScanned = 500;

// Revenue is money received: succeeded payments less refunds, by the day they were made (UTC).
constexpr std::string_view kMoney =
    "select p.currency, coalesce(sum(p.amount) filter (where p.paid_at >= date_trunc('day', now())), 0) as today, "
    "coalesce(sum(p.amount) filter (where p.paid_at >= date_trunc('month', now())), 0) as month, "
    "coalesce(sum(p.amount) filter (where p.paid_at < date_trunc('month', now())), 0) as last_month from payments p "
    "where p.deleted_at is null and p.status in ('succeeded', 'partially_refunded', 'refunded') "
    "and p.paid_at >= date_trunc('month', now()) - interval '1 month' and p.paid_at <= now() group by p.currency";

constexpr std::string_view kReceivables =
    "select i.currency, sum(i.balance) as open, coalesce(sum(i.balance) filter (where i.status = 'overdue' or "
    "i.due_date < now()), 0) as overdue from invoices i where i.deleted_at is null and "
    "i.status in ('sent', 'partially_paid', 'overdue') group by i.currency";

constexpr std::string_view kJobs =
    "select j.status, count(*) as count from jobs j where j.deleted_at is null and "
    "($1::boolean or j.furthest_status <> 'tentative') group by j.status";

constexpr std::string_view kConnections =
    "select count(*) filter (where c.state = 'connected') as ok, "
    "count(*) filter (where c.state in ('unreachable', 'needs_reconnect', 'disconnected')) as failing from connections "
    "c where "
    "c.deleted_at is null";

constexpr std::string_view kEvents =
    "select o.id, o.at, o.action, o.topic, o.entity_kind, o.entity_id, o.origin, o.actor_id, o.data, o.visibility, "
    "u.name as user_name "
    "from (select * from outbox order by at desc limit $1::bigint) o left join users u on u.id::text = o.actor_id and "
    "o.origin = 'api' "
    "order by o.at desc, o.id desc";

struct Amounts {
  json::object of_business;
  json::object by_currency;
};

/// Sums of the business's currency as the figure itself; other currencies are never added to it.
Amounts amounts_of(const storage::Rows& rows, const std::vector<std::pair<std::string, std::string>>& columns,
                   const std::string& currency) {
  Amounts amounts;
  const auto row_json = [&](std::size_t row, const std::string& of) {
    json::object sums;
    for (const auto& [name, column] : columns) sums[name] = resources::money_text(rows.text(row, column), of);
    return sums;
  };
  for (const auto& [name, column] : columns) amounts.of_business[name] = resources::money_text("0", currency);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string of = rows.text(i, "currency");
    if (of == currency) {
      amounts.of_business = row_json(i, of);
    } else {
      amounts.by_currency[of] = row_json(i, of);
    }
  }
  amounts.of_business["currency"] = currency;
  if (!amounts.by_currency.empty()) amounts.of_business["otherCurrencies"] = amounts.by_currency;
  return amounts;
}

/// What a person calls the row: its name, title, number or subject.
std::string title_of(const json::object& data) {
  for (const char* name : {"name", "title", "subject", "number", "reference"}) {
    const json::value* value = data.if_contains(name);
    if (value != nullptr && value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
  }
  return {};
}

sdk::Result<std::size_t> limit_of(const http::Request& request) {
  std::size_t limit = kActivityDefault;
  for (const auto& [name, value] : request.query) {
    if (name != "limit") return gateway::unknown_parameter(name, {"limit"});
    PATCHBAY_ASSIGN(limit, gateway::parse_count(name, value, kActivityMax));
  }
  return limit;
}

}  // namespace

std::optional<std::string> AnswerCache::find(const std::string& key, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || now - found->second.at > kAgeMax) return std::nullopt;
  return found->second.answer;
}

void AnswerCache::put(const std::string& key, std::string answer, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_[key] = {std::move(answer), now};
}

Dashboard::Dashboard(storage::Database& database, const resources::Registry& registry, const policy::Policy& policy,
                     std::string currency)
    : database_(database), registry_(registry), policy_(policy), currency_(std::move(currency)) {}

sdk::Result<std::string> Dashboard::summary(const policy::Principal& principal) {
  const bool sees_all_jobs = policy_.row_filter(principal.role, "job") == "all";
  const std::string key = sees_all_jobs ? "summary all" : "summary";
  const auto now = AnswerCache::Clock::now();
  if (auto known = cache_.find(key, now)) return *known;
  const auto lane = storage::Lane::kInteractive;
  PATCHBAY_ASSIGN(const auto money, database_.query(lane, kMoney));
  PATCHBAY_ASSIGN(const auto receivables, database_.query(lane, kReceivables));
  PATCHBAY_ASSIGN(const auto jobs, database_.query(lane, kJobs, {std::string(sees_all_jobs ? "true" : "false")}));
  PATCHBAY_ASSIGN(const auto connections, database_.query(lane, kConnections));
  json::object by_status;
  for (const std::string& status : registry_.find("job")->find_field("status")->values) {
    if (sees_all_jobs || status != "tentative") by_status[status] = 0;
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) by_status[jobs.text(i, "status")] = jobs.integer(i, "count");
  json::object data;
  data["revenue"] =
      amounts_of(money, {{"today", "today"}, {"month", "month"}, {"lastMonth", "last_month"}}, currency_).of_business;
  data["receivables"] = amounts_of(receivables, {{"open", "open"}, {"overdue", "overdue"}}, currency_).of_business;
  data["jobsByStatus"] = std::move(by_status);
  data["connections"] = {{"ok", connections.integer(0, "ok")}, {"failing", connections.integer(0, "failing")}};
  std::string answer = json::serialize(data);
  cache_.put(key, answer, now);
  return answer;
}

sdk::Result<std::string> Dashboard::activity(const policy::Principal& principal, std::size_t limit) {
  // Who sees the dashboard sees rows by role alone, not by person.
  const std::string key = "activity " + principal.role + " " + std::to_string(limit);
  const auto now = AnswerCache::Clock::now();
  if (auto known = cache_.find(key, now)) return *known;
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kInteractive, kEvents, {std::to_string(kEventsScanned)}));
  json::array entries;
  for (std::size_t i = 0; i < rows.size() && entries.size() < limit; ++i) {
    const auto* description = registry_.find(rows.text(i, "entity_kind"));
    if (description == nullptr || !policy_.allows(principal, description->read_permission)) continue;
    const json::value visibility = json::parse(rows.text(i, "visibility"));
    if (!resources::visible(*description, policy_, principal, visibility.get_object())) continue;
    const json::value row = json::parse(rows.text(i, "data"));
    const std::string user = rows.text(i, "user_name");
    json::object entry;
    entry["id"] = rows.text(i, "id");
    entry["at"] = resources::time_text(rows.text(i, "at"));
    entry["actor"] = {{"kind", rows.text(i, "origin") == "api"    ? "user"
                               : rows.text(i, "origin") == "sync" ? "service"
                                                                  : "system"},
                      {"id", rows.text(i, "actor_id")},
                      {"name", user.empty() ? rows.text(i, "actor_id") : user}};
    entry["action"] = rows.text(i, "action");
    entry["resource"] = {{"kind", description->kind}, {"id", rows.text(i, "entity_id")}};
    entry["title"] = row.is_object() ? title_of(row.get_object()) : std::string();
    entries.push_back(std::move(entry));
  }
  std::string answer = json::serialize(entries);
  cache_.put(key, answer, now);
  return answer;
}

gateway::Routes Dashboard::routes() {
  const auto answer = [](sdk::Result<std::string> json) -> sdk::Result<http::Response> {
    if (!json.ok()) return json.error();
    return http::Response::json(200, resources::envelope(*json));
  };
  gateway::Route summary_route;
  summary_route.method = "GET";
  summary_route.pattern = "/dashboard/summary";
  summary_route.permission = "read:dashboard";
  summary_route.tag = "dashboard";
  summary_route.summary = "Revenue, receivables, jobs by state, connections; at most a second old";
  summary_route.operation = gateway::answers(
      200, "The summary", gateway::shape("revenue:object receivables:object jobsByStatus:object connections:object"));
  summary_route.handler = [this, answer](const gateway::RequestContext& context) {
    return answer(summary(context.principal));
  };
  gateway::Route activity_route = summary_route;
  activity_route.pattern = "/dashboard/activity";
  activity_route.summary = "Latest changes, newest first";
  json::object activity_list = gateway::answers(
      200, "Changes",
      {{"type", "array"},
       {"items", gateway::shape("id:text at:time actor:object action:text resource:object title:text")}});
  activity_list["parameters"] = json::array{
      {{"name", "limit"},
       {"in", "query"},
       {"schema", {{"type", "integer"}, {"minimum", 1}, {"maximum", kActivityMax}, {"default", kActivityDefault}}}}};
  activity_route.operation = std::move(activity_list);
  activity_route.handler = [this, answer](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const std::size_t limit, limit_of(context.request));
    return answer(activity(context.principal, limit));
  };
  return {summary_route, activity_route};
}

}  // namespace patchbay::dashboard
