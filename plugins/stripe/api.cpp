#include "api.hpp"

namespace patchbay::stripe {
namespace {

void flatten_into(const std::string& name, const sdk::json::value& value, Fields& fields) {
  const auto nested = [&](const std::string& part) { return name.empty() ? part : name + "[" + part + "]"; };
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) flatten_into(nested(member.key()), member.value(), fields);
  } else if (const auto* array = value.if_array()) {
    for (std::size_t index = 0; index < array->size(); ++index)
      flatten_into(nested(std::to_string(index)), (*array)[index], fields);
  } else {
    fields.emplace_back(name, sdk::scalar_text(value).value_or(""));
  }
}

std::chrono::milliseconds retry_delay(const sdk::HttpResponse& response, std::chrono::milliseconds fallback) {
  const auto header = sdk::find_header(response.headers, "Retry-After");
  if (!header || header->empty() || header->size() > 5 || header->find_first_not_of("0123456789") != std::string::npos)
    return fallback;
  return std::chrono::seconds(std::stoi(*header));
}

sdk::Error too_many_requests(const sdk::HttpResponse& response, const std::string& code) {
  // Without this header a 429 is no rate limit but an object that another call holds.
  if (!sdk::find_header(response.headers, "Stripe-Rate-Limited-Reason") && code == "lock_timeout") {
    return sdk::transient_error("stripe.lock_timeout", "Stripe: the object is in use by another request");
  }
  return sdk::rate_limited_error("stripe.rate_limited", "Stripe asks to wait",
                                 retry_delay(response, std::chrono::seconds(1)));
}

/// Only Stripe's own word says that an object is not there: a proxy or a wrong address answers 404 as well.
sdk::Error not_found(const std::string& code, const sdk::json::value& body, const std::string& text) {
  if (code == "resource_missing") return sdk::not_found_error("stripe.not_found", text);
  if (sdk::find_member(body, "error") == nullptr)
    return sdk::transient_error("stripe.unreadable", "Stripe's address answered 404 with something that is not Stripe's");
  return sdk::permanent_error("stripe.unknown_address", text);
}

}  // namespace

Fields flatten(const sdk::json::value& value) {
  Fields fields;
  flatten_into("", value, fields);
  return fields;
}

sdk::Error error_of(const sdk::HttpResponse& response) {
  const auto parsed = sdk::parse_json(response.body, {1024 * 1024, 32});
  const sdk::json::value body = parsed.ok() ? *parsed : sdk::json::value();
  const std::string code = sdk::string_at(body, "error.code");
  std::string message = sdk::string_at(body, "error.message");
  if (message.empty()) message = "HTTP " + std::to_string(response.status);
  const std::string text = "Stripe: " + message;
  const auto should_retry = sdk::find_header(response.headers, "Stripe-Should-Retry");
  if (response.status == 429 || code == "rate_limit") return too_many_requests(response, code);
  if (response.status == 401) return sdk::auth_error("stripe.unauthorized", text);
  if (response.status == 403) return sdk::permanent_error("stripe.forbidden", text);
  if (response.status == 404) return not_found(code, body, text);
  if (should_retry == "true") return sdk::transient_error("stripe.retry", text);
  if (should_retry == "false") return sdk::permanent_error("stripe.refused", text);
  if (response.status == 409) return sdk::transient_error("stripe.conflict", text);
  if (response.status >= 500) return sdk::transient_error("stripe.unavailable", text);
  if (response.status == 402) return sdk::permanent_error("stripe.card_declined", text);
  if (sdk::string_at(body, "error.type") == "idempotency_error")
    return sdk::permanent_error("stripe.idempotency", text);
  const std::string param = sdk::string_at(body, "error.param");
  return sdk::invalid_error(code.empty() ? "stripe.invalid" : "stripe." + code, text,
                            param.empty() ? std::nullopt : std::optional<std::string>(param));
}

Api::Api(const sdk::ConnectionSettings& settings, sdk::HttpClient& http)
    : base_(settings.option("apiBase")),
      key_(settings.credential("secretKey")),
      version_(settings.option("apiVersion")),
      account_(settings.option("account")),
      http_(http) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
}

sdk::HttpRequest Api::request(const std::string& method, const std::string& path, const std::string& group) const {
  sdk::HttpRequest request;
  request.method = method;
  request.url = base_ + "/v1" + path;
  request.headers = {{"Authorization", "Bearer " + key_}, {"Stripe-Version", version_}, {"Accept", "application/json"}};
  if (!account_.empty()) request.headers.emplace_back("Stripe-Account", account_);
  request.limit_group = group;
  return request;
}

sdk::Result<sdk::json::value> Api::send(const sdk::CallContext& context, sdk::HttpRequest request) {
  if (key_.empty()) return sdk::auth_error("stripe.no_key", "the credential 'secretKey' is missing");
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, http_.send(context, request));
  if (response.status < 200 || response.status > 299) return error_of(response);
  auto body = sdk::parse_json(response.body);
  // Half an answer says nothing about the object: the same call may be made again.
  if (!body.ok()) return sdk::transient_error("stripe.unreadable", "Stripe answered with something that is not JSON");
  return body;
}

sdk::Result<sdk::json::value> Api::get(const sdk::CallContext& context, const std::string& path,
                                       const std::string& group, const Fields& query) {
  sdk::HttpRequest call = request("GET", path, group);
  if (!query.empty()) call.url += "?" + sdk::form_encode(query);
  call.retry_safe = true;
  return send(context, std::move(call));
}

sdk::Result<sdk::json::value> Api::post(const sdk::CallContext& context, const std::string& path,
                                        const std::string& group, const Fields& form,
                                        const std::string& idempotency_key) {
  sdk::HttpRequest call = request("POST", path, group);
  call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  if (!idempotency_key.empty()) call.headers.emplace_back("Idempotency-Key", idempotency_key);
  call.retry_safe = !idempotency_key.empty();
  call.body = sdk::form_encode(form);
  return send(context, std::move(call));
}

sdk::Result<sdk::json::value> Api::remove(const sdk::CallContext& context, const std::string& path,
                                          const std::string& group) {
  sdk::HttpRequest call = request("DELETE", path, group);
  call.retry_safe = true;
  return send(context, std::move(call));
}

}  // namespace patchbay::stripe
