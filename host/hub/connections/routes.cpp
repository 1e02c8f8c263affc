#include "hub/connections/routes.hpp"

#include "engine/gateway/operation.hpp"
#include "hub/connections/connection_settings.hpp"

#include <patchbay/sdk/codec.hpp>
#include <patchbay/sdk/encoding.hpp>

namespace patchbay::connections {
namespace {

using gateway::RequestContext;

sdk::json::object connection_json(const Connection& connection, const plugins::PluginCatalog& catalog) {
  sdk::json::object options;
  for (const auto& [name, value] : connection.settings.options) options[name] = value;
  sdk::json::array credentials;
  for (const auto& [name, value] : connection.settings.credentials) {
    if (!value.empty()) credentials.emplace_back(name);
  }
  const std::string expiring = expiring_reason(connection, std::chrono::system_clock::now());
  const std::string& reason = expiring.empty() ? connection.state_reason : expiring;
  sdk::json::object view{{"id", connection.id},
                         {"connector", connection.connector},
                         {"name", connection.name},
                         {"state", expiring.empty() ? connection.state : "expiring"},
                         {"options", std::move(options)},
                         {"credentialsSet", std::move(credentials)},
                         {"loaded", catalog.find(connection.connector) != nullptr}};
  view["stateReason"] = reason.empty() ? sdk::json::value(nullptr) : sdk::json::value(reason);
  view["accountId"] =
      connection.account_id.empty() ? sdk::json::value(nullptr) : sdk::json::value(connection.account_id);
  return view;
}

/// What a person or a form needs of a plugin: its own description without what only the host runs.
sdk::json::value connector_json(const plugins::LoadedPlugin& plugin) {
  sdk::Description description = plugin.description;
  description.options = known_options(description);
  sdk::json::value view = sdk::encode(description);
  view.as_object()["inChild"] = plugin.in_child;
  return view;
}

sdk::Result<http::Response> list_connectors(const plugins::PluginCatalog& catalog) {
  sdk::json::array loaded;
  for (const auto& plugin : catalog.plugins()) loaded.push_back(connector_json(plugin));
  sdk::json::array problems;
  for (const auto& problem : catalog.problems()) {
    problems.push_back(
        {{"file", problem.file.filename().string()}, {"stage", problem.stage}, {"message", problem.message}});
  }
  return gateway::data_response(200, std::move(loaded), {{"problems", std::move(problems)}});
}

http::Response page(int status, const std::string& text) {
  http::Response response =
      http::Response::text(status, "<!doctype html><meta charset=utf-8><title>Patchbay</title><p>" + text + "</p>\n");
  response.content_type = "text/html; charset=utf-8";
  return response;
}

/// A code of the service as it may be shown; empty where it is no plain word.
std::string plain_word(std::string text) {
  const bool plain = text.size() <= 60 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '-';
                     });
  return plain ? text : std::string();
}

/// The owner's browser comes back here; it has no sign-in with us, the state parameter is what it brings.
sdk::Result<http::Response> callback(ConnectionFlow& flow, const RequestContext& context) {
  AuthorizationAnswer answer;
  answer.parameter = [&context](const std::string& name) {
    return std::string(context.request.query_value(name).value_or(std::string_view()));
  };
  answer.state = answer.parameter("state");
  answer.code = answer.parameter("code");
  answer.error = plain_word(answer.parameter("error"));
  const auto connection = answer.state.empty() ? sdk::invalid_error("oauth.unknown_state", "there is no state", "state")
                                               : flow.finish_authorization(answer);
  if (answer.code.empty()) {
    return page(400,
                "The service did not authorise the connection. You can close this page and start again from the hub.");
  }
  if (!connection.ok()) {
    return page(gateway::status_of(connection.error()),
                "The authorisation did not succeed. Start it again from the hub.");
  }
  return page(200, "The connection is authorised. You can close this page.");
}

sdk::json::object connection_schema() {
  return gateway::shape(
      "id:uuid connector:text name:text state:text options:object credentialsSet:text[] loaded:boolean "
      "stateReason:text? accountId:text?");
}

sdk::json::object connector_schema() {
  return gateway::shape("name:text version:text title:text resources:object[] inChild:boolean");
}

/// What each route takes and answers, by method and pattern.
sdk::json::object operation_of(const std::string& method, const std::string& pattern) {
  const auto changes = gateway::shape("name:text~ options:object~ credentials:object~");
  if (pattern == "/connectors") return gateway::answers_list("Connectors", connector_schema());
  if (pattern == "/connectors/{name}") return gateway::answers(200, "A connector", connector_schema());
  if (pattern == "/connections/{id}/authorize")
    return gateway::answers(200, "Where the owner authorises the hub", gateway::shape("authorizeUrl:text"));
  if (pattern == "/connections/{id}/health")
    return gateway::answers(200, "How it is", gateway::shape("healthy:boolean message:text details:any notices:any[]"));
  if (pattern == "/oauth/callback") {
    // A page for a person, whatever comes of it.
    auto page = gateway::answers_plain("text/html", {{"type", "string"}});
    auto& responses = page["responses"].get_object();
    const sdk::json::value same = responses.at("200");
    for (const char* status : {"400", "401", "404", "409", "502", "503"}) responses[status] = same;
    return page;
  }
  if (method == "DELETE") return gateway::answers_nothing(204, "Removed");
  if (method == "PUT" || method == "PATCH")
    return gateway::takes(changes, gateway::answers(200, "The connection", connection_schema()));
  if (method == "POST") {
    return gateway::takes(gateway::shape("connector:text name:text~ options:object~ credentials:object~"),
                          gateway::answers(201, "The connection", connection_schema()));
  }
  return pattern == "/connections" ? gateway::answers_list("Connections", connection_schema())
                                   : gateway::answers(200, "The connection", connection_schema());
}

}  // namespace

gateway::Routes make_routes(ConnectionFlow& flow, const ConnectionStore& store, const plugins::PluginCatalog& catalog) {
  gateway::Routes routes;
  const auto add = [&routes](std::string method, std::string pattern, std::string permission, std::string summary,
                             gateway::BlockingHandler handler) -> gateway::Route& {
    gateway::Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.permission = std::move(permission);
    route.summary = std::move(summary);
    route.tag = "hub";
    route.operation = operation_of(route.method, route.pattern);
    route.handler = std::move(handler);
    return routes.emplace_back(std::move(route));
  };
  add("GET", "/connectors", "read:connectors", "Connectors that are loaded, and those that could not be",
      [&catalog](const RequestContext&) { return list_connectors(catalog); });
  add("GET", "/connectors/{name}", "read:connectors",
      "One connector with its resources, credentials, options and operations",
      [&catalog](const RequestContext& context) -> sdk::Result<http::Response> {
        const auto* plugin = catalog.find(context.path_param("name"));
        if (plugin == nullptr) return sdk::not_found_error("connector.not_found", "there is no such connector");
        return gateway::data_response(200, connector_json(*plugin));
      });
  add("GET", "/connections", "read:connections", "Authorised accounts of connectors",
      [&store, &catalog](const RequestContext&) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto connections, store.list());
        sdk::json::array views;
        for (const auto& connection : connections) views.push_back(connection_json(connection, catalog));
        const std::size_t count = views.size();
        return gateway::data_response(
            200, std::move(views),
            {{"pagination",
              {{"page", 1}, {"pageSize", std::max<std::size_t>(count, 1)}, {"totalPages", 1}, {"totalCount", count}}}});
      });
  add("POST", "/connections", "write:connections", "Make a connection; it is tried out at once",
      [&flow, &catalog](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        PATCHBAY_ASSIGN(const auto connection, flow.create(body));
        return gateway::data_response(201, connection_json(connection, catalog));
      });
  add("GET", "/connections/{id}", "read:connections", "One connection",
      [&store, &catalog](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto connection, store.get(context.path_param("id")));
        return gateway::data_response(200, connection_json(connection, catalog));
      });
  for (const char* method : {"PUT", "PATCH"}) {
    add(method, "/connections/{id}", "write:connections", "Change name, options or credentials",
        [&flow, &catalog](const RequestContext& context) -> sdk::Result<http::Response> {
          PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
          PATCHBAY_ASSIGN(const auto connection, flow.update(context.path_param("id"), body));
          return gateway::data_response(200, connection_json(connection, catalog));
        });
  }
  add("DELETE", "/connections/{id}", "write:connections", "Remove a connection and its secrets; what it brought stays",
      [&flow](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_TRY(flow.remove(context.path_param("id")));
        return http::Response::empty(204);
      });
  add("POST", "/connections/{id}/authorize", "write:connections", "Start the authorisation by OAuth 2.0",
      [&flow](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto url, flow.authorize(context.path_param("id"), context.principal.user_id));
        return gateway::data_response(200, {{"authorizeUrl", url}});
      });
  add("GET", "/connections/{id}/health", "read:health", "Whether the service accepts the connection now",
      [&flow](const RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto health, flow.health(context.path_param("id")));
        return gateway::data_response(200, {{"healthy", health.healthy},
                                            {"message", health.message},
                                            {"details", health.details},
                                            {"notices", sdk::json::value_from(health.notices)}});
      });
  auto& back = add("GET", "/oauth/callback", "", "Where a service sends the owner's browser back to",
                   [&flow](const RequestContext& context) { return callback(flow, context); });
  back.access = gateway::Access::kPublic;
  back.limit = gateway::LimitClass::kAuth;
  return routes;
}

}  // namespace patchbay::connections
