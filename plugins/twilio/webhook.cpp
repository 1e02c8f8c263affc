#include "webhook.hpp"

#include "records.hpp"

#include <algorithm>

namespace patchbay::twilio {
namespace {

constexpr const char* kReceived = "message.received";
constexpr const char* kStatus = "message.status";
constexpr std::size_t kBodyBytesMax = 256 * 1024;

bool is_sid(const std::string& text) {
  return text.size() == 34 && text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos &&
         (text.rfind("SM", 0) == 0 || text.rfind("MM", 0) == 0);
}

sdk::Result<Fields> fields_of(const sdk::WebhookRequest& request) {
  if (request.method != "GET") {
    if (request.body.size() > kBodyBytesMax) return sdk::invalid_error("twilio.not_an_event", "the body is too large");
    return parse_form(request.body);
  }
  const auto question = request.url.find('?');
  const auto query = question == std::string::npos ? std::string() : request.url.substr(question + 1);
  return parse_form(std::string_view(query).substr(0, query.find('#')));
}

}  // namespace

std::vector<std::string> webhook_topics() {
  return {kReceived, kStatus};
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request) {
  PATCHBAY_ASSIGN(const Fields fields, fields_of(request));
  const auto first_of = [&](std::initializer_list<const char*> names) {
    std::string found;
    for (const char* name : names) {
      if (found.empty()) found = field_value(fields, name);
    }
    return found;
  };
  sdk::WebhookEvent event;
  event.external_id = first_of({"MessageSid", "SmsSid", "SmsMessageSid"});
  const std::string status = first_of({"MessageStatus", "SmsStatus"});
  if (!is_sid(event.external_id) || status.empty() || !sdk::is_clean_utf8(status))
    return sdk::invalid_error("twilio.not_an_event", "the form is not about a message");
  const bool inbound = status == "received" || status == "receiving";
  event.topic = inbound ? kReceived : kStatus;
  event.account_id = field_value(fields, "AccountSid");
  event.resource = kMessages;
  // Neither carries a time, and callbacks come in any order: the message is read anew for its state. The token of a
  // repeated request is the same in each of them, but a request without one is told by what it says.
  event.event_id = sdk::find_header(request.headers, "I-Twilio-Idempotency-Token").value_or("");
  event.dedupe_key = event.event_id.empty() ? event.external_id + "|" + status : event.event_id;
  return std::vector{std::move(event)};
}

}  // namespace patchbay::twilio
