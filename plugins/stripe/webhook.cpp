#include "webhook.hpp"

#include "resources.hpp"

namespace patchbay::stripe {
namespace {

constexpr const char* kDisconnected = "account.application.deauthorized";

/// Disputes and invoice payments are about another object, which has to be read anew.
bool point_elsewhere(const std::string& type, const sdk::json::value& object, sdk::WebhookEvent& event) {
  if (type.rfind("charge.dispute.", 0) == 0) {
    event.resource = "charges";
    event.external_id = sdk::string_at(object, "charge");
    return true;
  }
  if (type.rfind("invoice_payment.", 0) == 0) {
    event.resource = "invoices";
    event.external_id = sdk::string_at(object, "invoice");
    return true;
  }
  return false;
}

/// An object's id, whether it stands there or is expanded.
std::string id_at(const sdk::json::value& object, std::string_view member) {
  const auto* value = sdk::find_member(object, member);
  if (value == nullptr) return {};
  return value->is_object() ? sdk::string_at(*value, "id") : sdk::string_at(object, member);
}

/// A payment is its charge: what happens to its intent or a refund is read from there, whichever event comes first.
std::string charge_behind(const std::string& type, const sdk::json::value& object) {
  if (type.rfind("payment_intent.", 0) == 0) return id_at(object, "latest_charge");
  const bool is_refund = type.rfind("refund.", 0) == 0 || type == "charge.refund.updated";
  return is_refund ? id_at(object, "charge") : std::string();
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<std::string> webhook_topics() {
  std::vector<std::string> topics;
  for (const Resource& resource : resources())
    topics.insert(topics.end(), resource.event_types.begin(), resource.event_types.end());
  for (const char* type :
       {"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated", "invoice_payment.paid", kDisconnected}) {
    topics.emplace_back(type);
  }
  return topics;
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request) {
  PATCHBAY_ASSIGN(sdk::json::value body, sdk::parse_json(request.body, {4 * 1024 * 1024, 64}));
  const std::string object_kind = sdk::string_at(body, "object");
  if (object_kind != "event") {
    return sdk::invalid_error("stripe.not_an_event",
                              object_kind == "v2.core.event"
                                  ? "thin events (v2) are not taken; make a snapshot event destination"
                                  : "the body is not a Stripe event");
  }
  sdk::WebhookEvent event;
  event.topic = sdk::string_at(body, "type");
  event.event_id = sdk::string_at(body, "id");
  event.dedupe_key = event.event_id;
  event.account_id = sdk::string_at(body, "account");
  if (event.event_id.empty() || event.topic.empty()) {
    return sdk::invalid_error("stripe.not_an_event", "the event has no id or no type");
  }
  if (const auto* created = sdk::find_member(body, "created"); created != nullptr && created->is_int64()) {
    event.occurred_at = sdk::SystemTime(std::chrono::seconds(created->as_int64()));
  }
  event.disconnected = event.topic == kDisconnected;
  auto* data = body.as_object().if_contains("data");
  auto* object = data != nullptr && data->is_object() ? data->as_object().if_contains("object") : nullptr;
  if (object == nullptr || !object->is_object() || event.disconnected) return std::vector{std::move(event)};
  if (point_elsewhere(event.topic, *object, event)) return std::vector{std::move(event)};
  const Resource* resource = find_resource_of_object(sdk::string_at(*object, "object"));
  const std::string id = sdk::string_at(*object, "id");
  // invoice.upcoming has an invoice without an id: there is nothing to keep yet.
  if (resource == nullptr || id.empty()) return std::vector{std::move(event)};
  std::vector<sdk::WebhookEvent> events;
  if (const std::string charge = charge_behind(event.topic, *object); !charge.empty()) {
    sdk::WebhookEvent behind = event;
    behind.dedupe_key += ":charge";
    behind.resource = "charges";
    behind.external_id = charge;
    events.push_back(std::move(behind));
  }
  event.resource = resource->name;
  event.external_id = id;
  event.deleted = ends_with(event.topic, ".deleted");
  // A charge in an event knows neither its invoice nor its disputes: it is always read anew.
  if (resource->name != "charges") {
    event.snapshot = make_record(*resource, std::move(*object), event.occurred_at);
    event.snapshot->deleted = event.snapshot->deleted || event.deleted;
  }
  events.insert(events.begin(), std::move(event));
  return events;
}

}  // namespace patchbay::stripe
