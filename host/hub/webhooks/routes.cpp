#include "hub/webhooks/routes.hpp"

#include "engine/gateway/list_page.hpp"
#include "engine/gateway/operation.hpp"
#include "engine/queue/work.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/json.hpp>

#include <charconv>
#include <string_view>

namespace patchbay::webhooks {
namespace {

using Filter = gateway::ListFilter::Kind;

const std::vector<std::string> kItemStates{"due", "claimed", "done", "dead"};

#define PATCHBAY_TIME(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
#define PATCHBAY_EVENT_JSON \
  "'id', w.id::text, 'connectionId', w.connection_id, 'connector', c.connector, 'topic', w.topic, 'state', w.state, "    \
  "'outcome', w.outcome, 'attempts', w.attempts, 'error', w.last_error, 'receivedAt', " PATCHBAY_TIME("w.created_at")    \
  ", 'dueAt', case when w.state = 'due' then " PATCHBAY_TIME("w.due_at") " end, 'finishedAt', "                          \
  PATCHBAY_TIME("w.finished_at")

constexpr std::string_view kList =
    "select w.id, jsonb_build_object(" PATCHBAY_EVENT_JSON
    ")::text as item from work_items w left join connections c on c.id = w.connection_id where w.kind = 'webhook' "
    "and ($1::text is null or c.connector = $1) and ($2::text is null or w.state = $2) and ($3::text is null or "
    "w.topic = $3) "
    "and ($4::uuid is null or w.connection_id = $4::uuid) and ($5::bigint is null or w.id < $5::bigint) "
    "order by w.id desc limit $6::bigint";
// A body that is no clean text is shown as base64.
constexpr std::string_view kOne =
    "select jsonb_build_object(" PATCHBAY_EVENT_JSON
    ", 'headers', w.headers, 'event', w.payload->'event')::text as item, w.body from work_items w "
    "left join connections c on c.id = w.connection_id where w.kind = 'webhook' and w.id = $1::bigint";

#undef PATCHBAY_EVENT_JSON
#undef PATCHBAY_TIME

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

storage::Param or_null(std::string text) {
  return text.empty() ? storage::Param() : storage::Param(std::move(text));
}

/// The cursor of these lists is the number of the last row.
sdk::Result<std::optional<std::int64_t>> before_id(const gateway::ListPage& page) {
  if (page.cursor.empty()) return std::optional<std::int64_t>();
  const auto number = whole_number<std::int64_t>(page.cursor);
  if (!number) return sdk::invalid_error("query.cursor", "The cursor is not one of ours.", "cursor");
  return number;
}

// Not called "id": that is a UUID in every address, and these count.
constexpr const char* kNumber = "number";

sdk::Result<std::int64_t> id_param(const gateway::RequestContext& context) {
  const auto id = whole_number<std::int64_t>(context.path_param(kNumber));
  if (!id) return sdk::not_found_error("webhooks.no_such_item", "There is no such item.");
  return *id;
}

http::Response page_response(sdk::json::array items, std::size_t page_size) {
  sdk::json::object pagination{{"pageSize", page_size}};
  pagination["nextCursor"] =
      items.size() < page_size ? sdk::json::value() : sdk::json::value(items.back().as_object().at("id").as_string());
  return gateway::data_response(200, std::move(items), {{"pagination", std::move(pagination)}});
}

sdk::Result<http::Response> list_events(storage::Database& database, const gateway::RequestContext& context) {
  PATCHBAY_ASSIGN(const gateway::ListPage page,
                  gateway::parse_list_page(context.request, {{"connector", Filter::kText, {}},
                                                             {"state", Filter::kWord, kItemStates},
                                                             {"topic", Filter::kText, {}},
                                                             {"connectionId", Filter::kId, {}}}));
  PATCHBAY_ASSIGN(const auto before, before_id(page));
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database.query(storage::Lane::kInteractive, kList,
                                 {or_null(page.filter("connector")), or_null(page.filter("state")),
                                  or_null(page.filter("topic")), or_null(page.filter("connectionId")),
                                  before ? storage::Param(std::to_string(*before)) : storage::Param(),
                                  std::to_string(page.page_size)}));
  sdk::json::array items;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    PATCHBAY_ASSIGN(sdk::json::value item, sdk::parse_json(rows.text(row, "item")));
    items.push_back(std::move(item));
  }
  return page_response(std::move(items), page.page_size);
}

sdk::Result<http::Response> list_dead_letters(const queue::DeadLetters& dead_letters,
                                              const gateway::RequestContext& context) {
  const std::vector<std::string> kinds(queue::kWorkKinds.begin(), queue::kWorkKinds.end());
  PATCHBAY_ASSIGN(
      const gateway::ListPage page,
      gateway::parse_list_page(context.request, {{"kind", Filter::kWord, kinds}, {"connectionId", Filter::kId, {}}}));
  PATCHBAY_ASSIGN(const auto before, before_id(page));
  PATCHBAY_ASSIGN(auto found,
                  dead_letters.list({page.filter("kind"), page.filter("connectionId"), before, page.page_size}));
  sdk::json::array items;
  for (auto& item : found) items.emplace_back(std::move(item));
  return page_response(std::move(items), page.page_size);
}

sdk::Result<http::Response> get_event(storage::Database& database, const gateway::RequestContext& context) {
  PATCHBAY_ASSIGN(const std::int64_t id, id_param(context));
  PATCHBAY_ASSIGN(const storage::Rows rows, database.query(storage::Lane::kInteractive, kOne, {std::to_string(id)}));
  if (rows.empty()) return sdk::not_found_error("webhooks.no_such_event", "There is no such webhook event.");
  PATCHBAY_ASSIGN(sdk::json::value item, sdk::parse_json(rows.text(0, "item")));
  PATCHBAY_ASSIGN(const std::string body, storage::decode_bytea(rows.at(0, "body").value_or("\\x")));
  const bool text = sdk::is_clean_utf8(body);
  item.as_object()[text ? "body" : "bodyBase64"] = text ? body : sdk::base64_encode(body);
  return gateway::data_response(200, item);
}

/// What each route takes and answers.
sdk::json::object operation_of(const std::string& method, const std::string& pattern) {
  constexpr std::string_view kEvent =
      "id:text connectionId:uuid? connector:text? topic:text? state:text outcome:text? attempts:integer error:object? "
      "receivedAt:time dueAt:time? finishedAt:time? headers:object?~ event:object?~ body:text~ bodyBase64:text~";
  if (method == "POST") return gateway::answers(202, "It waits for its turn", gateway::shape("id:text state:text"));
  if (pattern == "/webhook-events") return gateway::answers_list("Receipts", gateway::shape(kEvent));
  if (pattern == "/dead-letters") {
    return gateway::answers_list("Dead letters",
                                 gateway::shape("id:text kind:text connectionId:uuid? topic:text? laneKey:text "
                                                "attempts:integer error:object? createdAt:time diedAt:time?"));
  }
  if (pattern == "/guarantees") return gateway::answers(200, "Figures", gateway::shape("webhooks:object"));
  return gateway::answers(200, "A receipt", gateway::shape(kEvent));
}

gateway::Route route(std::string method, std::string pattern, std::string permission, std::string summary,
                     gateway::BlockingHandler handler) {
  gateway::Route made;
  made.method = std::move(method);
  made.pattern = std::move(pattern);
  made.permission = std::move(permission);
  made.handler = std::move(handler);
  made.tag = "webhooks";
  made.operation = operation_of(made.method, made.pattern);
  made.summary = std::move(summary);
  return made;
}

}  // namespace

gateway::Routes make_routes(storage::Database& database, const queue::DeadLetters& dead_letters, Guarantees& guarantees,
                            bool public_guarantees) {
  using Context = gateway::RequestContext;
  using Answer = sdk::Result<http::Response>;
  gateway::Routes routes;
  routes.push_back(route("GET", "/webhook-events", "read:webhooks", "Receipts of webhooks, newest first",
                         [&database](const Context& context) { return list_events(database, context); }));
  routes.push_back(route("GET", "/webhook-events/{number}", "read:webhooks", "One receipt with its body",
                         [&database](const Context& context) { return get_event(database, context); }));
  routes.push_back(
      route("POST", "/webhook-events/{number}/replay", "write:webhooks", "Applies a finished receipt once more",
            [&dead_letters](const Context& context) -> Answer {
              PATCHBAY_ASSIGN(const std::int64_t id, id_param(context));
              PATCHBAY_TRY(dead_letters.replay(id, std::string(kWorkKind)));
              return gateway::data_response(202, sdk::json::object{{"id", std::to_string(id)}, {"state", "due"}});
            }));
  routes.push_back(route("GET", "/dead-letters", "read:dead_letters", "Work that was given up, newest first",
                         [&dead_letters](const Context& context) { return list_dead_letters(dead_letters, context); }));
  routes.push_back(
      route("POST", "/dead-letters/{number}/retry", "write:dead_letters", "Tries work once more that was given up",
            [&dead_letters](const Context& context) -> Answer {
              PATCHBAY_ASSIGN(const std::int64_t id, id_param(context));
              PATCHBAY_TRY(dead_letters.retry(id));
              return gateway::data_response(202, sdk::json::object{{"id", std::to_string(id)}, {"state", "due"}});
            }));
  gateway::Route balance = route("GET", "/guarantees", public_guarantees ? "" : "read:operations",
                                 "What came in and where it is", [&guarantees](const Context&) -> Answer {
                                   PATCHBAY_ASSIGN(const sdk::json::object figures, guarantees.current());
                                   return gateway::data_response(200, figures);
                                 });
  balance.tag = "operations";
  balance.at_root = true;
  if (public_guarantees) balance.access = gateway::Access::kPublic;
  routes.push_back(std::move(balance));
  return routes;
}

}  // namespace patchbay::webhooks
