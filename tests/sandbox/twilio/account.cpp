#include "tests/sandbox/twilio/account.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace patchbay::sandbox::twilio {
namespace {

constexpr std::string_view kHidden = "_";

std::string upper_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '.') word += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return word;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// As a browser's form: blanks as '+', everything else that is not a letter or digit escaped.
std::string form_body(const Fields& fields) {
  std::string body = sdk::form_encode(fields);
  for (auto blank = body.find("%20"); blank != std::string::npos; blank = body.find("%20", blank))
    body.replace(blank, 3, "+");
  return body;
}

std::string text_of(const json::object& message, std::string_view member) {
  const auto* value = message.if_contains(member);
  if (value == nullptr || value->is_null()) return {};
  return sdk::scalar_text(*value).value_or("");
}

}  // namespace

Credentials sandbox_credentials() {
  return {"AC" + std::string(31, '0') + "1", "twilio-sandbox-token", "SK" + std::string(31, '0') + "1",
          "twilio-sandbox-secret"};
}

std::string rfc2822(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
  return text.data();
}

std::string random_sid(std::string_view prefix, Random random) {
  std::array<char, 40> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx%016llx", static_cast<unsigned long long>(random.next()),
                static_cast<unsigned long long>(random.next()));
  return std::string(prefix) + digits.data();
}

json::object make_message(const Account& account, std::string sid, std::int64_t at_ms) {
  const auto date = rfc2822(at_ms);
  const auto uri = account.account_uri() + "/Messages/" + sid;
  return {{"body", ""},
          {"num_segments", "1"},
          {"direction", "outbound-api"},
          {"from", nullptr},
          {"to", nullptr},
          {"date_updated", date},
          {"price", nullptr},
          {"error_message", nullptr},
          {"uri", uri + ".json"},
          {"account_sid", account.credentials().account_sid},
          {"num_media", "0"},
          {"status", "queued"},
          {"messaging_service_sid", nullptr},
          {"sid", sid},
          {"date_sent", date},
          {"date_created", date},
          {"error_code", nullptr},
          {"price_unit", nullptr},
          {"api_version", kApiVersion},
          {"subresource_uris", json::object{{"media", uri + "/Media.json"}}},
          {"_sent_ms", at_ms}};
}

Account::Account(const ServiceContext& context, Credentials credentials)
    : context_(context), credentials_(std::move(credentials)), webhook_target_(context.webhook_target) {
  context_.store.declare("twilio.messages", {"to", "from"});
  context_.store.declare("twilio.media", {"parent_sid"});
  context_.store.declare("twilio.optouts");
}

std::string Account::new_sid(std::string_view prefix) const {
  return random_sid(prefix, derived_random(context_.seed, prefix, 0x100000000ULL + context_.store.next_number()));
}

std::string Account::account_uri() const {
  return "/" + std::string(kApiVersion) + "/Accounts/" + credentials_.account_sid;
}

const json::object& Account::put(json::object message, std::int64_t created_ms) {
  auto sid = sdk::string_at(message, "sid");
  return context_.store.put("twilio.messages", std::move(sid), created_ms, created_ms, std::move(message)).value;
}

const json::object& Account::change(const Record& record, json::object message) {
  const auto now = now_ms();
  message["date_updated"] = rfc2822(now);
  return context_.store.put("twilio.messages", record.id, record.created_ms, now, std::move(message)).value;
}

void Account::erase(std::string_view sid) {
  std::vector<std::string> files;
  for (const auto* file : media().where("parent_sid", sid)) files.push_back(file->id);
  for (const auto& file : files) context_.store.erase("twilio.media", file);
  context_.store.erase("twilio.messages", sid);
}

void Account::add_media(const json::object& message, std::string_view content_type, std::int64_t created_ms) {
  const auto parent = sdk::string_at(message, "sid");
  const auto sid = new_sid("ME");
  const auto date = rfc2822(created_ms);
  context_.store.put("twilio.media", sid, created_ms, created_ms,
                     {{"sid", sid},
                      {"account_sid", credentials_.account_sid},
                      {"parent_sid", parent},
                      {"content_type", content_type},
                      {"date_created", date},
                      {"date_updated", date},
                      {"uri", account_uri() + "/Messages/" + parent + "/Media/" + sid + ".json"}});
}

json::object Account::shown(const json::object& message) {
  json::object out;
  for (const auto& member : message) {
    if (!std::string_view(member.key()).starts_with(kHidden)) out[member.key()] = member.value();
  }
  return out;
}

std::string Account::note_keyword(std::string_view number, std::string_view body) {
  const auto word = upper_word(body);
  if (one_of(word, {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})) {
    const auto now = now_ms();
    context_.store.put("twilio.optouts", std::string(number), now, now, {{"number", number}});
    return "STOP";
  }
  if (one_of(word, {"START", "YES", "UNSTOP"})) {
    context_.store.erase("twilio.optouts", number);
    return "START";
  }
  return one_of(word, {"HELP", "INFO"}) ? "HELP" : "";
}

std::string Account::default_url() const {
  return webhook_target_.empty() ? std::string() : webhook_target_ + "/twilio";
}

void Account::set_webhook_target(std::string target, std::string auth_token) {
  webhook_target_ = std::move(target);
  if (!auth_token.empty()) credentials_.auth_token = std::move(auth_token);
}

void Account::send_status(const json::object& message) {
  // Twilio's own word for where a callback goes when the message names none: nowhere, but for a Messaging Service's.
  auto url = text_of(message, "_callback");
  if (url.empty() && !text_of(message, "messaging_service_sid").empty()) url = default_url();
  if (url == "default") url = default_url();
  if (url.empty()) return;
  const auto sid = text_of(message, "sid"), status = text_of(message, "status");
  Fields fields{{"SmsSid", sid},
                {"SmsStatus", status},
                {"MessageStatus", status},
                {"To", text_of(message, "to")},
                {"MessageSid", sid},
                {"AccountSid", credentials_.account_sid},
                {"From", text_of(message, "from")},
                {"ApiVersion", std::string(kApiVersion)}};
  if (const auto service = text_of(message, "messaging_service_sid"); !service.empty())
    fields.emplace_back("MessagingServiceSid", service);
  if (status == "failed" || status == "undelivered") fields.emplace_back("ErrorCode", text_of(message, "error_code"));
  if (status == "delivered" || status == "undelivered") fields.emplace_back("RawDlrDoneDate", "2611211230");
  deliver(std::move(url), sid + "." + status, "message." + status, std::move(fields));
}

void Account::send_inbound(const json::object& message, const std::string& opt_out) {
  const auto url = default_url();
  if (url.empty()) return;
  const auto sid = text_of(message, "sid");
  Fields fields{{"ToCountry", "US"},
                {"ToState", ""},
                {"SmsMessageSid", sid},
                {"NumMedia", text_of(message, "num_media")},
                {"ToCity", ""},
                {"FromZip", ""},
                {"SmsSid", sid},
                {"FromState", ""},
                {"SmsStatus", "received"},
                {"FromCity", ""},
                {"Body", text_of(message, "body")},
                {"FromCountry", "US"},
                {"To", text_of(message, "to")},
                {"ToZip", ""},
                {"NumSegments", text_of(message, "num_segments")},
                {"MessageSid", sid},
                {"AccountSid", credentials_.account_sid},
                {"From", text_of(message, "from")},
                {"ApiVersion", std::string(kApiVersion)}};
  std::size_t index = 0;
  for (const auto* file : media().where("parent_sid", sid)) {
    const auto number = std::to_string(index++);
    const auto uri = sdk::string_at(file->value, "uri");
    fields.emplace_back("MediaContentType" + number, sdk::string_at(file->value, "content_type"));
    fields.emplace_back("MediaUrl" + number, "https://api.twilio.com" + uri.substr(0, uri.size() - 5));
  }
  if (!opt_out.empty()) fields.emplace_back("OptOutType", opt_out);
  deliver(url, sid + ".received", "message.received", std::move(fields));
}

void Account::deliver(std::string url, std::string event_id, std::string topic, Fields fields) {
  url = url.substr(0, url.find('#'));  // what stands behind it steers Twilio's repeats and is not sent
  OutgoingEvent outgoing;
  outgoing.service = "twilio";
  outgoing.event_id = std::move(event_id);
  outgoing.topic = std::move(topic);
  outgoing.body = form_body(fields);
  const auto repeat_token = derived_random(context_.seed, outgoing.event_id).letters_and_digits(24);
  outgoing.sign = [token = credentials_.auth_token, url, fields, body = outgoing.body,
                   repeat_token](std::string_view sent) {
    // A forged delivery signs another body than it sends.
    auto signature = twilio_signature(token, sent == body ? url : url + "?forged", fields);
    return sdk::Headers{{"X-Twilio-Signature", std::move(signature)},
                        {"I-Twilio-Idempotency-Token", repeat_token},
                        {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                        {"User-Agent", "TwilioProxy/1.1"}};
  };
  outgoing.url = std::move(url);
  context_.webhooks.send(std::move(outgoing));
}

std::string twilio_signature(std::string_view token, std::string_view url, Fields fields) {
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  std::string text(url);
  for (const auto& [name, value] : fields) text += name + value;
  return sdk::base64_encode(base::hmac_sha1(token, text));
}

}  // namespace patchbay::sandbox::twilio
