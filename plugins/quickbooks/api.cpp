#include "api.hpp"

namespace patchbay::quickbooks {
namespace {

// A throttle that outlasts so many waits of a minute is the month's quota of reads.
constexpr int kThrottlesMax = 5;
constexpr std::chrono::minutes kThrottledMax{4};

std::optional<sdk::SystemTime> time_of(const sdk::json::value& body) {
  const auto time = sdk::parse_time(sdk::string_at(body, "time"));
  return time.ok() ? std::optional(*time) : std::nullopt;
}

sdk::Error unreadable(const std::string& what) {
  return sdk::transient_error("quickbooks.unreadable", "QuickBooks answered without " + what);
}

}  // namespace

Api::Api(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : base_(settings.option("apiBase")),
      realm_(settings.account_id.empty() ? settings.credential("realmId") : settings.account_id),
      minor_version_(settings.option("minorVersion")),
      services_(services) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
}

sdk::HttpRequest Api::request(const std::string& method, const std::string& path, Fields query) const {
  query.emplace_back("minorversion", minor_version_);
  sdk::HttpRequest request;
  request.method = method;
  request.url = base_ + "/v3/company/" + sdk::url_encode(realm_) + "/" + path + "?" + sdk::form_encode(query);
  request.headers = {{"Accept", "application/json"}};
  request.limit_group = "*";
  return request;
}

sdk::Error Api::count_throttle(sdk::Error error) {
  const auto now = services_.clock.now();
  if (throttles_in_a_row_++ == 0) throttled_since_ = now;
  if (throttles_in_a_row_ < kThrottlesMax || now - *throttled_since_ < kThrottledMax) return error;
  return sdk::permanent_error(
      "quickbooks.quota_used_up",
      "QuickBooks has refused every call for minutes: the monthly quota of the Intuit workspace "
      "seems to be used up");
}

sdk::Result<sdk::json::value> Api::read_answer(const sdk::HttpResponse& response) {
  std::optional<sdk::Error> error;
  sdk::Result<sdk::json::value> body = sdk::json::value();
  if (response.status < 200 || response.status > 299) {
    error = error_of(response);
  } else {
    body = sdk::parse_json(response.body);
    if (!body.ok() || !body->is_object()) {
      // The gateway may answer in XML although JSON was asked for, and with 200 for a fault.
      const auto fault = find_xml_fault(response.body);
      error =
          fault ? error_of(*fault, response.status)
                : sdk::transient_error("quickbooks.unreadable", "QuickBooks answered with something that is not JSON");
    } else if (const auto fault = find_fault(*body)) {
      error = error_of(*fault, response.status);
    }
  }
  if (!error) {
    throttles_in_a_row_ = 0;
    return body;
  }
  services_.logger.log(sdk::LogLevel::kDebug, "QuickBooks refused a call",
                       {{"code", error->code},
                        {"status", response.status},
                        {"intuit_tid", sdk::find_header(response.headers, "intuit_tid").value_or("")}});
  if (error->code == kThrottled) return count_throttle(std::move(*error));
  return std::move(*error);
}

sdk::Result<sdk::json::value> Api::send_once(const sdk::CallContext& context, sdk::HttpRequest& request,
                                             const std::string& token) {
  sdk::HttpRequest attempt = request;
  attempt.headers.emplace_back("Authorization", "Bearer " + token);
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, services_.http.send(context, attempt));
  return read_answer(response);
}

sdk::Result<sdk::json::value> Api::send(const sdk::CallContext& context, sdk::HttpRequest request) {
  if (realm_.empty()) {
    return sdk::auth_error("quickbooks.no_company",
                           "the company is not known: authorise the connection, or give the credential 'realmId'");
  }
  PATCHBAY_ASSIGN(std::string token, services_.tokens.current(context));
  auto body = send_once(context, request, token);
  if (body.ok() || body.error().code != kRefusedToken) return body;
  PATCHBAY_ASSIGN(token, services_.tokens.renew(context, token));
  return send_once(context, request, token);
}

sdk::Result<sdk::json::value> Api::read(const sdk::CallContext& context, const std::string& path, const Fields& query) {
  sdk::HttpRequest call = request("GET", path, query);
  call.retry_safe = true;
  return send(context, std::move(call));
}

sdk::Result<QueryAnswer> Api::query(const sdk::CallContext& context, const Statement& statement) {
  PATCHBAY_ASSIGN(auto body, read(context, "query", {{"query", statement.text()}}));
  auto* response = body.as_object().if_contains("QueryResponse");
  if (response == nullptr || !response->is_object()) return unreadable("a query response");
  QueryAnswer answer;
  answer.at = time_of(body);
  // Without a match the entity's member is not there at all.
  if (auto* rows = response->as_object().if_contains(statement.entity); rows != nullptr && rows->is_array())
    answer.rows = std::move(rows->as_array());
  return answer;
}

sdk::Result<std::uint64_t> Api::count(const sdk::CallContext& context, const Statement& statement) {
  PATCHBAY_ASSIGN(const auto body, read(context, "query", {{"query", statement.count_text()}}));
  const auto* total = sdk::find_path(body, "QueryResponse.totalCount");
  if (total == nullptr || !total->is_int64() || total->as_int64() < 0) return unreadable("a count");
  return static_cast<std::uint64_t>(total->as_int64());
}

sdk::Result<sdk::json::value> Api::write(const sdk::CallContext& context, WriteCall call) {
  if (!call.request_id.empty()) call.query.emplace_back("requestid", call.request_id);
  sdk::HttpRequest sent = request("POST", call.path, std::move(call.query));
  sent.headers.emplace_back("Content-Type", "application/json");
  sent.body = sdk::json::serialize(call.body);
  sent.retry_safe = call.retry_safe;
  return send(context, std::move(sent));
}

sdk::Result<sdk::json::array> Api::batch(const sdk::CallContext& context, sdk::json::array items) {
  if (items.empty() || items.size() > kBatchItemsMax)
    return sdk::invalid_error("quickbooks.batch_size",
                              "a batch holds 1 to " + std::to_string(kBatchItemsMax) + " requests");
  sdk::HttpRequest sent = request("POST", "batch", {});
  sent.headers.emplace_back("Content-Type", "application/json");
  sent.limit_group = "batch";
  sent.body = sdk::json::serialize(sdk::json::object{{"BatchItemRequest", std::move(items)}});
  PATCHBAY_ASSIGN(auto body, send(context, std::move(sent)));
  auto* answers = body.as_object().if_contains("BatchItemResponse");
  if (answers == nullptr || !answers->is_array()) return unreadable("the batch's answers");
  for (const auto& answer : answers->as_array()) {
    const auto fault = find_fault(answer);
    if (fault && fault->code == "3001") return count_throttle(error_of(*fault, 0));
  }
  return std::move(answers->as_array());
}

}  // namespace patchbay::quickbooks
