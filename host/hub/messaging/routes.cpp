#include "hub/messaging/routes.hpp"

#include "hub/identity/key_lookup.hpp"
#include "hub/messaging/send_store.hpp"
#include "hub/messaging/sender.hpp"

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

/// The client's own address, where the caller named nobody else and may see the client.
sdk::Result<void> add_client_address(const RouteParts& parts, storage::Session& session, const resources::Actor& actor,
                                     Outgoing& outgoing, std::vector<sdk::Error>& errors) {
  if (!outgoing.to.empty()) return {};
  const auto client = parts.writer.lock(session, *parts.registry.find("client"), actor, outgoing.client_id);
  if (!client.ok() && client.error().error_class != sdk::ErrorClass::kNotFound) return client.error();
  const char* member = outgoing.channel == "email" ? "email" : "phone";
  const auto* given = client.ok() ? client->if_contains(member) : nullptr;
  const auto address = given == nullptr || !given->is_string()
                           ? std::nullopt
                           : normal_address(outgoing.channel, given->get_string(), parts.phone_region);
  if (address) {
    outgoing.to = {*address};
    return {};
  }
  errors.push_back(client.ok() ? sdk::invalid_error("message.address",
                                                    std::string("The client has no ") + member + " to write to.", "to")
                               : sdk::invalid_error("reference.not_found", "clientId does not exist.", "clientId"));
  return first_of(errors);
}

/// Whose address it is, where exactly one client has it.
sdk::Result<std::string> find_client(const RouteParts& parts, storage::Session& session, const Outgoing& outgoing) {
  if (!outgoing.client_id.empty() || outgoing.channel == "slack" || outgoing.to.size() != 1) return std::string();
  const std::string key = outgoing.channel == "email" ? "email" : "phone";
  std::string address = outgoing.to.front();
  if (key == "email")
    std::transform(address.begin(), address.end(), address.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  PATCHBAY_ASSIGN(const auto found, identity::find_by_key(session, *parts.registry.find("client"), key, {address}));
  return found.empty() ? std::string() : found.begin()->second;
}

sdk::Result<resources::WriteOutcome> make_message(const RouteParts& parts, storage::Session& session,
                                                  const resources::Actor& actor, Outgoing& outgoing,
                                                  std::vector<sdk::Error>& errors) {
  PATCHBAY_TRY(add_client_address(parts, session, actor, outgoing, errors));
  const auto& messages = *parts.registry.find("message");
  json::object row{{"channel", outgoing.channel},
                   {"direction", "outbound"},
                   {"toAddress", joined(outgoing.to)},
                   {"body", outgoing.text}};
  if (!outgoing.subject.empty()) row["subject"] = outgoing.subject;
  if (!outgoing.from.empty()) row["fromAddress"] = outgoing.from;
  if (!outgoing.client_id.empty()) row["clientId"] = outgoing.client_id;
  if (!outgoing.job_id.empty()) row["jobId"] = outgoing.job_id;
  if (outgoing.is_internal) row["isInternal"] = true;
  PATCHBAY_ASSIGN(auto made, parts.writer.create(session, messages, actor, row, errors));
  PATCHBAY_ASSIGN(const std::string client, find_client(parts, session, outgoing));
  if (!client.empty()) {
    PATCHBAY_ASSIGN(made,
                    parts.writer.amend(session, messages, resources::Actor{}, made.entity_id, {{"clientId", client}}));
  }
  PATCHBAY_TRY(insert_send(session, made.entity_id, outgoing));
  return made;
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
  std::vector<std::int64_t> work;
  auto answer = answer_write(
      parts, context, *parts.registry.find("message"), 201,
      [&](storage::Session& session, std::vector<sdk::Error>& field_errors) -> sdk::Result<resources::WriteOutcome> {
        Outgoing order = outgoing;
        PATCHBAY_ASSIGN(auto made,
                        make_message(parts, session, resources::actor_of(context.principal), order, field_errors));
        PATCHBAY_ASSIGN(work, wiring.queue.enqueue(session, {make_work(made.entity_id, order)}));
        return made;
      });
  if (answer.ok() && !work.empty()) wiring.queue.announce(kWorkKind, work);
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

json::object text_schema(std::string_view description = {}) {
  json::object schema{{"type", "string"}};
  if (!description.empty()) schema["description"] = description;
  return schema;
}

json::object request_body(json::object properties, std::initializer_list<std::string_view> required) {
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  schema["required"] = json::array(required.begin(), required.end());
  return {{"requestBody", {{"required", true}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}}}};
}

/// What both routes take.
json::object common_properties() {
  return {{"text", text_schema()},
          {"connection",
           text_schema("Id or name of the connection that is to send it, or smtp; else messages.channels decides.")},
          {"clientId", text_schema("Without it, the one client that has the address.")},
          {"jobId", text_schema()},
          {"isInternal", {{"type", "boolean"}}}};
}

json::object message_operation() {
  json::object properties = common_properties();
  properties["channel"] = {{"type", "string"}, {"enum", {"email", "sms", "slack"}}};
  properties["to"] = text_schema("Address, number or Slack channel; a list for e-mail. Without it, the client's own.");
  properties["subject"] = text_schema("E-mail only.");
  properties["html"] = text_schema("E-mail only, beside text.");
  properties["from"] = text_schema("Else the provider's own sender.");
  properties["threadId"] = text_schema("What is answered, as threadKey tells it.");
  properties["options"] = {{"type", "object"},
                           {"description", "The service's own: mediaUrl of an MMS, blocks of Slack."}};
  properties["attachments"] = {
      {"type", "array"},
      {"items",
       {{"type", "object"},
        {"properties", {{"name", text_schema()}, {"contentType", text_schema()}, {"contentBase64", text_schema()}}}}}};
  return request_body(std::move(properties), {"channel"});
}

json::object slack_operation() {
  json::object properties = common_properties();
  properties["channel"] = text_schema("Id or #name of a channel, id or e-mail address of a person.");
  properties["blocks"] = {{"type", "array"}, {"items", {{"type", "object"}}}};
  properties["threadTs"] = text_schema("Time stamp of the message that is answered.");
  return request_body(std::move(properties), {"channel"});
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
  add("/messages", "Send a message by e-mail, SMS or Slack; it is queued and sent once", message_operation(),
      [wiring](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        return send(wiring, context, body);
      });
  add("/messages/slack", "Post to a channel, a person or a thread in Slack", slack_operation(),
      [wiring](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        return send(wiring, context, from_slack(body));
      });
  return routes;
}

}  // namespace patchbay::messaging
