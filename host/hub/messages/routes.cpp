#include "hub/messages/routes.hpp"

#include "engine/gateway/operation.hpp"

#include <algorithm>

namespace patchbay::messages {
namespace {

namespace json = sdk::json;

constexpr std::array<std::string_view, 3> kChannels{"email", "sms", "slack"};
constexpr std::array<std::string_view, 14> kMembers{"channel",  "to",     "toAddress",  "text",      "body",
                                                    "subject",  "html",   "clientId",   "jobId",     "threadId",
                                                    "threadTs", "blocks", "connection", "isInternal"};

std::string first_text(const json::object& body, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto* value = body.if_contains(name);
    if (value != nullptr && value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
  }
  return {};
}

sdk::Result<void> check_members(const json::object& body) {
  for (const auto& member : body) {
    const std::string name(member.key());
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end())
      return sdk::invalid_error("request.unknown_field", "'" + name + "' is not known here", name);
    const bool blocks = name == "blocks", flag = name == "isInternal";
    const bool fits = member.value().is_null() || (blocks ? member.value().is_array()
                                                   : flag ? member.value().is_bool()
                                                          : member.value().is_string());
    if (!fits)
      return sdk::invalid_error("request.wrong_type",
                                name + (blocks ? " must be a list"
                                        : flag ? " must be true or false"
                                               : " must be a text"),
                                name);
  }
  return {};
}

/// The row that the request asks for.
sdk::Result<json::object> row_of(const json::object& body, const std::string& channel, const std::string& to) {
  if (to.empty()) return sdk::invalid_error("required", "A message needs somebody to go to.", "to");
  const std::string text = first_text(body, {"body", "text"});
  const auto* blocks = body.if_contains("blocks");
  const bool has_blocks = blocks != nullptr && blocks->is_array() && !blocks->get_array().empty();
  if (text.empty() && first_text(body, {"html"}).empty() && !has_blocks)
    return sdk::invalid_error("required", "A message needs a text.", "text");
  json::object row{{"channel", channel}, {"toAddress", to}};
  if (!text.empty()) row["body"] = text;
  for (const char* name : {"subject", "clientId", "jobId", "isInternal"}) {
    const auto* value = body.if_contains(name);
    if (value != nullptr && !value->is_null()) row[name] = *value;
  }
  return row;
}

Order order_of(const json::object& body, const std::string& connection_id) {
  Order order;
  order.connection_id = connection_id;
  order.thread_id = first_text(body, {"threadId", "threadTs"});
  order.html = first_text(body, {"html"});
  const auto* blocks = body.if_contains("blocks");
  if (blocks != nullptr && blocks->is_array()) order.options["blocks"] = *blocks;
  return order;
}

sdk::Result<http::Response> send(const resources::RouteParts& parts, const Outgoing& outgoing,
                                 const gateway::RequestContext& context, const json::object& body,
                                 const std::string& channel, const std::string& to) {
  PATCHBAY_TRY(check_members(body));
  PATCHBAY_ASSIGN(const json::object row, row_of(body, channel, to));
  PATCHBAY_ASSIGN(const auto connection, outgoing.get_connection(channel, first_text(body, {"connection"})));
  const Order order = order_of(body, connection.id);
  std::vector<std::int64_t> work_ids;
  auto answer = resources::answer_write(
      parts, context, *parts.registry.find("message"), 201,
      [&](storage::Session& session, std::vector<sdk::Error>& errors) -> sdk::Result<resources::WriteOutcome> {
        PATCHBAY_ASSIGN(auto added, outgoing.add(session, resources::actor_of(context.principal), row, order, errors));
        work_ids = std::move(added.work_ids);
        return std::move(added.message);
      });
  if (answer.ok()) outgoing.announce(work_ids);
  return answer;
}

gateway::BlockingHandler send_handler(const resources::RouteParts& parts, const Outgoing& outgoing) {
  return [&parts, &outgoing](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const json::object body, gateway::json_body(context.request));
    const std::string channel = first_text(body, {"channel"});
    if (std::find(kChannels.begin(), kChannels.end(), channel) == kChannels.end())
      return sdk::invalid_error("messages.channel", "channel must be email, sms or slack: nothing else can be sent.",
                                "channel");
    return send(parts, outgoing, context, body, channel, first_text(body, {"to", "toAddress"}));
  };
}

/// `channel` is Slack's own here: an id, #name, a person's id or e-mail address.
gateway::BlockingHandler slack_handler(const resources::RouteParts& parts, const Outgoing& outgoing) {
  return [&parts, &outgoing](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const json::object body, gateway::json_body(context.request));
    const std::string to = first_text(body, {"channel", "to", "toAddress"});
    if (to.empty()) return sdk::invalid_error("required", "A message needs a channel.", "channel");
    return send(parts, outgoing, context, body, "slack", to);
  };
}

}  // namespace

gateway::Routes make_routes(const resources::RouteParts& parts, const Outgoing& outgoing) {
  gateway::Routes routes;
  const auto add = [&routes](const char* pattern, const char* summary, gateway::BlockingHandler handler) {
    gateway::Route route;
    route.method = "POST";
    route.pattern = pattern;
    route.permission = "write:messages";
    route.tag = "messages";
    route.operation = gateway::takes(
        gateway::shape("channel:text to:text~ text:text~ html:text~ subject:text~ clientId:uuid?~ jobId:uuid?~ "
                       "connection:text~ threadId:text~ blocks:object[]~ isInternal:boolean~"),
        gateway::answers(201, "The message, which is queued", gateway::component("Message")));
    route.summary = summary;
    route.handler = std::move(handler);
    routes.push_back(std::move(route));
  };
  add("/messages", "Send a message by e-mail, SMS or Slack; it is queued and sent once", send_handler(parts, outgoing));
  add("/messages/slack", "Post to a channel, a person or a thread in Slack", slack_handler(parts, outgoing));
  return routes;
}

}  // namespace patchbay::messages
