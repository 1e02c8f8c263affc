#include "webhook.hpp"

#include <map>

namespace patchbay::jobber {
namespace {

constexpr const char* kDisconnected = "APP_DISCONNECT";

/// First word of a topic → resource of the record it is about.
const std::map<std::string, std::string>& resource_of_topic() {
  static const std::map<std::string, std::string> kResources{
      {"CLIENT", "clients"},   {"QUOTE", "quotes"}, {"JOB", "jobs"},         {"INVOICE", "invoices"},
      {"PAYMENT", "payments"}, {"VISIT", "visits"}, {"EXPENSE", "expenses"}, {"PROPERTY", "properties"}};
  return kResources;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<std::string> webhook_topics() {
  std::vector<std::string> topics;
  for (const auto& [word, resource] : resource_of_topic()) {
    for (const char* what : {"_CREATE", "_UPDATE", "_DESTROY"}) topics.push_back(word + what);
  }
  for (const char* topic :
       {"JOB_CLOSED", "QUOTE_SENT", "QUOTE_APPROVED", "VISIT_COMPLETE", "APP_CONNECT", kDisconnected})
    topics.emplace_back(topic);
  return topics;
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request) {
  PATCHBAY_ASSIGN(const sdk::json::value body, sdk::parse_json(request.body, {256 * 1024, 16}));
  const auto* data = sdk::find_path(body, "data.webHookEvent");
  if (data == nullptr || !data->is_object())
    return sdk::invalid_error("jobber.not_an_event", "the body is not a Jobber webhook");
  sdk::WebhookEvent event;
  event.topic = sdk::string_at(*data, "topic");
  event.account_id = sdk::string_at(*data, "accountId");
  event.external_id = sdk::string_at(*data, "itemId");
  std::string occurred = sdk::string_at(*data, "occurredAt");
  if (occurred.empty()) occurred = sdk::string_at(*data, "occuredAt");  // so spelt for apps made before 2023-12-08
  if (event.topic.empty() || event.external_id.empty()) {
    return sdk::invalid_error("jobber.not_an_event", "the webhook has no topic or no item");
  }
  if (const auto time = sdk::parse_time(occurred); time.ok()) event.occurred_at = *time;
  event.dedupe_key = event.account_id + "|" + event.topic + "|" + event.external_id + "|" + occurred;
  event.disconnected = event.topic == kDisconnected;
  const auto resource = resource_of_topic().find(event.topic.substr(0, event.topic.find('_')));
  if (resource != resource_of_topic().end()) event.resource = resource->second;
  event.deleted = ends_with(event.topic, "_DESTROY");
  return std::vector{std::move(event)};
}

}  // namespace patchbay::jobber
