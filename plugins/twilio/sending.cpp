#include "sending.hpp"

#include <algorithm>

namespace patchbay::twilio {
namespace {

constexpr std::size_t kBodyCharactersMax = 1'600;
constexpr std::size_t kMediaMax = 10;
/// A message may be listed a moment after it was taken, and the two clocks differ.
constexpr auto kClockSkew = std::chrono::minutes(2);
constexpr auto kSettleTime = std::chrono::minutes(1);
constexpr int kPagesMax = 20;

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

sdk::Result<std::vector<std::string>> media_urls(const sdk::OutgoingMessage& message) {
  std::vector<std::string> urls;
  const auto* given = message.options.if_contains("mediaUrl");
  if (given == nullptr || given->is_null()) return urls;
  const sdk::json::array one{*given};
  for (const auto& url : given->is_array() ? given->get_array() : one) {
    const auto* text = url.if_string();
    if (text == nullptr || !(text->starts_with("https://") || text->starts_with("http://")))
      return sdk::invalid_error("twilio.media_url", "a media URL must be an absolute http(s) address",
                                "options.mediaUrl");
    urls.emplace_back(*text);
  }
  if (urls.size() > kMediaMax)
    return sdk::invalid_error("twilio.media_url", "a message takes at most ten media files", "options.mediaUrl");
  return urls;
}

sdk::Result<void> check(const sdk::OutgoingMessage& message) {
  if (message.channel != "sms") return sdk::permanent_error("twilio.channel", "Twilio sends on the channel sms only");
  if (message.to.size() != 1 || message.to.front().empty())
    return sdk::invalid_error("twilio.recipients", "an SMS goes to exactly one recipient", "to");
  if (!message.attachments.empty()) {
    return sdk::invalid_error("twilio.attachments",
                              "Twilio fetches media from a public address: give options.mediaUrl instead",
                              "attachments");
  }
  if (character_count(message.text) > kBodyCharactersMax)
    return sdk::invalid_error("twilio.invalid_body", "an SMS may have at most 1600 characters", "text");
  return {};
}

/// Twilio refuses addresses whose host has a '_', and the message with them.
bool takes_callback(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme != std::string::npos && url.substr(0, url.find('/', scheme + 3)).find('_') == std::string::npos;
}

bool is_same(const sdk::json::value& candidate, const sdk::OutgoingMessage& message) {
  return sdk::string_at(candidate, "to") == message.to.front() && sdk::string_at(candidate, "body") == message.text &&
         sdk::string_at(candidate, "direction") == "outbound-api";
}

bool is_known(const sdk::OutgoingMessage& message, const std::string& sid) {
  const auto* known = message.options.if_contains("sentIds");
  if (known == nullptr || !known->is_array()) return false;
  const auto& ids = known->get_array();
  return std::any_of(ids.begin(), ids.end(), [&](const auto& id) { return sdk::scalar_text(id) == sid; });
}

}  // namespace

Sending::Sending(Api& api, const sdk::ConnectionSettings& settings, sdk::HostServices services, OpenMessages& open)
    : api_(api),
      from_(settings.option("from")),
      messaging_service_sid_(settings.option("messagingServiceSid")),
      services_(services),
      open_(open) {}

sdk::Result<Fields> Sending::form_of(const sdk::OutgoingMessage& message) const {
  Fields form{{"To", message.to.front()}};
  const std::string from = message.from.empty() ? from_ : message.from;
  if (!messaging_service_sid_.empty()) form.emplace_back("MessagingServiceSid", messaging_service_sid_);
  if (!from.empty()) form.emplace_back("From", from);
  if (form.size() == 1)
    return sdk::permanent_error("twilio.no_sender", "the connection needs the option 'from' or 'messagingServiceSid'");
  if (!message.text.empty()) form.emplace_back("Body", message.text);
  PATCHBAY_ASSIGN(const auto media, media_urls(message));
  for (const std::string& url : media) form.emplace_back("MediaUrl", url);
  const std::pair<const char*, const char*> kPassedOn[] = {{"statusCallback", "StatusCallback"},
                                                           {"contentSid", "ContentSid"},
                                                           {"contentVariables", "ContentVariables"},
                                                           {"validityPeriod", "ValidityPeriod"}};
  bool has_content = !message.text.empty() || !media.empty();
  for (const auto& [option, parameter] : kPassedOn) {
    const auto* value = message.options.if_contains(option);
    const auto text = value == nullptr ? std::nullopt : sdk::scalar_text(*value);
    if (!text || text->empty()) continue;
    if (std::string_view(parameter) == "StatusCallback" && !takes_callback(*text)) {
      services_.logger.log(sdk::LogLevel::kWarning,
                           "Twilio takes no callback address like this; statuses come by synchronisation",
                           {{"address", *text}});
      continue;
    }
    has_content = has_content || std::string_view(parameter) == "ContentSid";
    form.emplace_back(parameter, *text);
  }
  if (!has_content) return sdk::invalid_error("twilio.empty", "a message needs a text or media", "text");
  return form;
}

sdk::Result<std::optional<sdk::json::value>> Sending::find_earlier(const sdk::CallContext& context,
                                                                   const sdk::OutgoingMessage& message,
                                                                   sdk::SystemTime first_tried_at) {
  const auto since = first_tried_at - kClockSkew;
  const Fields query{
      {"To", message.to.front()}, {"DateSent>", sdk::format_time(since).substr(0, 10)}, {"PageSize", "100"}};
  auto list = api_.get(context, "Messages.json", "GET Messages", query);
  for (int pages = 1;; ++pages) {
    if (!list.ok()) return std::move(list).error();
    const auto* messages = sdk::find_member(*list, "messages");
    if (messages == nullptr || !messages->is_array())
      return sdk::transient_error("twilio.unreadable", "Twilio answered with something that is not a list of messages");
    for (const auto& candidate : messages->get_array()) {
      const auto created = parse_date(sdk::string_at(candidate, "date_created"));
      if (!created || *created < since || !is_same(candidate, message)) continue;
      if (!is_known(message, sdk::string_at(candidate, "sid"))) return std::optional(candidate);
    }
    const std::string next = sdk::string_at(*list, "next_page_uri");
    if (next.empty() || pages == kPagesMax) return std::optional<sdk::json::value>();
    list = api_.get_uri(context, next, "GET Messages");
  }
}

sdk::SentMessage Sending::sent(sdk::json::value message) {
  open_.note(message);
  open_.save(services_.logger);
  auto record = make_message(std::move(message));
  sdk::SentMessage sent;
  sent.external_id = record.external_id;
  sent.thread_id = sdk::string_at(record.data, "derived.thread");
  sent.record = std::move(record);
  return sent;
}

sdk::Result<sdk::SentMessage> Sending::send(const sdk::CallContext& context, const sdk::OutgoingMessage& message) {
  PATCHBAY_TRY(check(message));
  PATCHBAY_ASSIGN(const Fields form, form_of(message));
  if (const auto tried = sdk::parse_time(sdk::string_at(message.options, "firstTriedAt")); tried.ok()) {
    PATCHBAY_ASSIGN(auto earlier, find_earlier(context, message, *tried));
    if (earlier) return sent(std::move(*earlier));
    // What was taken may not be listed yet: it is looked for once more before it is sent again.
    if (services_.clock.now() < *tried + kSettleTime) {
      auto later = sdk::transient_error("twilio.unconfirmed", "whether Twilio took the message is not known yet");
      later.retry_after =
          std::chrono::duration_cast<std::chrono::milliseconds>(*tried + kSettleTime - services_.clock.now());
      return later;
    }
  }
  PATCHBAY_ASSIGN(auto created, api_.post(context, "Messages.json", "POST Messages", form));
  if (sdk::string_at(created, "sid").empty())
    return sdk::transient_error("twilio.unreadable", "Twilio's answer to a message has no sid");
  return sent(std::move(created));
}

}  // namespace patchbay::twilio
