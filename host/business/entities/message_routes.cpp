#include "business/entities/routes.hpp"
#include "engine/resources/sql.hpp"

namespace patchbay::entities {
namespace {

using resources::RouteParts;

/// Threads among the newest messages that match: cost does not grow with the table.
constexpr std::string_view kThreads =
    "with recent as (select e.* from messages e where e.id = any ($1::uuid[])), "
    "threads as (select distinct on (coalesce(r.thread_key, r.client_id::text, r.id::text), r.channel) r.*, "
    "coalesce(r.thread_key, r.client_id::text, r.id::text) as thread from recent r "
    "order by coalesce(r.thread_key, r.client_id::text, r.id::text), r.channel, r.sent_at desc, r.id desc) "
    "select coalesce(json_agg(json_build_object('id', t.channel || ':' || t.thread, 'channel', t.channel, 'client', "
    "case when c.id is null then null else json_build_object('id', c.id, 'name', c.name) end, 'subject', t.subject, "
    "'lastMessage', "
    "json_build_object('id', t.id, 'direction', t.direction, 'body', left(t.body, 500), 'status', t.status, 'at', "
    "to_char(t.sent_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')), 'unreadCount', "
    "(select count(*) from recent u where coalesce(u.thread_key, u.client_id::text, u.id::text) = t.thread and "
    "u.channel = t.channel "
    "and u.direction = 'inbound' and u.read_at is null)) order by t.sent_at desc, t.id desc), '[]') as threads "
    "from threads t left join clients c on c.id = t.client_id";

constexpr std::size_t kRecentMessages = resources::kPageSizeMax;

gateway::BlockingHandler threads_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    const auto& messages = *parts.registry.find("message");
    std::vector<sdk::Error> errors;
    auto query = parse_list_query(messages, context.request.query, parts.phone_region, errors);
    if (!query) return resources::query_problem(context, errors);
    query->page_size = kRecentMessages;
    const auto scope = row_scope(parts.policy, messages, context.principal);
    const auto statement = resources::sql::select_list(messages, scope, *query);
    PATCHBAY_ASSIGN(const auto recent,
                    parts.database.query(storage::Lane::kInteractive, statement.text, statement.params));
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < recent.size(); ++i) ids.push_back(recent.text(i, "id"));
    PATCHBAY_ASSIGN(const auto rows,
                    parts.database.query(storage::Lane::kInteractive, kThreads, {storage::array_literal(ids)}));
    return json_cell_response(rows);
  };
}

}  // namespace

void add_message_routes(const RouteParts& parts, gateway::Routes& routes) {
  routes.push_back(blocking_route("GET", "/messages/threads", "read:messages", "messages",
                                  "Conversations, the one with the newest message first", threads_handler(parts)));
}

}  // namespace patchbay::entities
