#include "client.hpp"

#include "errors.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::slack {
namespace {

constexpr std::uint32_t kPageMax = 200;
constexpr int kRereadHoursDefault = 48;

std::chrono::hours reread_of(const sdk::ConnectionSettings& settings) {
  const std::string text = settings.option("rereadHours");
  int hours = kRereadHoursDefault;
  std::from_chars(text.data(), text.data() + text.size(), hours);
  return std::chrono::hours(std::clamp(hours, 1, 24 * 365));
}

sdk::Error unknown_resource(const std::string& name) {
  return sdk::permanent_error("slack.unknown_resource", "Slack has no resource '" + name + "' here");
}

sdk::Record make_record(const std::string& resource, sdk::json::value object) {
  sdk::Record record;
  record.resource = resource;
  record.external_id = sdk::string_at(object, "id");
  const auto* deleted = sdk::find_member(object, "deleted");
  record.deleted = deleted != nullptr && deleted->is_bool() && deleted->as_bool();
  record.data = std::move(object);
  return record;
}

Self self_of(const sdk::json::value& answer) {
  Self self;
  const auto* whole = sdk::find_member(answer, "is_enterprise_install");
  const bool organisation = whole != nullptr && whole->is_bool() && whole->as_bool();
  self.account_id = sdk::string_at(answer, organisation ? "enterprise_id" : "team_id");
  self.user_id = sdk::string_at(answer, "user_id");
  self.bot_id = sdk::string_at(answer, "bot_id");
  self.app_id = sdk::string_at(answer, "app_id");
  return self;
}

}  // namespace

SlackClient::SlackClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : services_(services),
      api_(settings, services),
      directory_(api_),
      history_(api_, directory_, services, reread_of(settings)),
      sender_(api_, directory_, history_, services),
      operations_(api_, directory_, history_, sender_) {}

sdk::Result<sdk::AccountIdentity> SlackClient::authenticate(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto answer, api_.call(context, "auth.test", {}));
  self_ = self_of(answer);
  if (self_->account_id.empty())
    return sdk::transient_error("slack.unreadable", "Slack did not say whose workspace this is");
  sdk::AccountIdentity identity;
  identity.account_id = self_->account_id;
  identity.name = sdk::string_at(answer, "team");
  identity.details = {{"url", sdk::string_at(answer, "url")},
                      {"bot", sdk::string_at(answer, "user")},
                      {"botUserId", self_->user_id},
                      {"appId", self_->app_id}};
  return identity;
}

sdk::Result<Self> SlackClient::self(const sdk::CallContext& context) {
  if (!self_) PATCHBAY_TRY(authenticate(context));
  return *self_;
}

sdk::Result<sdk::Page> SlackClient::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  if (request.resource == "channels" || request.resource == "users") return list_all(context, request);
  if (request.resource != "messages") return unknown_resource(request.resource);
  PATCHBAY_ASSIGN(const Self whose, self(context));
  return history_.page(context, request, whose);
}

/// Channels and people have no list of changes: everything, page by page.
sdk::Result<sdk::Page> SlackClient::list_all(const sdk::CallContext& context, const sdk::ListRequest& request) {
  const bool people = request.resource == "users";
  const auto limit = std::min(std::max<std::uint32_t>(request.page_size, 1), kPageMax);
  Arguments arguments{{"limit", std::to_string(limit)}};
  if (!people) arguments.emplace_back("types", "public_channel,private_channel,mpim,im");
  if (!request.page_cursor.empty()) arguments.emplace_back("cursor", request.page_cursor);
  PATCHBAY_ASSIGN(auto answer, api_.call(context, people ? "users.list" : "conversations.list", arguments));
  auto* items = answer.as_object().if_contains(people ? "members" : "channels");
  if (items == nullptr || !items->is_array())
    return sdk::transient_error("slack.unreadable", "Slack's list of " + request.resource + " is not one");
  sdk::Page page;
  page.next_cursor = sdk::string_at(answer, "response_metadata.next_cursor");
  for (auto& item : items->as_array()) {
    auto record = make_record(request.resource, std::move(item));
    if (record.external_id.empty()) {
      page.problems.push_back({"", "Slack sent one of its " + request.resource + " without an id"});
    } else {
      page.records.push_back(std::move(record));
    }
  }
  return page;
}

sdk::Result<sdk::Record> SlackClient::get(const sdk::CallContext& context, const std::string& resource,
                                          const std::string& external_id) {
  if (resource == "messages") {
    PATCHBAY_ASSIGN(const Self whose, self(context));
    return history_.get(context, external_id, whose);
  }
  if (resource != "channels" && resource != "users") return unknown_resource(resource);
  const bool people = resource == "users";
  PATCHBAY_ASSIGN(auto answer, api_.call(context, people ? "users.info" : "conversations.info",
                                         {{people ? "user" : "channel", external_id}}));
  auto* found = answer.as_object().if_contains(people ? "user" : "channel");
  if (found == nullptr || !found->is_object())
    return sdk::transient_error("slack.unreadable", "Slack's answer has no " + resource.substr(0, resource.size() - 1));
  return make_record(resource, std::move(*found));
}

sdk::Result<sdk::Health> SlackClient::health_check(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto identity, authenticate(context));
  sdk::Health health;
  health.healthy = true;
  health.message = "Slack answers for " + identity.name;
  health.details = {{"account", identity.account_id}, {"botUserId", self_->user_id}};
  return health;
}

sdk::Result<sdk::json::value> SlackClient::operate(const sdk::CallContext& context, const std::string& name,
                                                   const sdk::json::object& arguments) {
  if (!Operations::knows(name)) return sdk::ServiceClient::operate(context, name, arguments);
  PATCHBAY_ASSIGN(const Self whose, self(context));
  return operations_.run(context, name, arguments, whose);
}

sdk::Result<sdk::SentMessage> SlackClient::send_message(const sdk::CallContext& context,
                                                        const sdk::OutgoingMessage& message) {
  if (message.channel != "slack")
    return sdk::permanent_error("slack.unknown_channel", "Slack sends nothing by '" + message.channel + "'");
  PATCHBAY_ASSIGN(const Self whose, self(context));
  return sender_.send(context, message, whose);
}

}  // namespace patchbay::slack
