#include "hub/sync/routes.hpp"

#include "engine/gateway/operation.hpp"
#include "hub/sync/list_page.hpp"
#include "hub/sync/run_request.hpp"
#include "platform/base/ids.hpp"

namespace patchbay::sync {
namespace {

using gateway::RequestContext;
using Filter = gateway::ListFilter::Kind;

const std::vector<std::string> kRunStates{"queued", "running", "succeeded", "failed", "cancelled"};
const std::vector<std::string> kRunTriggers{"schedule", "api", "cli", "webhook", "connect"};
const std::vector<std::string> kLogOperations{"create", "update", "delete", "merge", "link"};
const std::vector<std::string> kLogStates{"success", "failed", "skipped"};

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

sdk::Result<std::vector<std::string>> parse_resources(const sdk::json::value& value) {
  std::vector<std::string> names;
  bool valid = value.is_array() && !value.get_array().empty();
  for (std::size_t i = 0; valid && i < value.get_array().size(); ++i) {
    const sdk::json::value& item = value.get_array()[i];
    valid = item.is_string();
    if (valid) names.emplace_back(item.get_string());
  }
  if (valid) return names;
  return sdk::invalid_error("sync.resources", "resources is a list of resources of the connector, each once.",
                            "resources");
}

sdk::Result<RunRequest> parse_run_request(const sdk::json::object& body) {
  RunRequest request;
  for (const auto& [name, value] : body) {
    if (name == "mode") {
      PATCHBAY_ASSIGN(request.mode, parse_mode(value));
    } else if (name == "resources") {
      if (value.is_null()) continue;
      PATCHBAY_ASSIGN(request.resources, parse_resources(value));
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
    PATCHBAY_ASSIGN(RunRequest request, parse_run_request(body));
    PATCHBAY_TRY(check_run_request(request, connection, plugins_));
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
                    gateway::parse_list_page(context.request, {{"connectionId", Filter::kId, {}},
                                                               {"state", Filter::kWord, kRunStates},
                                                               {"mode", Filter::kWord, {"incremental", "full"}},
                                                               {"trigger", Filter::kWord, kRunTriggers}}));
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
                    gateway::parse_list_page(context.request, {{"service", Filter::kText, {}},
                                                               {"operation", Filter::kWord, kLogOperations},
                                                               {"status", Filter::kWord, kLogStates},
                                                               {"resourceType", Filter::kText, {}},
                                                               {"resourceId", Filter::kText, {}},
                                                               {"runId", Filter::kId, {}},
                                                               {"connectionId", Filter::kId, {}},
                                                               {"entityId", Filter::kId, {}}}));
    PATCHBAY_ASSIGN(sdk::json::array items, load_log(database_, page));
    return list_response(std::move(items), page);
  }

 private:
  storage::Database& database_;
  const connections::ConnectionStore& connections_;
  const plugins::PluginCatalog& plugins_;
  const RunStore& runs_;
};

constexpr std::string_view kRunShape =
    "id:uuid connectionId:uuid connector:text mode:text resources:text[] dryRun:boolean trigger:text state:text "
    "counts:object progress:object rateLimitWaits:object durationMs:integer? error:object? createdBy:uuid? "
    "createdAt:time startedAt:time? finishedAt:time?";
constexpr std::string_view kLogShape =
    "id:text runId:uuid? connectionId:uuid? service:text operation:text resourceType:text? resourceId:text? "
    "entityId:uuid? status:text errorMessage:text? metadata:object createdAt:time";

}  // namespace

gateway::Routes make_routes(storage::Database& database, const connections::ConnectionStore& connections,
                            const plugins::PluginCatalog& plugins, const RunStore& runs) {
  const auto handlers = std::make_shared<const SyncRoutes>(database, connections, plugins, runs);
  const auto route = [&](std::string method, std::string pattern, std::string permission, std::string summary,
                         sdk::json::object operation,
                         sdk::Result<http::Response> (SyncRoutes::*handler)(const RequestContext&) const) {
    gateway::Route result;
    result.method = std::move(method);
    result.pattern = std::move(pattern);
    result.permission = std::move(permission);
    result.handler = gateway::BlockingHandler(
        [handlers, handler](const RequestContext& context) { return ((*handlers).*handler)(context); });
    result.tag = "sync";
    result.operation = std::move(operation);
    result.summary = std::move(summary);
    return result;
  };
  const auto one_run = gateway::answers(200, "The run", gateway::shape(kRunShape));
  return {route("POST", "/connections/{id}/sync", "connections:sync", "Starts a sync run.",
                gateway::takes(gateway::shape("mode:text~ resources:text[]?~ dryRun:boolean~"),
                               gateway::answers(202, "The run waits", gateway::shape("runId:uuid"))),
                &SyncRoutes::start),
          route("GET", "/sync/runs", "read:sync", "Sync runs, newest first.",
                gateway::answers_list("Runs", gateway::shape(kRunShape)), &SyncRoutes::list_runs),
          route("GET", "/sync/runs/{id}", "read:sync", "One sync run with its counts and progress.", one_run,
                &SyncRoutes::get_run),
          route("POST", "/sync/runs/{id}/cancel", "connections:sync", "Ends a run that waits or is under way.", one_run,
                &SyncRoutes::cancel_run),
          route("GET", "/sync/log", "read:sync", "What happened to each record that changed or failed.",
                gateway::answers_list("Records", gateway::shape(kLogShape)), &SyncRoutes::list_log)};
}

}  // namespace patchbay::sync
