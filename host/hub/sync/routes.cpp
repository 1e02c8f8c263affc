#include "hub/sync/routes.hpp"

#include "hub/sync/list_page.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/yaml.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

using gateway::RequestContext;

/// {"data": […], "pagination": {pageSize, nextCursor}} of a list that was loaded one longer than its page.
http::Response list_response(sdk::json::array items, const ListPage& page) {
  sdk::json::value next_cursor = nullptr;
  if (items.size() > page.page_size) {
    items.resize(page.page_size);
    next_cursor = items.back().at("id");
  }
  return gateway::data_response(200, std::move(items),
                                {{"pagination", {{"pageSize", page.page_size}, {"nextCursor", next_cursor}}}});
}

sdk::Result<sdk::SyncMode> parse_mode(const sdk::json::value& value) {
  if (value == "incremental") return sdk::SyncMode::kIncremental;
  if (value == "full") return sdk::SyncMode::kFull;
  return sdk::invalid_error("sync.mode", "mode is \"incremental\" or \"full\".", "mode");
}

sdk::Result<std::vector<std::string>> parse_resources(const sdk::json::value& value,
                                                      const sdk::Description& description) {
  std::vector<std::string> known, names;
  for (const auto& resource : description.resources) {
    if (resource.list) known.push_back(resource.name);
  }
  if (!value.is_array() || value.get_array().empty() || value.get_array().size() > known.size()) {
    return sdk::invalid_error("sync.resources", "resources is a list of resources of the connector, each once.",
                              "resources");
  }
  for (const sdk::json::value& item : value.get_array()) {
    const std::string name = item.is_string() ? std::string(item.get_string()) : "";
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string nearest = base::yaml::nearest_name(name, known);
      return sdk::invalid_error(
          "sync.resources",
          "Unknown resource \"" + name + "\"" + (nearest.empty() ? "." : "; did you mean \"" + nearest + "\"?"),
          "resources");
    }
    names.push_back(name);
  }
  return names;
}

sdk::Result<RunRequest> parse_run_request(const sdk::json::object& body, const sdk::Description& description) {
  RunRequest request;
  for (const auto& [name, value] : body) {
    if (name == "mode") {
      PATCHBAY_ASSIGN(request.mode, parse_mode(value));
    } else if (name == "resources") {
      if (value.is_null()) continue;
      PATCHBAY_ASSIGN(request.resources, parse_resources(value, description));
    } else if (name == "dryRun" || name == "dry_run") {
      if (!value.is_bool()) return sdk::invalid_error("sync.dry_run", "dryRun is true or false.", "dryRun");
      request.dry_run = value.get_bool();
    } else {
      const std::string given(name);
      return sdk::invalid_error("request.unknown_field", "Unknown field \"" + given + "\".", given);
    }
  }
  return request;
}

class SyncRoutes {
 public:
  SyncRoutes(storage::Database& database, const connections::ConnectionStore& connections,
             const plugins::PluginCatalog& plugins, const RunStore& runs)
      : database_(database), connections_(connections), plugins_(plugins), runs_(runs) {}

  sdk::Result<http::Response> start(const RequestContext& context) const {
    sdk::json::object body;
    if (!context.request.body.empty()) {
      PATCHBAY_ASSIGN(body, gateway::json_body(context.request));
    }
    const std::string& id = context.path_param("id");
    if (!base::is_uuid(id)) return sdk::not_found_error("connections.not_found", "There is no such connection.");
    PATCHBAY_ASSIGN(const connections::Connection connection, connections_.get(id));
    const plugins::LoadedPlugin* plugin = plugins_.find(connection.connector);
    if (plugin == nullptr)
      return sdk::conflict_error("sync.no_connector", "The connector " + connection.connector + " is not loaded.");
    if (connection.state != "connected") {
      return sdk::conflict_error("sync.not_connected", "The connection is not connected: " + connection.state + ".");
    }
    PATCHBAY_ASSIGN(RunRequest request, parse_run_request(body, plugin->description));
    request.connection_id = connection.id;
    request.trigger = "api";
    request.created_by = context.principal.user_id;
    std::optional<RunStore::Queued> queued;
    PATCHBAY_TRY(
        database_.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_ASSIGN(queued, runs_.enqueue(session, request));
          return {};
        }));
    runs_.announce(*queued);
    return gateway::data_response(202, sdk::json::object{{"runId", queued->run_id}});
  }

  sdk::Result<http::Response> list_runs(const RequestContext& context) const {
    PATCHBAY_ASSIGN(const ListPage page,
                    parse_list_page(context.request, {"connectionId", "state", "mode", "trigger"}));
    PATCHBAY_ASSIGN(sdk::json::array items, load_runs(database_, page));
    return list_response(std::move(items), page);
  }

  sdk::Result<http::Response> get_run(const RequestContext& context) const {
    PATCHBAY_ASSIGN(const sdk::json::array items, load_run(database_, context.path_param("id")));
    if (items.empty()) return sdk::not_found_error("sync.run_not_found", "There is no such run.");
    return gateway::data_response(200, items.front());
  }

  sdk::Result<http::Response> cancel_run(const RequestContext& context) const {
    const std::string& id = context.path_param("id");
    PATCHBAY_TRY(
        database_.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_TRY(runs_.cancel(session, id));
          return {};
        }));
    return get_run(context);
  }

  sdk::Result<http::Response> list_log(const RequestContext& context) const {
    PATCHBAY_ASSIGN(const ListPage page,
                    parse_list_page(context.request, {"service", "operation", "status", "resourceType", "resourceId",
                                                      "runId", "connectionId", "entityId"}));
    PATCHBAY_ASSIGN(sdk::json::array items, load_log(database_, page));
    return list_response(std::move(items), page);
  }

 private:
  storage::Database& database_;
  const connections::ConnectionStore& connections_;
  const plugins::PluginCatalog& plugins_;
  const RunStore& runs_;
};

}  // namespace

gateway::Routes make_routes(storage::Database& database, const connections::ConnectionStore& connections,
                            const plugins::PluginCatalog& plugins, const RunStore& runs) {
  const auto handlers = std::make_shared<const SyncRoutes>(database, connections, plugins, runs);
  const auto route = [&](std::string method, std::string pattern, std::string permission, std::string summary,
                         sdk::Result<http::Response> (SyncRoutes::*handler)(const RequestContext&) const) {
    gateway::Route result;
    result.method = std::move(method);
    result.pattern = std::move(pattern);
    result.permission = std::move(permission);
    result.handler = gateway::BlockingHandler(
        [handlers, handler](const RequestContext& context) { return ((*handlers).*handler)(context); });
    result.tag = "sync";
    result.summary = std::move(summary);
    return result;
  };
  return {
      route("POST", "/connections/{id}/sync", "connections:sync", "Starts a sync run.", &SyncRoutes::start),
      route("GET", "/sync/runs", "read:sync", "Sync runs, newest first.", &SyncRoutes::list_runs),
      route("GET", "/sync/runs/{id}", "read:sync", "One sync run with its counts and progress.", &SyncRoutes::get_run),
      route("POST", "/sync/runs/{id}/cancel", "connections:sync", "Ends a run that waits or is under way.",
            &SyncRoutes::cancel_run),
      route("GET", "/sync/log", "read:sync", "What happened to each record that changed or failed.",
            &SyncRoutes::list_log)};
}

}  // namespace patchbay::sync
