#include "webhook.hpp"

#include "event.hpp"
#include "form.hpp"

namespace patchbay::slack {
namespace {

constexpr std::size_t kBodyMax = 1024 * 1024;
constexpr std::size_t kChallengeMax = 1024;
constexpr std::size_t kReplyLinesMax = 40;

bool is_json(const sdk::WebhookRequest& request) {
  const auto type = sdk::find_header(request.headers, "Content-Type");
  if (type) return type->find("application/x-www-form-urlencoded") == std::string::npos;
  const auto first = request.body.find_first_not_of(" \t\r\n");
  return first == std::string::npos || request.body[first] == '{' || request.body[first] == '[';
}

sdk::Error no_webhook() {
  return sdk::invalid_error("slack.not_an_event", "the body is nothing that Slack sends");
}

std::string account_of(const Form& form) {
  const bool organisation = field_of(form, "is_enterprise_install") == "true";
  return field_of(form, organisation ? "enterprise_id" : "team_id");
}

sdk::WebhookEvent command_event(const Form& form) {
  sdk::WebhookEvent event;
  event.topic = "slash_command";
  // Every use of a command has a trigger of its own.
  event.event_id = field_of(form, "trigger_id");
  if (!event.event_id.empty()) event.dedupe_key = "command:" + event.event_id;
  event.account_id = account_of(form);
  // user_name is what people call themselves and says nothing of who they are.
  event.command = sdk::WebhookCommand{field_of(form, "text"), field_of(form, "user_id"), field_of(form, "channel_id")};
  return event;
}

sdk::Result<sdk::WebhookEvent> interaction_event(const std::string& text) {
  PATCHBAY_ASSIGN(const sdk::json::value payload, sdk::parse_json(text, {kBodyMax, 64}));
  const std::string type = sdk::string_at(payload, "type");
  if (type.empty()) return no_webhook();
  sdk::WebhookEvent event;
  event.topic = "interaction." + type;
  event.account_id = sdk::string_at(payload, "team.id");
  if (const auto* whole = sdk::find_member(payload, "is_enterprise_install"); whole != nullptr && *whole == true)
    event.account_id = sdk::string_at(payload, "enterprise.id");
  const std::string trigger = sdk::string_at(payload, "trigger_id");
  if (!trigger.empty()) event.dedupe_key = "interaction:" + trigger;
  return event;
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_form_request(const std::string& body) {
  if (body.size() > kBodyMax) return no_webhook();
  PATCHBAY_ASSIGN(const Form form, parse_form(body));
  if (form.contains("payload")) {
    PATCHBAY_ASSIGN(auto event, interaction_event(field_of(form, "payload")));
    return std::vector{std::move(event)};
  }
  if (field_of(form, "command").empty() || field_of(form, "user_id").empty()) return no_webhook();
  return std::vector{command_event(form)};
}

/// Only the sender of the command sees it.
sdk::WebhookAnswer told(const sdk::CommandReply& reply) {
  std::string text = reply.title.empty() ? std::string() : "*" + escaped_text(reply.title) + "*";
  std::size_t count = 0;
  for (const std::string& line : reply.lines) {
    if (++count > kReplyLinesMax) break;
    text += (text.empty() ? "" : "\n") + escaped_text(line);
  }
  if (reply.lines.size() > kReplyLinesMax)
    text += "\n… " + std::to_string(reply.lines.size() - kReplyLinesMax) + " more";
  if (!reply.ok) text = ":warning: " + text;
  return {200, "application/json",
          sdk::json::serialize(sdk::json::object{{"response_type", "ephemeral"}, {"text", text}})};
}

}  // namespace

std::vector<std::string> webhook_topics() {
  return {"message",
          "app_mention",
          "reaction_added",
          "reaction_removed",
          "member_joined_channel",
          "channel_rename",
          "channel_archive",
          "tokens_revoked",
          "app_uninstalled",
          "slash_command",
          "interaction.block_actions",
          "interaction.view_submission",
          "interaction.shortcut",
          "interaction.message_action"};
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_request(const sdk::WebhookRequest& request) {
  if (!is_json(request)) return parse_form_request(request.body);
  PATCHBAY_ASSIGN(sdk::json::value body, sdk::parse_json(request.body, {kBodyMax, 64}));
  return parse_event(std::move(body));
}

sdk::Result<sdk::WebhookAnswer> answer_request(const sdk::WebhookRequest& request,
                                               const std::optional<sdk::CommandReply>& reply) {
  if (is_json(request)) {
    const auto body = sdk::parse_json(request.body, {kBodyMax, 64});
    const std::string challenge = body.ok() ? sdk::string_at(*body, "challenge") : std::string();
    if (body.ok() && sdk::string_at(*body, "type") == "url_verification" && challenge.size() <= kChallengeMax)
      return sdk::WebhookAnswer{200, "text/plain", challenge};
    return sdk::WebhookAnswer{};
  }
  if (reply) return told(*reply);
  // Whatever stands in the body of an answer to a form is shown to the person, or refused.
  return sdk::WebhookAnswer{200, "text/plain", ""};
}

std::optional<sdk::WebhookAnswer> answer_certificate_check(const sdk::WebhookRequest& request) {
  if (is_json(request) || request.body.size() > kBodyMax) return std::nullopt;
  const auto form = parse_form(request.body);
  if (!form.ok() || field_of(*form, "ssl_check") != "1") return std::nullopt;
  return sdk::WebhookAnswer{200, "text/plain", ""};
}

}  // namespace patchbay::slack
