#include "hub/messaging/routes.hpp"

#include "engine/gateway/operation.hpp"

namespace patchbay::messaging {
namespace {

namespace json = sdk::json;
using gateway::RequestContext;
using resources::RouteParts;

sdk::Error first_of(const std::vector<sdk::Error>& errors) {
  return errors.size() == 1
             ? errors.front()
             : sdk::invalid_error("validation.failed", std::to_string(errors.size()) + " fields are wrong.");
}

/// Nobody is told that a message waits which nobody could ever send.
sdk::Result<void> check_provider(const RouteWiring& wiring, const Outgoing& outgoing) {
  PATCHBAY_ASSIGN(const auto connections, wiring.connections.list());
  std::string reasons;
  for (const Provider& provider :
       find_providers(wiring.providers, outgoing.channel, connections, outgoing.connection)) {
    if (provider.unusable.empty()) return {};
    reasons += " " + provider.label + ": " + provider.unusable;
  }
  return sdk::conflict_error("messages.no_provider",
                             "Nothing is connected that sends on the channel " + outgoing.channel + "." + reasons);
}

sdk::Result<http::Response> send(const RouteWiring& wiring, const RequestContext& context, const json::object& body) {
  const RouteParts& parts = wiring.parts;
  std::vector<sdk::Error> errors;
  const Outgoing outgoing = parse_outgoing(body, parts.phone_region, errors);
  if (!errors.empty()) return gateway::problem_response(first_of(errors), context.request.request_id, errors);
  PATCHBAY_TRY(check_provider(wiring, outgoing));
  std::vector<std::int64_t> work_ids;
  auto answer = answer_write(
      parts, context, *parts.registry.find("message"), 201,
      [&](storage::Session& session, std::vector<sdk::Error>& field_errors) -> sdk::Result<resources::WriteOutcome> {
        PATCHBAY_ASSIGN(auto added, wiring.messages.add(session, resources::actor_of(context.principal), outgoing, "",
                                                        field_errors));
        work_ids = std::move(added.work_ids);
        return std::move(added.message);
      });
  if (answer.ok()) wiring.messages.announce(work_ids);
  return answer;
}

/// `channel` is Slack's own here: an id, #name, a person's id or e-mail address.
json::object from_slack(const json::object& body) {
  json::object outgoing = body;
  outgoing.erase("channel");
  if (const auto* channel = body.if_contains("channel"); channel != nullptr && !channel->is_null())
    outgoing["to"] = *channel;
  if (const auto* thread = body.if_contains("thread_ts")) outgoing["threadTs"] = *thread;
  outgoing.erase("thread_ts");
  outgoing["channel"] = "slack";
  return outgoing;
}

/// What both routes take, and that they answer with the message.
json::object operation_of(std::string_view members) {
  const std::string common =
      "text:text~ connection:text~ clientId:uuid?~ jobId:uuid?~ threadId:text~ blocks:object[]~ isInternal:boolean~";
  return gateway::takes(gateway::shape(std::string(members) + " " + common),
                        gateway::answers(201, "The message, which is queued", gateway::component("Message")));
}

}  // namespace

gateway::Routes make_routes(const RouteWiring& wiring) {
  gateway::Routes routes;
  const auto add = [&](const char* pattern, const char* summary, json::object operation,
                       gateway::BlockingHandler handler) {
    gateway::Route route;
    route.method = "POST";
    route.pattern = pattern;
    route.permission = "write:messages";
    route.tag = "messages";
    route.summary = summary;
    route.operation = std::move(operation);
    route.handler = std::move(handler);
    routes.push_back(std::move(route));
  };
  add("/messages", "Send a message by e-mail, SMS or Slack; it is queued and sent once",
      operation_of("channel:text to:any~ subject:text~ html:text~ from:text~ options:object~ attachments:object[]~"),
      [wiring](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        return send(wiring, context, body);
      });
  add("/messages/slack", "Post to a channel, a person or a thread in Slack",
      operation_of("channel:text threadTs:text~"),
      [wiring](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        return send(wiring, context, from_slack(body));
      });
  return routes;
}

}  // namespace patchbay::messaging
