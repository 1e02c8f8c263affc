#include "hub/webhooks/ingress.hpp"

#include "engine/gateway/operation.hpp"
#include "hub/webhooks/receipt_keys.hpp"
#include "hub/webhooks/verifier.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/http.hpp>

#include <algorithm>

namespace patchbay::webhooks {
namespace {

using Algorithm = sdk::SignatureDescription::Algorithm;

sdk::Error unavailable(std::string code, std::string message) {
  sdk::Error error = sdk::transient_error(std::move(code), std::move(message));
  error.retry_after = std::chrono::seconds(2);
  return error;
}

http::Response received() {
  static const std::string kBody = R"({"received":true})";
  return http::Response::json(200, kBody);
}

std::optional<std::string> bearer_token(const sdk::Headers& headers) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = sdk::find_header(headers, "Authorization");
  if (!header || !sdk::equals_ignoring_case(std::string_view(*header).substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  return header->substr(kScheme.size());
}

/// Whether the event can be read again from what is stored of the request: its body and its plain headers.
bool body_says_all(const sdk::WebhookRequest& request) {
  return request.method == "POST" && !request.body.empty() && request.url.find('?') == std::string::npos &&
         request.verified_claims.empty();
}

/// The account an event is for, among connections that share a key; the first where the event names none.
const connections::Connection* addressee(const std::vector<const connections::Connection*>& verified,
                                         const sdk::WebhookEvent& event) {
  const connections::Connection* unbound = nullptr;
  for (const auto* connection : verified) {
    if (event.account_id.empty() || connection->account_id == event.account_id) return connection;
    if (connection->account_id.empty() && unbound == nullptr) unbound = connection;
  }
  // Nobody's account: kept with the first one, where the handler will see that it is for somebody else.
  return unbound != nullptr ? unbound : verified.front();
}

}  // namespace

Ingress::Ingress(IngressParts parts, IngressSettings settings, base::Metrics& metrics)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      received_count_(metrics.counter("patchbay_webhooks_received_total", "Webhook requests")),
      refused_count_(metrics.counter("patchbay_webhooks_refused_total", "Webhook requests whose verification failed")),
      acknowledged_count_(metrics.counter("patchbay_webhooks_acknowledged_total", "Webhook requests answered 200")),
      unavailable_count_(
          metrics.counter("patchbay_webhooks_unavailable_total", "Webhook requests that could not be stored")) {}

gateway::Routes Ingress::routes() {
  gateway::Routes routes;
  const std::pair<const char*, const char*> doors[] = {{"POST", "/webhooks/{connector}"},
                                                       {"POST", "/webhooks/{connector}/{connection}"},
                                                       {"GET", "/webhooks/{connector}"},
                                                       {"GET", "/webhooks/{connector}/{connection}"}};
  for (const auto& [method, pattern] : doors) {
    gateway::Route route;
    route.method = method;
    route.pattern = pattern;
    route.access = gateway::Access::kPublic;
    route.handler = gateway::AsyncHandler([this](Context context, gateway::Reply reply) { receive(context, reply); });
    route.tag = "webhooks";
    route.summary = "Takes a service's webhook; 200 once it is stored";
    route.limit = gateway::LimitClass::kWebhook;
    route.idempotency_key = false;
    route.raw_body = true;
    route.operation = gateway::answers_plain("application/json", gateway::shape("received:boolean~"));
    routes.push_back(std::move(route));
  }
  return routes;
}

void Ingress::receive(const Context& context, const gateway::Reply& reply) {
  received_count_.add();
  const auto* plugin = parts_.catalog.find(context->path_param("connector"));
  if (plugin == nullptr || !plugin->description.webhooks.supported) {
    return reply(sdk::not_found_error("webhooks.unknown_connector", "There is no such connector that takes webhooks."));
  }
  if (context->request.body.size() > settings_.body_bytes_max) {
    return reply(sdk::invalid_error("http.body_too_large", "The body is too large."));
  }
  auto delivery = std::make_shared<Delivery>(
      Delivery{context, reply, parts_.connections.verification(), plugin, {}, {}, received(), {}});
  if (!delivery->snapshot) {
    unavailable_count_.add();
    return reply(unavailable("webhooks.starting", "The hub is starting; send it again."));
  }
  auto candidates = find_candidates(*context, delivery->snapshot);
  if (!candidates.ok()) return reply(std::move(candidates).error());
  delivery->candidates = std::move(candidates).value();
  const bool blocks = plugin->in_child || plugin->description.webhooks.signature.algorithm == Algorithm::kCustom;
  if (!blocks) return process(delivery, true);
  if (!parts_.pool.try_submit([this, delivery] { process(delivery, false); })) {
    unavailable_count_.add();
    reply(unavailable("webhooks.busy", "Too many webhooks wait to be checked."));
  }
}

sdk::Result<Ingress::Candidates> Ingress::find_candidates(
    const gateway::RequestContext& context, const connections::ConnectionStore::Snapshot& snapshot) const {
  const std::string& connector = context.path_param("connector");
  const auto named = context.path_params.find("connection");
  Candidates candidates;
  for (const connections::Connection& connection : *snapshot) {
    if (connection.connector != connector) continue;
    if (named != context.path_params.end()) {
      if (connection.id != named->second && !sdk::equals_ignoring_case(connection.name, named->second)) continue;
    }
    candidates.push_back(&connection);
    if (candidates.size() == settings_.connections_tried_max) break;
  }
  if (candidates.empty()) return sdk::not_found_error("webhooks.unknown_connection", "There is no such connection.");
  return candidates;
}

const IngressLane& Ingress::lane_of(const Delivery& delivery) const {
  return parts_.lanes[delivery.context->request.io_thread % parts_.lanes.size()];
}

void Ingress::process(const std::shared_ptr<Delivery>& delivery, bool on_io_thread) {
  http::Request& request = delivery->context->request;
  delivery->request = {request.method,     settings_.public_url + request.target,
                       request.headers,    std::move(request.body),
                       parts_.clock.now(), {}};
  if (answer_handshake(*delivery)) return;
  const auto good = verified(*delivery);
  if (!good.ok()) {
    const bool refused = good.error().error_class == sdk::ErrorClass::kAuth;
    if (!refused) unavailable_count_.add();
    return delivery->reply(refused ? refuse(*delivery->context) : good.error());
  }
  if (auto allowed = check_verified_limit(*delivery->context); !allowed.ok())
    return delivery->reply(std::move(allowed).error());
  auto receipts = make_receipts(*delivery, *good);
  if (on_io_thread) return store(delivery, std::move(receipts));
  lane_of(*delivery).loop->post(
      [this, delivery, receipts = std::move(receipts)]() mutable { store(delivery, std::move(receipts)); });
}

/// Off by default: what is refused here is genuine, and lost where the service does not send it again.
sdk::Result<void> Ingress::check_verified_limit(const gateway::RequestContext& context) {
  const std::string& connector = context.path_param("connector");
  const auto verdict = parts_.limiter.count(gateway::Limit::kWebhookVerified,
                                            connector + " " + gateway::address_key(context.request.remote_address));
  if (verdict.allowed) return {};
  if (verdict.first_refusal) {
    base::log_error("webhooks", "genuine webhooks are refused (limits.webhook_verified_per_minute)",
                    {{"connector", connector}, {"address", context.request.remote_address}});
  }
  return sdk::rate_limited_error("limits.webhook_verified", "Too many webhooks from this address.", verdict.wait);
}

bool Ingress::answer_handshake(const Delivery& delivery) const {
  if (!delivery.plugin->description.webhooks.unsigned_handshake) return false;
  const auto answer = delivery.plugin->plugin->answer_handshake(delivery.request);
  if (!answer.ok() || !answer->has_value()) return false;
  delivery.reply(response_of(**answer));
  return true;
}

sdk::Result<Ingress::Candidates> Ingress::verified(Delivery& delivery) const {
  Candidates good;
  std::optional<sdk::Error> unknown;
  sdk::json::object claims;
  for (const auto* connection : delivery.candidates) {
    delivery.request.verified_claims.clear();
    const auto checked = verify(delivery, *connection, delivery.request);
    if (checked.ok()) {
      if (good.empty()) claims = delivery.request.verified_claims;
      good.push_back(connection);
    } else if (checked.error().error_class == sdk::ErrorClass::kTransient) {
      unknown = checked.error();
    }
  }
  delivery.request.verified_claims = std::move(claims);
  if (!good.empty()) return good;
  if (unknown) return *unknown;
  return sdk::auth_error("auth.webhook_signature", "The signature is missing, stale or wrong.");
}

sdk::Result<void> Ingress::verify(const Delivery& delivery, const connections::Connection& connection,
                                  sdk::WebhookRequest& request) const {
  const sdk::WebhookDescription& webhooks = delivery.plugin->description.webhooks;
  const sdk::SignatureDescription& signature = webhooks.signature;
  if (signature.algorithm != Algorithm::kCustom) {
    return check_signature(signature, connection.settings.credential(signature.key_credential), request.headers,
                           request.body, request.received_at);
  }
  // One connector may have webhooks with a token and others without; which must have one is for the connector to say.
  const auto token = bearer_token(request.headers);
  if (webhooks.oidc && token) {
    const std::string own_url = connection.settings.option(webhooks.oidc->keys_url_option);
    PATCHBAY_ASSIGN(
        request.verified_claims,
        parts_.oidc.verify(*token, own_url.empty() ? webhooks.oidc->keys_url : own_url, webhooks.oidc->issuers));
  }
  return delivery.plugin->plugin->verify_webhook(request, connection.settings);
}

/// Only failures count, so that nobody can shut out a service by sending rubbish from behind the same address.
sdk::Error Ingress::refuse(const gateway::RequestContext& context) {
  refused_count_.add();
  const std::string key = gateway::address_key(context.request.remote_address);
  const auto verdict = parts_.limiter.look(gateway::Limit::kWebhookFailure, key);
  parts_.limiter.count_failure(gateway::Limit::kWebhookFailure, key);
  if (!verdict.allowed) {
    return sdk::rate_limited_error("limits.webhook_failure", "Too many webhooks with a bad signature.", verdict.wait);
  }
  return sdk::auth_error("auth.webhook_signature", "The signature is missing, stale or wrong.");
}

std::vector<Receipt> Ingress::make_receipts(Delivery& delivery, const Candidates& verified) const {
  const sdk::WebhookRequest& request = delivery.request;
  const sdk::WebhookDescription& webhooks = delivery.plugin->description.webhooks;
  const auto events = delivery.plugin->plugin->parse_webhook(request);
  std::vector<Receipt> receipts;
  if (!events.ok() || events->empty() || events->size() > settings_.events_max) {
    receipts.push_back(make_unread_receipt(verified.front()->id, request.body));
  } else {
    const bool whole_body = events->size() == 1 && body_says_all(request);
    receipts.reserve(events->size());
    for (const sdk::WebhookEvent& event : *events) {
      const auto* connection = addressee(verified, event);
      receipts.push_back(make_receipt(connection->id, event, request.body, whole_body));
      if (event.command && !delivery.command)
        delivery.command = CommandCall{connection->connector, connection->id, *event.command};
    }
  }
  const std::string headers = stored_headers(request.headers, webhooks.signature.header);
  for (Receipt& receipt : receipts) receipt.headers = headers;
  if (webhooks.own_answer && !delivery.command) {
    const auto own = delivery.plugin->plugin->answer_webhook(request, std::nullopt);
    if (own.ok()) delivery.answer = response_of(*own);
  }
  return receipts;
}

void Ingress::answer(const std::shared_ptr<Delivery>& delivery) {
  if (!delivery->command) return delivery->reply(std::move(delivery->answer));
  run_command({std::move(*delivery->command), std::move(delivery->request), delivery->plugin, delivery},
              {parts_.commands, &parts_.pool, lane_of(*delivery).loop}, delivery->reply);
}

void Ingress::store(const std::shared_ptr<Delivery>& delivery, std::vector<Receipt> receipts) {
  lane_of(*delivery).writer->store(std::move(receipts),
                                   [this, delivery](const sdk::Result<ReceiptWriter::Stored>& stored) {
                                     (stored.ok() ? acknowledged_count_ : unavailable_count_).add();
                                     if (!stored.ok()) return delivery->reply(stored.error());
                                     answer(delivery);
                                   });
}

}  // namespace patchbay::webhooks
