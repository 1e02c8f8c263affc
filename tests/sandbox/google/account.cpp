#include "tests/sandbox/google/account.hpp"

#include "tests/sandbox/google/replies.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox::google {
namespace {

constexpr std::int64_t kWeek = 7LL * 86'400'000;
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kTokenSeconds = 3600;

std::int64_t number_of(const json::object& value, std::string_view member, std::int64_t otherwise) {
  const auto* found = value.if_contains(member);
  if (found == nullptr) return otherwise;
  const auto text = sdk::scalar_text(*found).value_or("");
  return text.empty() ? otherwise : std::strtoll(text.c_str(), nullptr, 10);
}

}  // namespace

Account::Account(const ServiceContext& context, std::string client_id, std::string client_secret)
    : context_(context),
      client_id_(std::move(client_id)),
      client_secret_(std::move(client_secret)),
      push_target_(context.webhook_target.empty() ? "" : context.webhook_target + "/google"),
      audience_(push_target_),
      service_account_("gmail-push@sandbox.iam.gserviceaccount.com") {
  context_.store.declare(name_of("events"), {"recurringEventId"});
  context_.store.declare(name_of("messages"), {"threadId", "_messageId"});
  for (const auto* kind : {"files", "labels", "history", "channels", "mailbox", "tokens", "codes", "consents",
                           "permissions", "uploads", "removed"})
    context_.store.declare(name_of(kind));
}

const json::object& Account::put(std::string_view kind, std::string id, json::object value) {
  const auto* known = find(kind, id);
  const auto created = known == nullptr ? now_ms() : known->created_ms;
  const auto change = static_cast<std::int64_t>(context_.store.next_number());
  return context_.store.put(name_of(kind), std::move(id), created, change, std::move(value)).value;
}

std::uint64_t Account::last_change() const {
  std::int64_t last = 1;
  for (const auto* kind : {"events", "messages", "files", "history", "removed"}) {
    const auto& order = table(kind).by_updated();
    if (!order.empty()) last = std::max(last, order.back()->updated_ms);
  }
  return static_cast<std::uint64_t>(last);
}

std::optional<json::object> Account::open_channel(const json::object& wanted, const std::string& topic,
                                                  const std::string& uri) {
  const auto id = sdk::string_at(wanted, "id");
  if (id.empty() || find("channels", id) != nullptr) return std::nullopt;
  const bool drive = topic == "changes";
  // A Drive channel lives an hour unless it is told to live longer; none lives longer than a week.
  const auto ttl =
      number_of(sdk::find_path(wanted, "params") == nullptr ? json::object() : wanted.at("params").as_object(), "ttl",
                drive ? kHour / 1000 : kWeek / 1000) *
      1000;
  const auto expiration = std::min(number_of(wanted, "expiration", now_ms() + (drive ? kHour : ttl)), now_ms() + kWeek);
  json::object channel{{"id", id},
                       {"resourceId", "res_" + topic},
                       {"resourceUri", uri},
                       {"address", sdk::string_at(wanted, "address")},
                       {"token", sdk::string_at(wanted, "token")},
                       {"topic", topic},
                       {"expiration", expiration},
                       {"number", 1}};
  put("channels", id, channel);
  notify(channel, "sync", 1);
  json::object answer{{"kind", "api#channel"},
                      {"id", id},
                      {"resourceId", "res_" + topic},
                      {"resourceUri", uri},
                      {"expiration", std::to_string(expiration)}};
  if (!sdk::string_at(wanted, "token").empty()) answer["token"] = sdk::string_at(wanted, "token");
  return answer;
}

bool Account::stop_channel(const std::string& id, const std::string& resource_id) {
  const auto* channel = find("channels", id);
  if (channel == nullptr || sdk::string_at(channel->value, "resourceId") != resource_id) return false;
  erase("channels", id);
  return true;
}

void Account::tell_channels(std::string_view topic, std::string_view state) {
  const auto channels = table("channels").by_created();  // a copy: telling changes the order
  for (const auto* record : channels) {
    if (sdk::string_at(record->value, "topic") != topic) continue;
    if (record->value.at("expiration").to_number<std::int64_t>() <= now_ms()) continue;
    json::object channel = record->value;
    // Numbers grow, but not by one.
    const auto number = channel.at("number").to_number<std::uint64_t>() + 1 + context_.store.next_number() % 3;
    channel["number"] = number;
    put("channels", sdk::string_at(channel, "id"), channel);
    notify(channel, state, number);
  }
}

void Account::notify(const json::object& channel, std::string_view state, std::uint64_t number) {
  const sdk::Headers headers{
      {"X-Goog-Channel-ID", sdk::string_at(channel, "id")},
      {"X-Goog-Message-Number", std::to_string(number)},
      {"X-Goog-Resource-ID", sdk::string_at(channel, "resourceId")},
      {"X-Goog-Resource-State", std::string(state)},
      {"X-Goog-Resource-URI", sdk::string_at(channel, "resourceUri")},
      {"User-Agent", "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"}};
  OutgoingEvent event;
  event.service = "google";
  event.event_id = "note_" + std::to_string(context_.store.next_number());
  event.topic = sdk::string_at(channel, "topic") + "." + std::string(state);
  event.url = sdk::string_at(channel, "address");
  event.sign = [headers, token = sdk::string_at(channel, "token")](std::string_view body) {
    auto all = headers;
    if (!token.empty()) all.emplace_back("X-Goog-Channel-Token", body.empty() ? token : token + "x");
    return all;
  };
  context_.webhooks.send(std::move(event));
}

void Account::watch_mailbox(const std::string& topic_name) {
  put("mailbox", "watch", {{"topicName", topic_name}, {"expiration", now_ms() + kWeek}});
  publish_mailbox();
}

void Account::stop_mailbox() {
  erase("mailbox", "watch");
}

void Account::publish_mailbox() {
  const auto* watch = find("mailbox", "watch");
  if (watch == nullptr || push_target_.empty()) return;
  if (watch->value.at("expiration").to_number<std::int64_t>() <= now_ms()) return;
  const auto data = to_wire(json::object{{"emailAddress", kEmail}, {"historyId", last_change()}});
  const auto message_id = std::to_string(2'070'443'601'000'000ULL + context_.store.next_number());
  json::object body{{"message",
                     {{"data", sdk::base64_encode(data)},
                      {"messageId", message_id},
                      {"message_id", message_id},
                      {"publishTime", iso_time(now_ms())},
                      {"attributes", json::object()}}},
                    {"subscription", "projects/sandbox/subscriptions/gmail"}};
  key_.ready();
  OutgoingEvent event;
  event.service = "google";
  event.event_id = message_id;
  event.topic = "gmail";
  event.url = push_target_;
  event.body = to_wire(body);
  const std::size_t size = event.body.size();
  // The token's times are the machine's: who verifies it knows no other.
  event.sign = [this, size, audience = audience_, account = service_account_](std::string_view text) {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const json::object claims{{"aud", audience},
                              {"azp", "113774264463038321964"},
                              {"email", account},
                              {"sub", "113774264463038321964"},
                              {"email_verified", true},
                              {"exp", now + kTokenSeconds},
                              {"iat", now},
                              {"iss", "https://accounts.google.com"}};
    return sdk::Headers{{"Authorization", "Bearer " + key_.sign(claims, text.size() != size)}};
  };
  context_.webhooks.send(std::move(event));
}

void Account::set_push(const json::object& settings) {
  const auto target = sdk::string_at(settings, "target");
  push_target_ = target.empty() ? std::string() : target + "/google";
  audience_ = push_target_;
  if (const auto url = sdk::string_at(settings, "googlePushUrl"); !url.empty()) push_target_ = audience_ = url;
  if (const auto audience = sdk::string_at(settings, "googleAudience"); !audience.empty()) audience_ = audience;
  if (const auto account = sdk::string_at(settings, "googleServiceAccount"); !account.empty())
    service_account_ = account;
  const auto token = sdk::string_at(settings, "googleChannelToken");
  if (token.empty() || push_target_.empty()) return;
  // As if somebody had registered them by hand.
  for (const auto* topic : {"events", "changes"}) {
    const std::string id = std::string("standing-") + topic;
    if (find("channels", id) != nullptr) erase("channels", id);
    const std::string api =
        std::string(topic) == "events" ? "calendar/v3/calendars/primary/events" : "drive/v3/changes";
    open_channel({{"id", id}, {"address", push_target_}, {"token", token}, {"expiration", now_ms() + kWeek}}, topic,
                 "https://www.googleapis.com/" + api + "?alt=json");
  }
  watch_mailbox("projects/sandbox/topics/gmail");
}

}  // namespace patchbay::sandbox::google
