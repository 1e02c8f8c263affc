#include "tests/sandbox/jobber/jobber_service.hpp"

#include "tests/sandbox/graphql/executor.hpp"
#include "tests/sandbox/graphql/parser.hpp"
#include "tests/sandbox/graphql/validation.hpp"
#include "tests/sandbox/jobber/dataset.hpp"
#include "tests/sandbox/jobber/resolver.hpp"
#include "tests/sandbox/jobber/schema_text.hpp"
#include "tests/sandbox/jobber/truth_query.hpp"

#include <algorithm>

namespace patchbay::sandbox {

using jobber::Books;
using jobber::OAuth;

namespace {

constexpr std::int64_t kGenerousRestorePerSecond = 1'000'000;
constexpr std::int64_t kGenerousRequests = 1'000'000;
constexpr std::string_view kLimitsPage = "https://developer.getjobber.com/docs/using_jobbers_api/api_rate_limits";

http::Response message(int status, std::string_view text) {
  return http::Response::json(status, to_wire(json::object{{"message", text}}));
}

bool is_version(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

json::value parse_body(const std::string& text) {
  auto parsed = sdk::parse_json(text);
  return parsed ? std::move(*parsed) : json::value(nullptr);
}

/// The first word after the operation's keyword, or its first field: enough to name it in the log.
std::string operation_name(const std::string& body) {
  const auto value = parse_body(body);
  if (auto name = sdk::string_at(value, "operationName"); !name.empty()) return name;
  const auto document = graphql::parse_document(sdk::string_at(value, "query"));
  if (!document || document->operations.empty()) return "(unreadable)";
  const auto& operation = document->operations.front();
  if (!operation.name.empty()) return operation.name;
  return operation.selections.empty() ? operation.kind : operation.selections.front().name;
}

}  // namespace

JobberService::JobberService(const ServiceContext& context, std::string client_id, std::string client_secret)
    : context_(context),
      books_(std::make_unique<Books>(context, std::move(client_secret))),
      oauth_(std::make_unique<OAuth>(*books_, std::move(client_id))),
      schema_(graphql::parse_schema(jobber::schema_text()).value()) {
  if (!context.vendor_limits) {
    budget_.restore_per_second = kGenerousRestorePerSecond;
    budget_.requests_per_five_minutes = kGenerousRequests;
  }
  for (const auto& kind : jobber::record_kinds()) truth_queries_[kind] = std::make_unique<TruthQuery>(schema_, kind);
}

JobberService::~JobberService() = default;

void JobberService::generate() {
  jobber::generate_books(*books_, context_.people);
}

std::string JobberService::operation(const Call& call) const {
  if (call.path == "/api/graphql") return operation_name(call.request.body);
  return call.request.method + " " + (call.path.starts_with("/api/oauth/") ? call.path : "(unknown)");
}

http::Response JobberService::answer(const Call& call) {
  const auto& method = call.request.method;
  if (call.path == "/api/oauth/authorize" && (method == "GET" || method == "POST"))
    return oauth_->authorize(call.request);
  if (call.path == "/api/oauth/token" && method == "POST") return oauth_->token(call.request);
  if (call.path == "/api/graphql" && method == "POST") return graphql(call.request);
  return message(404, "Not Found");
}

std::optional<http::Response> JobberService::refuse(const http::Request& request) {
  switch (oauth_->check(request)) {
    case OAuth::Verdict::kMissing: {
      const auto field = operation_name(request.body);
      json::object error{
          {"message", "The field " + field + " on an object of type Query was hidden because you are unauthenticated"},
          {"extensions", json::object{{"code", "UNAUTHENTICATED"}}}};
      return http::Response::json(200,
                                  to_wire(json::object{{"data", nullptr}, {"errors", json::array{std::move(error)}}}));
    }
    case OAuth::Verdict::kUnknown:
      return message(401, "Token not recognized");
    case OAuth::Verdict::kExpired:
      return message(401, "Access token expired");
    case OAuth::Verdict::kDisconnected:
      return message(401, "User has disconnected this app from their account. Please delete this token");
    case OAuth::Verdict::kValid:
      break;
  }
  const auto type = request.header("Content-Type").value_or("");
  if (type.find("application/json") == std::string_view::npos)
    return message(400, "Content-Type must be application/json");
  const auto version = request.header("X-JOBBER-GRAPHQL-VERSION");
  if (!version) return message(400, "The X-JOBBER-GRAPHQL-VERSION header is required");
  if (!is_version(*version)) return message(404, "GraphQL API version '" + std::string(*version) + "' does not exist");
  if (!budget_.admit(books_->now_ms())) {
    auto response = http::Response::text(429, "Too Many Requests");
    return response;
  }
  return std::nullopt;
}

http::Response JobberService::graphql(const http::Request& request) {
  if (auto refused = refuse(request)) return std::move(*refused);
  const auto body = parse_body(request.body);
  if (!body.is_object()) return message(400, "The request body is not valid JSON");
  return run(body.get_object(), std::string(*request.header("X-JOBBER-GRAPHQL-VERSION")));
}

json::object JobberService::cost(std::int64_t requested, std::int64_t actual) const {
  return {{"requestedQueryCost", requested},
          {"actualQueryCost", actual},
          {"throttleStatus", json::object{{"maximumAvailable", budget_.maximum},
                                          {"currentlyAvailable", budget_.available(books_->now_ms())},
                                          {"restoreRate", budget_.restore_per_second}}}};
}

http::Response JobberService::run(const json::object& body, const std::string& version) {
  json::object extensions{{"versioning", json::object{{"version", version}}}};
  const auto reply = [&](json::object members) {
    members["extensions"] = std::move(extensions);
    return http::Response::json(200, to_wire(members));
  };
  const auto document = graphql::parse_document(sdk::string_at(body, "query"));
  if (!document) return reply({{"errors", json::array{json::object{{"message", document.error().message}}}}});
  const auto name = sdk::string_at(body, "operationName");
  const auto* operation = graphql::find_operation(*document, name);
  if (operation == nullptr) {
    const auto text =
        name.empty() ? std::string("An operation name is required") : "No operation named \"" + name + "\"";
    return reply({{"errors", json::array{json::object{{"message", text}}}}});
  }
  auto errors = graphql::validate(schema_, *document, *operation);
  if (!errors.empty()) return reply({{"errors", std::move(errors)}});
  const auto* given = body.if_contains("variables");
  const auto variables = graphql::coerce_variables(
      schema_, *operation, given != nullptr && given->is_object() ? given->get_object() : json::object(), errors);
  if (!variables) return reply({{"errors", std::move(errors)}});

  const auto requested = graphql::requested_cost(schema_, *document, *operation, *variables);
  if (requested > budget_.available(books_->now_ms())) {
    extensions["cost"] = cost(requested, 0);
    return reply({{"errors", json::array{json::object{{"message", "Throttled"},
                                                      {"extensions", json::object{{"code", "THROTTLED"},
                                                                                  {"documentation", kLimitsPage}}}}}}});
  }
  jobber::JobberResolver resolver(*books_);
  auto execution = graphql::execute(schema_, *document, *operation, *variables, resolver);
  budget_.charge(execution.cost);
  extensions["cost"] = cost(requested, execution.cost);
  json::object members{{"data", std::move(execution.data)}};
  if (!execution.errors.empty()) members["errors"] = std::move(execution.errors);
  return reply(std::move(members));
}

http::Response JobberService::failure(const Fault& fault) const {
  if (fault.kind == FaultKind::kExpiredToken)
    return message(fault.status != 0 ? fault.status : 401, "Access token expired");
  if (fault.kind == FaultKind::kForbidden) {
    json::object error{{"message", "The field jobs on an object of type Query was hidden due to permissions"},
                       {"path", json::array{"jobs"}}};
    return http::Response::json(200,
                                to_wire(json::object{{"data", nullptr}, {"errors", json::array{std::move(error)}}}));
  }
  if (fault.kind != FaultKind::kRateLimit)
    return message(fault.status != 0 ? fault.status : 500, "Service temporarily unavailable");
  if (fault.status == 429) return http::Response::text(429, "Too Many Requests");
  json::object error{{"message", "Throttled"},
                     {"extensions", json::object{{"code", "THROTTLED"}, {"documentation", kLimitsPage}}}};
  json::object body{
      {"errors", json::array{std::move(error)}},
      {"extensions",
       json::object{
           {"cost", json::object{{"requestedQueryCost", budget_.maximum},
                                 {"actualQueryCost", 0},
                                 {"throttleStatus", json::object{{"maximumAvailable", budget_.maximum},
                                                                 {"currentlyAvailable", budget_.maximum - 1},
                                                                 {"restoreRate", budget_.restore_per_second}}}}}}}};
  return http::Response::json(200, to_wire(body));
}

json::object JobberService::limits() const {
  return {{"maximumAvailable", budget_.maximum},
          {"restoreRate", budget_.restore_per_second},
          {"requestsPerFiveMinutes", budget_.requests_per_five_minutes},
          {"rotation", oauth_->rotation()}};
}

sdk::Result<void> JobberService::set_limits(const json::object& limits) {
  for (const auto& member : limits) {
    const std::string name(member.key());
    if (name == "rotation" && member.value().is_bool()) {
      oauth_->set_rotation(member.value().get_bool());
      continue;
    }
    auto* target = name == "maximumAvailable"         ? &budget_.maximum
                   : name == "restoreRate"            ? &budget_.restore_per_second
                   : name == "requestsPerFiveMinutes" ? &budget_.requests_per_five_minutes
                                                      : nullptr;
    if (target == nullptr) return sdk::invalid_error("sandbox.limits", "unknown limit", name);
    if (!member.value().is_int64() || member.value().get_int64() < 1)
      return sdk::invalid_error("sandbox.limits", "must be from 1 on", name);
    *target = member.value().get_int64();
  }
  return {};
}

sdk::Result<void> JobberService::set_webhook_target(const json::object& settings) {
  books_->set_webhook_target(sdk::string_at(settings, "target"));
  if (auto secret = sdk::string_at(settings, "jobberSecret"); !secret.empty())
    books_->set_webhook_secret(std::move(secret));
  return {};
}

void JobberService::add_hostile_records() {
  jobber::add_hostile_clients(*books_);
}

}  // namespace patchbay::sandbox
