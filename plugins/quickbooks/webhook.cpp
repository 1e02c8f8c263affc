#include "webhook.hpp"

#include "resources.hpp"

#include <algorithm>

namespace patchbay::quickbooks {
namespace {

constexpr std::size_t kEventsMax = 10'000;  // of one body; the hub has a limit of its own

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

/// What happened to which record, in the words of either form.
struct Change {
  std::string realm, object, id, verb, at, deleted_id;
};

void add_event(const Change& change, sdk::WebhookEvent event, std::vector<sdk::WebhookEvent>& events) {
  event.account_id = change.realm;
  event.external_id = change.id;
  if (const auto at = sdk::parse_time(change.at); at.ok()) event.occurred_at = *at;
  const Resource* resource = find_resource_of_object(change.object);
  if (resource != nullptr) event.resource = resource->name;
  // A name list's "delete" makes inactive: the record is read anew and says so itself.
  const bool is_transaction = resource != nullptr && resource->removal == Removal::kDelete;
  event.deleted = is_transaction && (change.verb == "delete" || change.verb == "deleted");
  events.push_back(event);
  if (change.deleted_id.empty() || resource == nullptr) return;
  // Merged: the other record is gone, and this event is the only one to tell.
  event.external_id = change.deleted_id;
  event.deleted = true;
  event.dedupe_key += "|" + change.deleted_id;
  event.event_id.clear();
  events.push_back(std::move(event));
}

/// "qbo.salesreceipt.created.v1" → salesreceipt, created.
bool split_type(const std::string& type, Change& change) {
  const auto first = type.find('.');
  const auto second = first == std::string::npos ? first : type.find('.', first + 1);
  if (second == std::string::npos || second + 1 >= type.size()) return false;
  const auto third = type.find('.', second + 1);
  change.object = type.substr(first + 1, second - first - 1);
  change.verb = type.substr(second + 1, third == std::string::npos ? third : third - second - 1);
  return !change.object.empty() && !change.verb.empty();
}

void read_cloud_event(const sdk::json::value& item, std::vector<sdk::WebhookEvent>& events) {
  Change change;
  sdk::WebhookEvent event;
  event.topic = sdk::string_at(item, "type");
  event.event_id = sdk::string_at(item, "id");
  event.dedupe_key = event.event_id;
  change.realm = sdk::string_at(item, "intuitaccountid");
  change.id = sdk::string_at(item, "intuitentityid");
  change.at = sdk::string_at(item, "time");
  change.deleted_id = sdk::string_at(item, "data.deletedId");
  if (event.event_id.empty() || change.realm.empty() || change.id.empty() || !split_type(event.topic, change)) return;
  add_event(change, std::move(event), events);
}

void read_legacy_entity(const std::string& realm, const sdk::json::value& item,
                        std::vector<sdk::WebhookEvent>& events) {
  const std::string name = sdk::string_at(item, "name");
  const std::string operation = sdk::string_at(item, "operation");
  Change change{realm,
                name,
                sdk::string_at(item, "id"),
                lower(operation),
                sdk::string_at(item, "lastUpdated"),
                sdk::string_at(item, "deletedId")};
  if (realm.empty() || name.empty() || operation.empty() || change.id.empty()) return;
  sdk::WebhookEvent event;
  event.topic = name + "." + operation;
  // The older form has no ids.
  event.dedupe_key = realm + "|" + name + "|" + change.id + "|" + operation + "|" + change.at;
  add_event(change, std::move(event), events);
}

void read_legacy(const sdk::json::value& body, std::vector<sdk::WebhookEvent>& events) {
  const auto* notifications = sdk::find_member(body, "eventNotifications");
  if (notifications == nullptr || !notifications->is_array()) return;
  for (const auto& notification : notifications->as_array()) {
    const auto* entities = sdk::find_path(notification, "dataChangeEvent.entities");
    if (entities == nullptr || !entities->is_array()) continue;
    for (const auto& entity : entities->as_array()) {
      if (events.size() < kEventsMax) read_legacy_entity(sdk::string_at(notification, "realmId"), entity, events);
    }
  }
}

}  // namespace

std::vector<std::string> webhook_topics() {
  std::vector<std::string> topics;
  for (const Resource& resource : resources()) {
    for (const char* verb : {"created", "updated", "deleted"})
      topics.push_back("qbo." + resource.path + "." + verb + ".v1");
    if (resource.is_list) topics.push_back("qbo." + resource.path + ".merged.v1");
    if (resource.is_money) topics.push_back("qbo." + resource.path + ".voided.v1");
    if (resource.name == "invoices" || resource.name == "estimates")
      topics.push_back("qbo." + resource.path + ".emailed.v1");
  }
  return topics;
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_events(const sdk::WebhookRequest& request) {
  PATCHBAY_ASSIGN(const sdk::json::value body, sdk::parse_json(request.body, {4 * 1024 * 1024, 32}));
  std::vector<sdk::WebhookEvent> events;
  if (body.is_array()) {
    for (const auto& item : body.as_array()) {
      if (events.size() < kEventsMax) read_cloud_event(item, events);
    }
  } else {
    read_legacy(body, events);
  }
  if (events.empty()) return sdk::invalid_error("quickbooks.not_an_event", "the body is not a QuickBooks webhook");
  return events;
}

}  // namespace patchbay::quickbooks
