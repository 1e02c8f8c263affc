#include "app/operations.hpp"

#include "app/docs_page.hpp"
#include "engine/gateway/operation.hpp"

namespace patchbay::app {
namespace {

constexpr std::chrono::milliseconds kLookEvery{500};

gateway::Route route(std::string pattern, std::string summary, sdk::json::object operation,
                     gateway::AsyncHandler handler) {
  gateway::Route made;
  made.method = "GET";
  made.pattern = std::move(pattern);
  made.access = gateway::Access::kPublic;
  made.handler = std::move(handler);
  made.tag = "operations";
  made.summary = std::move(summary);
  made.at_root = true;
  made.operation = std::move(operation);
  return made;
}

http::Response ready_response(const OperationsParts& parts) {
  const bool draining = parts.draining != nullptr && parts.draining->load();
  const bool database = parts.health.database_answers();
  const bool ready = database && !draining;
  const sdk::json::object body{{"status", ready      ? "ready"
                                          : draining ? "draining"
                                                     : "unavailable"},
                               {"database", database ? "ok" : "unreachable"},
                               // Without Redis everything goes on, slower: it does not make the hub unready.
                               {"redis", parts.health.redis_answers() ? "ok" : "unreachable"}};
  return http::Response::json(ready ? 200 : 503, sdk::json::serialize(body));
}

}  // namespace

HealthWatch::HealthWatch(storage::Database& database, redis::Client& redis) : database_(database), redis_(redis) {}

HealthWatch::~HealthWatch() {
  stop();
}

void HealthWatch::start() {
  look();
  thread_ = std::thread([this] {
    while (signal_.wait_for(kLookEvery)) look();
  });
}

void HealthWatch::stop() {
  signal_.stop();
  if (thread_.joinable()) thread_.join();
}

void HealthWatch::look() {
  database_answers_.store(database_.query(storage::Lane::kInteractive, "select 1").ok());
  redis_answers_.store(redis_.command({"PING"}).ok());
}

gateway::Routes make_operations_routes(OperationsParts parts) {
  const auto text = [](std::string_view media_type) {
    return gateway::answers_plain(media_type, {{"type", "string"}});
  };
  const auto ready_shape = gateway::shape("status:text database:text redis:text");
  sdk::json::object ready = gateway::answers_plain("application/json", ready_shape);
  ready["responses"].get_object()["503"] = ready["responses"].get_object().at("200");
  gateway::Routes routes;
  routes.push_back(route("/health/live", "The process runs",
                         gateway::answers_plain("application/json", gateway::shape("status:text")),
                         [](std::shared_ptr<gateway::RequestContext>, gateway::Reply reply) {
                           reply(http::Response::json(200, R"({"status":"live"})"));
                         }));
  routes.push_back(
      route("/health/ready", "The hub can do its work", std::move(ready),
            [parts](std::shared_ptr<gateway::RequestContext>, gateway::Reply reply) { reply(ready_response(parts)); }));
  routes.push_back(route("/metrics", "Prometheus metrics", text("text/plain"),
                         [parts](std::shared_ptr<gateway::RequestContext>, gateway::Reply reply) {
                           http::Response response = http::Response::text(200, parts.metrics.render());
                           response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                           reply(std::move(response));
                         }));
  if (!parts.is_public) {
    routes.back().access = gateway::Access::kSignedIn;
    routes.back().permission = "read:operations";
  }
  routes.push_back(route("/openapi.json", "The API's description (OpenAPI 3.1)",
                         gateway::answers_plain("application/json", gateway::shape("openapi:text paths:object")),
                         [parts](std::shared_ptr<gateway::RequestContext>, gateway::Reply reply) {
                           reply(http::Response::json(200, *parts.api_document));
                         }));
  routes.push_back(
      route("/docs", "The API's description, to be read", text("text/html"),
            [](std::shared_ptr<gateway::RequestContext>, gateway::Reply reply) {
              http::Response response = http::Response::text(200, std::string(docs_page()));
              response.content_type = "text/html; charset=utf-8";
              response.set_header(
                  "Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                  "frame-ancestors 'none'");
              reply(std::move(response));
            }));
  return routes;
}

}  // namespace patchbay::app
