#include "graphql.hpp"

#include <cmath>

namespace patchbay::jobber {
namespace {

constexpr const char* kRefused = "jobber.unauthorized";
constexpr std::chrono::seconds kThrottleDefault{2};
constexpr std::chrono::seconds kTooManyRequestsWait{5};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

double number_at(const sdk::json::value& value, std::string_view path) {
  const auto* found = sdk::find_path(value, path);
  if (found == nullptr || !found->is_number()) return 0;
  return found->to_number<double>();
}

/// Messages without a GraphQL error object, at whatever status.
sdk::Error plain_error(int status, const std::string& message) {
  const std::string text = "Jobber: " + (message.empty() ? "HTTP " + std::to_string(status) : message);
  if (contains(message, "disconnected this app") || contains(message, "account is not active")) {
    return sdk::auth_error("jobber.disconnected", text);
  }
  if (contains(message, "temporarily unavailable")) return sdk::transient_error("jobber.unavailable", text);
  if (status == 401) return sdk::auth_error(kRefused, text);
  if (status == 429) return sdk::rate_limited_error("jobber.too_many_requests", text, kTooManyRequestsWait);
  if (status == 404 && contains(message, "version")) {
    return sdk::permanent_error("jobber.version", text + "; set the option 'apiVersion' to one that Jobber supports");
  }
  if (status >= 500) return sdk::transient_error("jobber.unavailable", text);
  return sdk::permanent_error("jobber.refused", text);
}

std::chrono::milliseconds throttle_wait(const sdk::json::value& body) {
  const double requested = number_at(body, "extensions.cost.requestedQueryCost");
  const double available = number_at(body, "extensions.cost.throttleStatus.currentlyAvailable");
  const double rate = number_at(body, "extensions.cost.throttleStatus.restoreRate");
  if (rate <= 0 || requested <= available) return kThrottleDefault;
  return std::max(std::chrono::seconds(1),
                  std::chrono::seconds(static_cast<long>(std::ceil((requested - available) / rate))));
}

sdk::Error error_of(const sdk::json::value& body) {
  const std::string message = sdk::string_at(body, "errors[0].message");
  const std::string code = sdk::string_at(body, "errors[0].extensions.code");
  const std::string text = "Jobber: " + message;
  if (code == "THROTTLED" || message == "Throttled") {
    const double requested = number_at(body, "extensions.cost.requestedQueryCost");
    const double maximum = number_at(body, "extensions.cost.throttleStatus.maximumAvailable");
    // Dearer than a full bucket: no waiting helps.
    if (maximum > 0 && requested > maximum)
      return sdk::permanent_error("jobber.query_too_dear", "Jobber: the query costs more than may ever be spent");
    return sdk::rate_limited_error("jobber.throttled", "Jobber's query cost limit is used up", throttle_wait(body));
  }
  if (code == "UNAUTHENTICATED" || contains(message, "because you are unauthenticated"))
    return sdk::auth_error(kRefused, text);
  if (contains(message, "due to permissions")) {
    return sdk::permanent_error("jobber.scope_missing",
                                text + "; tick the scope for the app in Jobber's Developer Center and connect again");
  }
  if (contains(message, "was provided invalid value")) return sdk::invalid_error("jobber.invalid", text);
  return sdk::permanent_error("jobber.query", text);
}

}  // namespace

std::chrono::milliseconds CostBucket::wait_for(double cost, std::chrono::system_clock::time_point now) const {
  if (restore_per_second <= 0) return std::chrono::milliseconds(0);
  const double elapsed = std::max(0.0, std::chrono::duration<double>(now - at).count());
  const double there = std::min(maximum, available + elapsed * restore_per_second);
  const double needed = std::min(cost, maximum);
  if (there >= needed) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(static_cast<long>(std::ceil((needed - there) / restore_per_second * 1000.0)));
}

sdk::Result<sdk::json::value> read_answer(const sdk::HttpResponse& response, sdk::Logger& logger) {
  auto body = sdk::parse_json(response.body);
  if (!body.ok() || !body->is_object()) {
    if (response.status == 200)
      return sdk::transient_error("jobber.unreadable", "Jobber answered with something that is not JSON");
    return plain_error(response.status, response.body.substr(0, 200));
  }
  if (const std::string warning = sdk::string_at(*body, "extensions.versioning.warning"); !warning.empty()) {
    logger.log(sdk::LogLevel::kWarning, "Jobber warns about the API version", {{"warning", warning}});
  }
  const auto* errors = sdk::find_member(*body, "errors");
  const auto* data = sdk::find_member(*body, "data");
  const bool has_data = data != nullptr && data->is_object();
  if (errors != nullptr && errors->is_array() && !errors->as_array().empty()) {
    const bool whole_failure = !has_data || std::all_of(data->as_object().begin(), data->as_object().end(),
                                                        [](const auto& member) { return member.value().is_null(); });
    if (whole_failure) return error_of(*body);
    // Part of the answer is there: it is used, and what is missing is said.
    logger.log(sdk::LogLevel::kWarning, "Jobber left out part of an answer",
               {{"reason", sdk::string_at(*body, "errors[0].message")}});
  }
  if (has_data) return *data;
  std::string message = sdk::string_at(*body, "message");
  if (message.empty()) message = sdk::string_at(*body, "error.message");
  return plain_error(response.status, message);
}

sdk::Result<void> check_user_errors(const sdk::json::value& payload) {
  const auto* errors = sdk::find_member(payload, "userErrors");
  if (errors == nullptr || !errors->is_array() || errors->as_array().empty()) return {};
  std::string field;
  const auto& first = errors->as_array().front();
  if (const auto* path = sdk::find_member(first, "path"); path != nullptr && path->is_array()) {
    for (const auto& part : path->as_array()) field += (field.empty() ? "" : ".") + sdk::scalar_text(part).value_or("");
  }
  return sdk::invalid_error("jobber.user_error", "Jobber: " + sdk::string_at(first, "message"),
                            field.empty() ? std::nullopt : std::optional<std::string>(field));
}

GraphQl::GraphQl(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : url_(settings.option("apiBase")), version_(settings.option("apiVersion")), services_(services) {
  while (!url_.empty() && url_.back() == '/') url_.pop_back();
  url_ += "/api/graphql";
}

sdk::Result<sdk::HttpResponse> GraphQl::post(const sdk::CallContext& context, const std::string& body,
                                             const std::string& token) {
  sdk::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Authorization", "Bearer " + token},
                     {"Content-Type", "application/json"},
                     {"Accept", "application/json"},
                     {"X-JOBBER-GRAPHQL-VERSION", version_}};
  request.body = body;
  request.limit_group = "*";
  return services_.http.send(context, request);
}

void GraphQl::remember_extensions(const std::string& operation, const sdk::HttpResponse& response) {
  const auto body = sdk::parse_json(response.body);
  if (!body.ok()) return;
  version_warning_ = sdk::string_at(*body, "extensions.versioning.warning");
  answered_version_ = sdk::string_at(*body, "extensions.versioning.version");
  const double restore = number_at(*body, "extensions.cost.throttleStatus.restoreRate");
  if (restore <= 0) return;
  bucket_ = {number_at(*body, "extensions.cost.throttleStatus.maximumAvailable"),
             number_at(*body, "extensions.cost.throttleStatus.currentlyAvailable"), restore, services_.clock.now()};
  cost_of_[operation] = number_at(*body, "extensions.cost.requestedQueryCost");
}

sdk::Result<sdk::json::value> GraphQl::run(const sdk::CallContext& context, const std::string& operation,
                                           const std::string& document, const sdk::json::object& variables) {
  if (const auto wait = bucket_.wait_for(cost_of_[operation], services_.clock.now()); wait.count() > 0) {
    return sdk::rate_limited_error("jobber.cost_budget", "waiting for Jobber's query cost limit", wait);
  }
  const std::string body = sdk::json::serialize(
      sdk::json::object{{"query", document}, {"variables", variables}, {"operationName", operation}});
  PATCHBAY_ASSIGN(std::string token, services_.tokens.current(context));
  PATCHBAY_ASSIGN(sdk::HttpResponse response, post(context, body, token));
  auto data = read_answer(response, services_.logger);
  if (!data.ok() && data.error().code == kRefused) {
    PATCHBAY_ASSIGN(token, services_.tokens.renew(context, token));
    PATCHBAY_ASSIGN(response, post(context, body, token));
    data = read_answer(response, services_.logger);
  }
  remember_extensions(operation, response);
  return data;
}

}  // namespace patchbay::jobber
