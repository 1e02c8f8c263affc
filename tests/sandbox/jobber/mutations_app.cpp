// What concerns the app itself: its webhook endpoints and its connection.
#include "tests/sandbox/jobber/mutations.hpp"

#include <array>

namespace patchbay::sandbox::jobber {
namespace {

json::object create_endpoint(Books& books, const json::object& arguments) {
  const auto url = sdk::string_at(arguments, "input.url");
  const auto topic = sdk::string_at(arguments, "input.topic");
  if (!url.starts_with("http://") && !url.starts_with("https://")) return user_error("Url is invalid", "input.url");
  for (const auto* known : books.table("endpoints").by_created()) {
    if (sdk::string_at(known->value, "url") == url && sdk::string_at(known->value, "topic") == topic) {
      return user_error("A webhook endpoint with this topic and url already exists", "input.url");
    }
  }
  const auto id = books.new_id("WebhookEndpoint");
  json::object endpoint{
      {"id", id}, {"topic", topic}, {"url", url}, {"createdAt", books.now()}, {"updatedAt", books.now()}};
  return payload("webhookEndpoint", books.put_private("endpoints", id, std::move(endpoint)));
}

json::object delete_endpoints(Books& books, const json::object& arguments) {
  json::array deleted;
  for (const auto& id : arguments.at("webhookEndpointsIds").as_array()) {
    const auto* record = books.find("endpoints", std::string_view(id.as_string()));
    if (record == nullptr) return user_error("Webhook endpoint not found", "webhookEndpointsIds");
    deleted.push_back(record->value);
  }
  for (const auto& endpoint : deleted) books.erase_private("endpoints", sdk::string_at(endpoint, "id"));
  return payload("deletedWebhookEndpoints", std::move(deleted));
}

json::object disconnect(Books& books, const json::object&) {
  std::vector<std::string> tokens;
  for (const auto* token : books.table("tokens").by_created()) tokens.push_back(token->id);
  for (const auto& token : tokens) {
    auto dead = books.find("tokens", token)->value;
    dead["state"] = "disconnected";
    books.put_private("tokens", token, std::move(dead));
  }
  books.announce("APP_DISCONNECT", books.account_id());
  return payload("app", json::object{{"id", encode_id("Application", 1)}, {"name", "Patchbay Sandbox"}});
}

constexpr std::array<NamedMutation, 3> kMutations{{{"webhookEndpointCreate", create_endpoint},
                                                   {"webhookEndpointDelete", delete_endpoints},
                                                   {"appDisconnect", disconnect}}};

}  // namespace

std::span<const NamedMutation> app_mutations() {
  return kMutations;
}

}  // namespace patchbay::sandbox::jobber
