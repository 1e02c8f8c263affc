#include "event.hpp"

#include "message.hpp"

#include <algorithm>
#include <array>

namespace patchbay::slack {
namespace {

sdk::Error no_event() {
  return sdk::invalid_error("slack.not_an_event", "the body is nothing that Slack sends");
}

bool flag(const sdk::json::value& value, std::string_view path) {
  const auto* found = sdk::find_path(value, path);
  return found != nullptr && found->is_bool() && found->as_bool();
}

/// Whose installation the event is for. `authorizations` names one of them; in a shared channel `team_id` may be the
/// other company's.
Self recipient_of(const sdk::json::value& body) {
  Self self;
  const bool organisation = flag(body, "authorizations[0].is_enterprise_install");
  self.account_id =
      sdk::string_at(body, organisation ? "authorizations[0].enterprise_id" : "authorizations[0].team_id");
  if (self.account_id.empty()) self.account_id = sdk::string_at(body, "team_id");
  if (flag(body, "authorizations[0].is_bot")) self.user_id = sdk::string_at(body, "authorizations[0].user_id");
  self.app_id = sdk::string_at(body, "api_app_id");
  return self;
}

void point_at(sdk::WebhookEvent& event, const std::string& channel, const std::string& ts) {
  if (channel.empty() || !is_timestamp(ts)) return;
  event.resource = "messages";
  event.external_id = make_message_id(channel, ts);
}

void take_message(sdk::WebhookEvent& event, sdk::json::value message, const std::string& channel, const Self& self) {
  auto record = make_message_record(std::move(message), channel, self, event.occurred_at);
  if (record.external_id.empty()) return;
  event.resource = record.resource;
  event.external_id = record.external_id;
  event.deleted = record.deleted;
  event.snapshot = std::move(record);
}

void read_message(sdk::WebhookEvent& event, sdk::json::value& inner, const Self& self) {
  const std::string channel = sdk::string_at(inner, "channel");
  const std::string subtype = sdk::string_at(inner, "subtype");
  if (subtype == "message_deleted") {
    point_at(event, channel, sdk::string_at(inner, "deleted_ts"));
    event.deleted = !event.resource.empty();
    return;
  }
  // The event has a ts of its own; the message that changed is inside.
  if (subtype == "message_changed") {
    auto* changed = inner.as_object().if_contains("message");
    if (changed != nullptr) take_message(event, std::move(*changed), channel, self);
    return;
  }
  take_message(event, std::move(inner), channel, self);
}

/// "<@U0LAN0Z89> jobs today" → "jobs today".
std::string without_mention(const std::string& text) {
  const auto end = text.rfind("<@", 0) == 0 ? text.find('>') : std::string::npos;
  std::string rest = end == std::string::npos ? text : text.substr(end + 1);
  const auto first = rest.find_first_not_of(" \t\r\n\xC2\xA0:");
  return first == std::string::npos ? std::string() : rest.substr(first);
}

/// The answer to a mention is posted into its thread, so the command's channel names the message.
std::optional<sdk::WebhookEvent> mention_command(const sdk::WebhookEvent& event, const sdk::json::value& inner,
                                                 const Self& self) {
  const std::string user = sdk::string_at(inner, "user");
  const bool by_program = !sdk::string_at(inner, "bot_id").empty() || user.empty() || user == self.user_id;
  if (by_program || event.external_id.empty()) return std::nullopt;
  sdk::WebhookEvent command;
  command.topic = event.topic;
  command.event_id = event.event_id;
  command.dedupe_key = "mention:" + event.event_id;
  command.account_id = event.account_id;
  command.occurred_at = event.occurred_at;
  const std::string thread = sdk::string_at(inner, "thread_ts");
  const std::string channel = sdk::string_at(inner, "channel");
  command.command =
      sdk::WebhookCommand{plain_text(without_mention(sdk::string_at(inner, "text"))), user,
                          make_message_id(channel, is_timestamp(thread) ? thread : sdk::string_at(inner, "ts"))};
  return command;
}

bool takes_bot_away(const sdk::json::value& inner) {
  const auto* bots = sdk::find_path(inner, "tokens.bot");
  return bots != nullptr && bots->is_array() && !bots->as_array().empty();
}

std::vector<sdk::WebhookEvent> read_inner(sdk::WebhookEvent event, sdk::json::value inner, const Self& self) {
  const std::string& type = event.topic;
  std::vector<sdk::WebhookEvent> events;
  std::optional<sdk::WebhookEvent> command;
  if (type == "message") {
    read_message(event, inner, self);
  } else if (type == "app_mention") {
    point_at(event, sdk::string_at(inner, "channel"), sdk::string_at(inner, "ts"));
    command = mention_command(event, inner, self);
  } else if (type == "reaction_added" || type == "reaction_removed") {
    if (sdk::string_at(inner, "item.type") == "message")
      point_at(event, sdk::string_at(inner, "item.channel"), sdk::string_at(inner, "item.ts"));
  } else if (type == "member_joined_channel" && !self.user_id.empty() &&
             sdk::string_at(inner, "user") == self.user_id) {
    event.resource = "messages";  // what was said before the app was invited
    event.resync = true;
  } else if (type == "app_uninstalled" || (type == "tokens_revoked" && takes_bot_away(inner))) {
    event.disconnected = true;
  }
  events.push_back(std::move(event));
  if (command) events.push_back(std::move(*command));
  return events;
}

sdk::WebhookEvent handshake_event(const sdk::json::value& body) {
  sdk::WebhookEvent event;
  event.topic = "url_verification";
  event.dedupe_key = "url_verification:" + sdk::string_at(body, "challenge");
  return event;
}

/// Slack has left out events: only a look at everything tells which.
sdk::WebhookEvent gap_event(const sdk::json::value& body) {
  sdk::WebhookEvent event;
  event.topic = "app_rate_limited";
  event.account_id = sdk::string_at(body, "team_id");
  const auto* minute = sdk::find_member(body, "minute_rate_limited");
  const auto at = minute == nullptr ? std::nullopt : sdk::scalar_text(*minute);
  event.dedupe_key = "app_rate_limited:" + at.value_or("");
  event.resource = "messages";
  event.resync = true;
  return event;
}

}  // namespace

sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(sdk::json::value body) {
  const std::string kind = sdk::string_at(body, "type");
  if (kind == "url_verification" && !sdk::string_at(body, "challenge").empty())
    return std::vector{handshake_event(body)};
  if (kind == "app_rate_limited") return std::vector{gap_event(body)};
  if (kind != "event_callback") return no_event();
  sdk::WebhookEvent event;
  event.event_id = sdk::string_at(body, "event_id");
  event.topic = sdk::string_at(body, "event.type");
  if (event.event_id.empty() || event.topic.empty()) return no_event();
  // A retry has the same id. That it says to be one means nothing: the first try may never have come.
  event.dedupe_key = event.event_id;
  const Self self = recipient_of(body);
  event.account_id = self.account_id;
  event.occurred_at = time_of(sdk::string_at(body, "event.event_ts"));
  return read_inner(std::move(event), std::move(body.as_object()["event"]), self);
}

}  // namespace patchbay::slack
