#include "tests/sandbox/stripe/account.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::sandbox::stripe {
namespace {

json::object changed_attributes(const json::object& before, const json::object& after) {
  json::object previous;
  for (const auto& member : after) {
    const auto* old = before.if_contains(member.key());
    if (old == nullptr) {
      previous[member.key()] = nullptr;
    } else if (*old != member.value()) {
      previous[member.key()] = *old;
    }
  }
  return previous;
}

bool listens(const json::object& endpoint, std::string_view type) {
  if (sdk::string_at(endpoint, "status") != "enabled") return false;
  const auto* types = endpoint.if_contains("enabled_events");
  if (types == nullptr || !types->is_array()) return false;
  return std::any_of(types->get_array().begin(), types->get_array().end(),
                     [&](const json::value& wanted) { return wanted == "*" || wanted == json::string_view(type); });
}

}  // namespace

std::string noun_of(std::string_view kind) {
  if (kind == "payment_intents" || kind == "invoice_payments" || kind == "webhook_endpoints" || kind == "test_clocks") {
    return std::string(kind.substr(0, kind.size() - 1));
  }
  if (kind == "balance_transactions") return "balance_transaction";
  return std::string(kind.substr(0, kind.size() - 1));
}

Account::Account(const ServiceContext& context, std::string key, std::string id, std::string webhook_secret)
    : context_(context),
      key_(std::move(key)),
      id_(std::move(id)),
      webhook_target_(context.webhook_target),
      webhook_secret_(std::move(webhook_secret)) {
  auto& store = context_.store;
  store.declare(table_name("customers"), {"email"});
  store.declare(table_name("payment_intents"), {"customer"});
  store.declare(table_name("charges"), {"customer", "payment_intent"});
  store.declare(table_name("refunds"), {"charge", "payment_intent"});
  store.declare(table_name("disputes"), {"charge", "payment_intent"});
  store.declare(table_name("payouts"));
  store.declare(table_name("attached_payments"));  // by payment intent: the invoice that its payment goes to
  store.declare(table_name("invoices"), {"customer"});
  store.declare(table_name("invoiceitems"), {"customer", "invoice"});
  store.declare(table_name("invoice_payments"), {"invoice"});
  store.declare(table_name("balance_transactions"), {"source"});
  for (const auto* kind : {"events", "webhook_endpoints", "webhook_secrets", "test_clocks", "deleted", "idempotency"}) {
    store.declare(table_name(kind));
  }
}

void Account::set_webhook_target(std::string target, std::optional<std::string> secret) {
  webhook_target_ = std::move(target);
  if (secret) webhook_secret_ = *std::move(secret);
}

void Account::set_request(std::string request_id, std::string idempotency_key) {
  request_id_ = std::move(request_id);
  idempotency_key_ = std::move(idempotency_key);
}

const json::object& Account::put(std::string_view kind, json::object value) {
  const auto* created = value.if_contains("created");
  const auto created_ms = (created != nullptr && created->is_int64() ? created->get_int64() : now()) * 1000;
  auto id = sdk::string_at(value, "id");
  return context_.store
      .put(table_name(kind), std::move(id), created_ms, context_.clock.now_milliseconds(), std::move(value))
      .value;
}

const json::object& Account::add(std::string_view kind, json::object value, std::string_view event_type) {
  const auto& kept = put(kind, std::move(value));
  emit(event_type, kept);
  return kept;
}

const json::object& Account::update(std::string_view kind, json::object value,
                                    const std::vector<std::string_view>& event_types) {
  json::object previous;
  if (const auto* before = find(kind, sdk::string_at(value, "id"))) previous = changed_attributes(before->value, value);
  const auto& kept = put(kind, std::move(value));
  for (const auto type : event_types) emit(type, kept, type.ends_with(".updated") ? previous : json::object{});
  return kept;
}

json::object Account::make_event(std::string id, std::int64_t created, std::string_view type,
                                 const json::object& object) const {
  return {{"id", id},
          {"object", "event"},
          {"api_version", kApiVersion},
          {"created", created},
          {"data", json::object{{"object", object}}},
          {"livemode", false},
          {"pending_webhooks", webhook_target_.empty() ? 0 : 1},
          {"request", json::object{{"id", nullptr}, {"idempotency_key", nullptr}}},
          {"type", type}};
}

void Account::keep_event(std::string id, std::int64_t created, std::string_view type, const json::object& object) {
  put("events", make_event(std::move(id), created, type, object));
}

void Account::emit(std::string_view type, const json::object& object, json::object previous_attributes) {
  auto event = make_event(new_id("evt_"), now(), type, object);
  if (!previous_attributes.empty()) event["data"].as_object()["previous_attributes"] = std::move(previous_attributes);
  if (!request_id_.empty()) event["request"].as_object()["id"] = request_id_;
  if (!idempotency_key_.empty()) event["request"].as_object()["idempotency_key"] = idempotency_key_;
  const auto& kept = put("events", std::move(event));

  bool told_target = false;
  const auto target = webhook_target_.empty() ? std::string() : webhook_target_ + "/stripe";
  for (const auto* endpoint : table("webhook_endpoints").by_created()) {
    if (!listens(endpoint->value, type)) continue;
    const auto url = sdk::string_at(endpoint->value, "url");
    const auto* secret = find("webhook_secrets", endpoint->id);
    told_target = told_target || url == target;
    deliver(kept, url, secret == nullptr ? std::string() : sdk::string_at(secret->value, "secret"));
  }
  if (!target.empty() && !told_target) deliver(kept, target, webhook_secret_);
}

void Account::deliver(const json::object& event, std::string_view url, std::string secret) {
  OutgoingEvent outgoing;
  outgoing.service = "stripe";
  outgoing.event_id = sdk::string_at(event, "id");
  outgoing.topic = sdk::string_at(event, "type");
  outgoing.url = url;
  outgoing.body = to_wire(event);
  outgoing.sign = [secret = std::move(secret)](std::string_view body) {
    const auto unix_seconds = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return sdk::Headers{{"Stripe-Signature", stripe_signature(secret, body, unix_seconds)},
                        {"User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"}};
  };
  context_.webhooks.send(std::move(outgoing));
}

std::string stripe_signature(std::string_view secret, std::string_view body, std::int64_t unix_seconds) {
  const auto time = std::to_string(unix_seconds);
  return "t=" + time + ",v1=" + sdk::hex_encode(base::hmac_sha256(secret, time + "." + std::string(body)));
}

}  // namespace patchbay::sandbox::stripe
