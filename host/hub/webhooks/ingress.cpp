#include "hub/webhooks/ingress.hpp"

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

Ingress::Ingress(const connections::ConnectionStore& connections, const plugins::PluginCatalog& catalog,
                 std::vector<IngressLane> lanes, base::WorkerPool& pool, gateway::RateLimiter& limiter,
                 const sdk::Clock& clock, IngressSettings settings, base::Metrics& metrics)
    : connections_(connections),
      catalog_(catalog),
      lanes_(std::move(lanes)),
      pool_(pool),
      limiter_(limiter),
      clock_(clock),
      settings_(std::move(settings)),
      received_count_(metrics.counter("patchbay_webhooks_received_total", "Webhook requests")),
      refused_count_(metrics.counter("patchbay_webhooks_refused_total", "Webhook requests whose verification failed")),
      acknowledged_count_(metrics.counter("patchbay_webhooks_acknowledged_total", "Webhook requests answered 200")),
      unavailable_count_(
          metrics.counter("patchbay_webhooks_unavailable_total", "Webhook requests that could not be stored")) {}

gateway::Routes Ingress::routes() {
  gateway::Routes routes;
  for (const char* pattern : {"/webhooks/{connector}", "/webhooks/{connector}/{connection}"}) {
    gateway::Route route;
    route.method = "POST";
    route.pattern = pattern;
    route.access = gateway::Access::kPublic;
    route.handler = gateway::AsyncHandler([this](Context context, gateway::Reply reply) { receive(context, reply); });
    route.tag = "webhooks";
    route.summary = "Takes a service's webhook; 200 once it is stored";
    route.limit = gateway::LimitClass::kWebhook;
    route.idempotency_key = false;
    route.raw_body = true;
    routes.push_back(std::move(route));
  }
  return routes;
}

void Ingress::receive(const Context& context, const gateway::Reply& reply) {
  received_count_.add();
  const auto* plugin = catalog_.find(context->path_param("connector"));
  if (plugin == nullptr || !plugin->description.webhooks.supported) {
    return reply(sdk::not_found_error("webhooks.unknown_connector", "There is no such connector that takes webhooks."));
  }
  if (context->request.body.size() > settings_.body_bytes_max) {
    return reply(sdk::invalid_error("http.body_too_large", "The body is too large."));
  }
  auto delivery = std::make_shared<Delivery>(Delivery{context, reply, connections_.verification(), plugin, {}});
  if (!delivery->snapshot) {
    unavailable_count_.add();
    return reply(unavailable("webhooks.starting", "The hub is starting; send it again."));
  }
  auto candidates = find_candidates(*context, delivery->snapshot);
  if (!candidates.ok()) return reply(std::move(candidates).error());
  delivery->candidates = std::move(candidates).value();
  const bool blocks = plugin->in_child || plugin->description.webhooks.signature.algorithm == Algorithm::kCustom;
  if (!blocks) return process(delivery, true);
  if (!pool_.try_submit([this, delivery] { process(delivery, false); })) {
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

void Ingress::process(const std::shared_ptr<Delivery>& delivery, bool on_io_thread) {
  http::Request& request = delivery->context->request;
  sdk::WebhookRequest webhook{request.method, settings_.public_url + request.target, request.headers,
                              std::move(request.body), clock_.now(), {}};
  const Candidates good = verified(*delivery, webhook);
  if (good.empty()) return delivery->reply(refuse(*delivery->context));
  auto receipts = make_receipts(*delivery, good, std::move(webhook));
  if (on_io_thread) return store(delivery, std::move(receipts));
  const auto& lane = lanes_[request.io_thread % lanes_.size()];
  lane.loop->post([this, delivery, receipts = std::move(receipts)]() mutable { store(delivery, std::move(receipts)); });
}

Ingress::Candidates Ingress::verified(const Delivery& delivery, const sdk::WebhookRequest& request) const {
  const sdk::SignatureDescription& signature = delivery.plugin->description.webhooks.signature;
  Candidates good;
  for (const auto* connection : delivery.candidates) {
    const auto checked = signature.algorithm == Algorithm::kCustom
                             ? delivery.plugin->plugin->verify_webhook(request, connection->settings)
                             : check_signature(signature, connection->settings.credential(signature.key_credential),
                                               request.headers, request.body, request.received_at);
    if (checked.ok()) good.push_back(connection);
  }
  return good;
}

/// Only failures count, so that nobody can shut out a service by sending rubbish from behind the same address.
sdk::Error Ingress::refuse(const gateway::RequestContext& context) {
  refused_count_.add();
  const std::string key = gateway::address_key(context.request.remote_address);
  const auto verdict = limiter_.look(gateway::Limit::kWebhookFailure, key);
  limiter_.count_failure(gateway::Limit::kWebhookFailure, key);
  if (!verdict.allowed) {
    return sdk::rate_limited_error("limits.webhook_failure", "Too many webhooks with a bad signature.", verdict.wait);
  }
  return sdk::auth_error("auth.webhook_signature", "The signature is missing, stale or wrong.");
}

std::vector<Receipt> Ingress::make_receipts(const Delivery& delivery, const Candidates& verified,
                                            sdk::WebhookRequest request) const {
  const auto events = delivery.plugin->plugin->parse_webhook(request);
  std::vector<Receipt> receipts;
  if (!events.ok() || events->empty() || events->size() > settings_.events_max) {
    receipts.push_back(make_unread_receipt(verified.front()->id, request.body));
  } else {
    receipts.reserve(events->size());
    for (const sdk::WebhookEvent& event : *events) {
      receipts.push_back(make_receipt(addressee(verified, event)->id, event, request.body, events->size() == 1));
    }
  }
  const std::string headers = stored_headers(request.headers, delivery.plugin->description.webhooks.signature.header);
  for (Receipt& receipt : receipts) receipt.headers = headers;
  return receipts;
}

void Ingress::store(const std::shared_ptr<Delivery>& delivery, std::vector<Receipt> receipts) {
  const auto& lane = lanes_[delivery->context->request.io_thread % lanes_.size()];
  lane.writer->store(std::move(receipts), [this, delivery](const sdk::Result<ReceiptWriter::Stored>& stored) {
    (stored.ok() ? acknowledged_count_ : unavailable_count_).add();
    delivery->reply(stored.ok() ? sdk::Result<http::Response>(received())
                                : sdk::Result<http::Response>(stored.error()));
  });
}

}  // namespace patchbay::webhooks
