#include "tests/sandbox/quickbooks/quickbooks_service.hpp"

#include "tests/sandbox/quickbooks/dataset.hpp"
#include "tests/sandbox/quickbooks/statement.hpp"
#include "tests/sandbox/quickbooks/writes.hpp"

#include <algorithm>

namespace patchbay::sandbox {

using quickbooks::Company;
using quickbooks::Outcome;
using quickbooks::RecordType;
using quickbooks::Refusal;

namespace {

constexpr std::int64_t kGenerous = 1'000'000;
constexpr std::size_t kBatchMax = 30;

/// "/v3/company/1/query" → {"v3", "company", "1", "query"}.
std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    segments.emplace_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

std::string parameter(const http::Request& request, std::string_view name) {
  return std::string(request.query_value(name).value_or(""));
}

http::Response xml(int status, std::string_view type, std::string_view code, std::string_view message,
                   std::string_view detail) {
  auto response = http::Response::text(
      status,
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><IntuitResponse "
      "time=\"2026-01-01T00:00:00.000-08:00\" xmlns=\"http://schema.intuit.com/finance/v3\"><Fault type=\"" +
          std::string(type) + "\"><Error code=\"" + std::string(code) + "\"><Message>" + std::string(message) +
          "</Message><Detail>" + std::string(detail) + "</Detail></Error></Fault></IntuitResponse>");
  response.content_type = "application/xml";
  return response;
}

http::Response throttled(int status) {
  return xml(status, "SERVICE", "3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429",
             "The request limit was reached.  Try again later");
}

/// The gateway's own spelling.
http::Response bad_token() {
  json::object error{{"message", "message=AuthenticationFailed; errorCode=003200; statusCode=401"},
                     {"detail", "Token expired or revoked"},
                     {"code", "3200"},
                     {"element", nullptr}};
  json::object fault{{"error", json::array{std::move(error)}}, {"type", "AUTHENTICATION"}};
  return http::Response::json(
      401, to_wire(json::object{{"warnings", nullptr}, {"intuitObject", nullptr}, {"fault", std::move(fault)}}));
}

Refusal not_supported() {
  return {400, "500", "Unsupported Operation", "Operation is not supported.", ""};
}

Refusal not_found(std::string_view object) {
  return {400, "610", "Object Not Found", "Object Not Found : " + std::string(object), ""};
}

std::string shape_of(const std::vector<std::string>& segments) {
  if (segments.size() < 4 || segments[0] != "v3") return {};
  std::string shape = segments[3];
  if (segments.size() > 4) shape += shape == "reports" ? "/" + segments[4] : "/{id}";
  if (segments.size() > 5) shape += "/" + segments[5];
  return shape;
}

}  // namespace

QuickBooksService::QuickBooksService(const ServiceContext& context, QuickBooksSecrets secrets)
    : context_(context),
      company_(std::make_unique<Company>(context, std::move(secrets.verifier_token))),
      oauth_(std::make_unique<quickbooks::OAuth>(
          *company_, quickbooks::AppKeys{std::move(secrets.client_id), std::move(secrets.client_secret)})) {
  if (!context.vendor_limits) windows_.per_second = windows_.per_minute = windows_.batches_per_minute = kGenerous;
}

void QuickBooksService::generate() {
  quickbooks::generate_company(*company_, context_.people);
}

/// "GET query Invoice", "GET invoice/{id}", "POST invoice delete": a fault can be planned for each.
std::string QuickBooksService::operation(const Call& call) const {
  const auto shape = shape_of(split(call.path));
  if (shape.empty()) return call.request.method + " " + call.path;
  auto operation = call.request.method + " " + shape;
  if (shape == "query") {
    const auto statement = parameter(call.request, "query");
    const auto from = statement.find("FROM ");
    if (from != std::string::npos)
      operation += " " + statement.substr(from + 5, statement.find(' ', from + 5) - from - 5);
  }
  for (const auto* name : {"operation", "entities"}) {
    if (const auto text = parameter(call.request, name); !text.empty()) operation += " " + text;
  }
  return operation;
}

http::Response QuickBooksService::answer(const Call& call) {
  const auto& method = call.request.method;
  if (call.path == "/connect/oauth2" && (method == "GET" || method == "POST")) return oauth_->authorize(call.request);
  if (call.path == "/oauth2/v1/tokens/bearer" && method == "POST") return oauth_->token(call.request);
  if (call.path == "/v2/oauth2/tokens/revoke" && method == "POST") return oauth_->revoke(call.request);
  const auto segments = split(call.path);
  if (shape_of(segments).empty() || segments[1] != "company") return http::Response::empty(404);
  return company_call(call, segments);
}

http::Response QuickBooksService::company_call(const Call& call, const std::vector<std::string>& segments) {
  http::Response response;
  if (!oauth_->accepts(call.request)) {
    response = bad_token();
  } else if (segments[2] != quickbooks::kRealm) {
    response = refusal({403, "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
                        "The application is not authorized for this company", "", "AuthorizatonFault"});
  } else if (!windows_.admit(company_->now_ms(), segments[3] == "batch")) {
    response = throttled(429);
  } else {
    auto outcome = run(call, segments);
    if (const auto* refused = std::get_if<Refusal>(&outcome)) {
      response = refusal(*refused);
    } else {
      auto& body = std::get<json::object>(outcome);
      if (!body.contains("time")) body["time"] = company_->now();
      response = http::Response::json(200, to_wire(body));
    }
  }
  response.set_header("intuit_tid", "1-" + context_.new_id("", 24));
  return response;
}

http::Response QuickBooksService::refusal(const Refusal& refusal) const {
  return http::Response::json(refusal.status,
                              to_wire(json::object{{"Fault", refusal.fault()}, {"time", company_->now()}}));
}

Outcome QuickBooksService::run(const Call& call, const std::vector<std::string>& segments) {
  if (call.request.method == "GET") return read(call, segments);
  if (call.request.method == "POST") return write(call, segments);
  return not_supported();
}

Outcome QuickBooksService::read(const Call& call, const std::vector<std::string>& segments) {
  const auto& what = segments[3];
  if (what == "query" && segments.size() == 4) {
    auto outcome = quickbooks::run_query(*company_, parameter(call.request, "query"));
    if (auto* found = std::get_if<json::object>(&outcome)) return json::object{{"QueryResponse", std::move(*found)}};
    return outcome;
  }
  if (what == "cdc") return change_data(call);
  if (what == "reports" && segments.size() == 5 && segments[4] == "ProfitAndLoss") return profit_and_loss(call);
  if (what == "companyinfo" && segments.size() == 5) return json::object{{"CompanyInfo", company_info()}};
  const auto* type = quickbooks::find_record_type_at(what);
  if (type == nullptr || segments.size() != 5) return not_supported();
  const auto* record = company_->find(type->object, segments[4]);
  if (record == nullptr) return not_found(type->object);
  return json::object{{type->object, company_->shown(type->object, *record)}};
}

Outcome QuickBooksService::write(const Call& call, const std::vector<std::string>& segments) {
  const auto& what = segments[3];
  if (what == "query") {
    auto outcome = quickbooks::run_query(*company_, call.request.body);
    if (auto* found = std::get_if<json::object>(&outcome)) return json::object{{"QueryResponse", std::move(*found)}};
    return outcome;
  }
  if (segments.size() == 6 && what == "invoice" && segments[5] == "send") {
    const auto* known = company_->find("Invoice", segments[4]);
    if (known == nullptr) return not_found("Invoice");
    auto sent = known->value;
    sent["EmailStatus"] = "EmailSent";
    company_->update("Invoice", std::move(sent), {"Emailed", ""});
    return json::object{{"Invoice", company_->shown("Invoice", *company_->find("Invoice", segments[4]))}};
  }
  const auto type = call.request.header("Content-Type").value_or("");
  auto body = sdk::parse_json(call.request.body);
  if (type.find("application/json") == std::string_view::npos || !body || !body->is_object())
    return Refusal{400, "2010", "Request has invalid or unsupported property", "The body is no JSON object", ""};
  if (what == "batch") return batch(body->get_object());
  const auto* record_type = quickbooks::find_record_type_at(what);
  if (record_type == nullptr || segments.size() != 4) return not_supported();
  return write_record(*record_type, call, body->get_object());
}

/// The same requestid is answered with what it was answered first.
Outcome QuickBooksService::write_record(const RecordType& type, const Call& call, const json::object& body) {
  const auto request_id = parameter(call.request, "requestid");
  if (!request_id.empty() && honours_request_id_) {
    if (const auto* kept = company_->find("answers", request_id)) return kept->value.at("body").get_object();
  }
  auto outcome = quickbooks::apply_write(
      *company_, {type, body, parameter(call.request, "operation"), parameter(call.request, "include")});
  auto* written = std::get_if<json::object>(&outcome);
  if (written == nullptr) return outcome;
  json::object answer{{type.object, std::move(*written)}, {"time", company_->now()}};
  if (!request_id.empty()) company_->put_private("answers", request_id, {{"body", answer}});
  return answer;
}

Outcome QuickBooksService::batch(const json::object& body) {
  const auto* items = body.if_contains("BatchItemRequest");
  if (items == nullptr || !items->is_array())
    return Refusal{400, "2010", "Request has invalid or unsupported property", "BatchItemRequest is missing", ""};
  if (items->get_array().size() > kBatchMax)
    return Refusal{400, "1040", "Batch item limit exceeded", "At most 30 items", ""};
  json::array answers;
  for (const auto& item : items->get_array())
    answers.push_back(item.is_object() ? batch_item(item.get_object()) : json::object());
  return json::object{{"BatchItemResponse", std::move(answers)}};
}

json::object QuickBooksService::batch_item(const json::object& item) {
  json::object answer{{"bId", sdk::string_at(item, "bId")}};
  Outcome outcome = not_supported();
  std::string name = "QueryResponse";
  if (const auto statement = sdk::string_at(item, "Query"); !statement.empty()) {
    outcome = quickbooks::run_query(*company_, statement);
  } else {
    for (const auto& member : item) {
      const auto* type = quickbooks::find_record_type_of(member.key());
      if (type == nullptr || !member.value().is_object()) continue;
      const auto operation = sdk::string_at(item, "operation");
      name = type->object;
      outcome = quickbooks::apply_write(
          *company_, {*type, member.value().get_object(), operation == "create" ? "" : operation, ""});
    }
  }
  if (const auto* refused = std::get_if<Refusal>(&outcome))
    answer["Fault"] = refused->fault();
  else
    answer[name] = std::move(std::get<json::object>(outcome));
  return answer;
}

http::Response QuickBooksService::failure(const Fault& fault) const {
  switch (fault.kind) {
    case FaultKind::kRateLimit:
      return throttled(fault.status != 0 ? fault.status : 429);
    case FaultKind::kExpiredToken:
      return bad_token();
    case FaultKind::kForbidden:
      return refusal({403, "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
                      "The application is not authorized for this company", "", "AuthorizatonFault"});
    case FaultKind::kLockTimeout:
      return refusal(
          {400, "5010", "Stale Object Error", "Stale Object Error : You and someone were working on this", ""});
    default:
      return refusal({fault.status != 0 ? fault.status : 500, "10000", "An application error has occurred",
                      "SystemFailureError", "", "SystemFault"});
  }
}

json::object QuickBooksService::limits() const {
  return {{"perSecond", windows_.per_second},
          {"perMinute", windows_.per_minute},
          {"batchesPerMinute", windows_.batches_per_minute},
          {"changeDataObjects", windows_.change_data_objects},
          {"alwaysRotates", oauth_->always_rotates()},
          {"honoursRequestId", honours_request_id_},
          {"legacyWebhooks", company_->legacy_webhooks()}};
}

sdk::Result<void> QuickBooksService::set_limits(const json::object& limits) {
  for (const auto& member : limits) {
    const std::string name(member.key());
    if (member.value().is_bool()) {
      const bool on = member.value().get_bool();
      if (name == "alwaysRotates")
        oauth_->set_always_rotates(on);
      else if (name == "honoursRequestId")
        honours_request_id_ = on;
      else if (name == "legacyWebhooks")
        company_->set_legacy_webhooks(on);
      else
        return sdk::invalid_error("sandbox.limits", "unknown limit", name);
      continue;
    }
    auto* target = name == "perSecond"           ? &windows_.per_second
                   : name == "perMinute"         ? &windows_.per_minute
                   : name == "batchesPerMinute"  ? &windows_.batches_per_minute
                   : name == "changeDataObjects" ? &windows_.change_data_objects
                                                 : nullptr;
    if (target == nullptr) return sdk::invalid_error("sandbox.limits", "unknown limit", name);
    if (!member.value().is_int64() || member.value().get_int64() < 1)
      return sdk::invalid_error("sandbox.limits", "must be from 1 on", name);
    *target = member.value().get_int64();
  }
  return {};
}

sdk::Result<void> QuickBooksService::set_webhook_target(const json::object& settings) {
  company_->set_webhook_target(sdk::string_at(settings, "target"));
  if (auto token = sdk::string_at(settings, "quickbooksVerifierToken"); !token.empty())
    company_->set_verifier_token(std::move(token));
  return {};
}

void QuickBooksService::add_hostile_records() {
  quickbooks::add_hostile_customers(*company_);
}

}  // namespace patchbay::sandbox
