#include "channels.hpp"

#include <charconv>
#include <random>

namespace patchbay::google {
namespace {

constexpr const char* kStateKey = "channels";
constexpr std::chrono::hours kWeek{24 * 7};
constexpr const char* kGmailId = "gmail-watch";
constexpr double kWatchCost = 100, kStopCost = 50, kDriveCost = 50;

/// Bytes that nobody can guess.
std::string random_bytes(std::size_t count) {
  std::random_device device;
  std::string bytes;
  for (std::size_t at = 0; at < count; ++at) bytes += static_cast<char>(device() & 0xFF);
  return bytes;
}

/// A version 4 UUID.
std::string new_channel_id() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text = sdk::hex_encode(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

std::int64_t milliseconds_of(sdk::SystemTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Milliseconds since 1970, which Google writes as a text.
std::optional<sdk::SystemTime> time_of(const sdk::json::value& answer, std::string_view member) {
  const std::string text = number_at(answer, member);
  std::int64_t milliseconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (failure != std::errc() || end != text.data() + text.size() || milliseconds <= 0) return std::nullopt;
  return sdk::SystemTime(std::chrono::milliseconds(milliseconds));
}

std::string topic_of(const sdk::Subscription& subscription) {
  return subscription.topics.empty() ? std::string() : subscription.topics.front();
}

sdk::json::object encode(const sdk::Subscription& subscription) {
  return {{"id", subscription.external_id},
          {"url", subscription.url},
          {"subject", subscription.subject},
          {"topic", topic_of(subscription)},
          {"expiresAt", subscription.expires_at ? sdk::format_time(*subscription.expires_at) : std::string()},
          {"details", subscription.details}};
}

sdk::Subscription decode(const sdk::json::value& kept) {
  sdk::Subscription subscription;
  subscription.external_id = sdk::string_at(kept, "id");
  subscription.url = sdk::string_at(kept, "url");
  subscription.subject = sdk::string_at(kept, "subject");
  subscription.topics = {sdk::string_at(kept, "topic")};
  if (const auto time = sdk::parse_time(sdk::string_at(kept, "expiresAt")); time.ok()) subscription.expires_at = *time;
  if (const auto* details = sdk::find_member(kept, "details"); details != nullptr && details->is_object())
    subscription.details = details->as_object();
  return subscription;
}

bool is_known_topic(const std::string& topic) {
  return topic == "calendar" || topic == "drive" || topic == "gmail";
}

}  // namespace

Channels::Channels(Api& api, Calendar& calendar, Drive& drive, const sdk::ConnectionSettings& settings,
                   sdk::HostServices services)
    : api_(api),
      calendar_(calendar),
      drive_(drive),
      services_(services),
      token_(settings.credential("channelToken")),
      pubsub_topic_(settings.option("pubsubTopic")),
      calendar_id_(settings.option("calendarId")),
      watch_drive_(settings.option("watchDrive") == "true") {}

sdk::Result<std::vector<sdk::Subscription>> Channels::list() {
  PATCHBAY_ASSIGN(const auto kept, services_.state.get(kStateKey));
  std::vector<sdk::Subscription> all;
  if (!kept || !kept->is_array()) return all;
  const auto now = services_.clock.now();
  for (const auto& item : kept->as_array()) {
    sdk::Subscription subscription = decode(item);
    if (!subscription.expires_at || *subscription.expires_at > now) all.push_back(std::move(subscription));
  }
  return all;
}

sdk::Result<void> Channels::store(const std::vector<sdk::Subscription>& all) {
  sdk::json::array kept;
  for (const auto& subscription : all) kept.push_back(encode(subscription));
  return services_.state.put(kStateKey, kept);
}

sdk::Result<void> Channels::remember(const sdk::Subscription& subscription) {
  PATCHBAY_ASSIGN(auto all, list());
  std::erase_if(all, [&](const auto& other) { return other.external_id == subscription.external_id; });
  all.push_back(subscription);
  return store(all);
}

sdk::Result<void> Channels::forget(const std::string& id) {
  PATCHBAY_ASSIGN(auto all, list());
  std::erase_if(all, [&](const auto& other) { return other.external_id == id; });
  return store(all);
}

std::vector<std::string> Channels::wanted_topics(const sdk::Subscription& wanted) const {
  std::vector<std::string> topics;
  for (const std::string topic : {"calendar", "gmail", "drive"}) {
    const bool asked =
        wanted.topics.empty() || std::find(wanted.topics.begin(), wanted.topics.end(), topic) != wanted.topics.end();
    const bool possible =
        topic == "calendar" || (topic == "gmail" && !pubsub_topic_.empty()) || (topic == "drive" && watch_drive_);
    if (asked && possible) topics.push_back(topic);
  }
  return topics;
}

sdk::Result<sdk::Subscription> Channels::subscribe(const sdk::CallContext& context, const sdk::Subscription& wanted) {
  const auto topics = wanted_topics(wanted);
  if (topics.empty())
    return sdk::invalid_error("google.topic",
                              "Google can be asked to watch calendar, gmail (with the option "
                              "'pubsubTopic') and drive (with 'watchDrive')",
                              "topics");
  if (token_.empty()) {
    token_ = sdk::hex_encode(random_bytes(32));
    token_is_new_ = true;
  }
  PATCHBAY_ASSIGN(const auto known, list());
  std::optional<sdk::Subscription> first;
  for (const std::string& topic : topics) {
    // Asked again after half of it went wrong: what is there stays.
    const auto there = std::find_if(known.begin(), known.end(), [&](const auto& other) {
      return topic_of(other) == topic && other.url == wanted.url && !other.details.contains("asking");
    });
    if (there != known.end() && !token_is_new_) {
      if (!first) first = *there;
      continue;
    }
    PATCHBAY_ASSIGN(auto made, watch(context, topic, wanted.url));
    if (!first) first = std::move(made);
  }
  if (token_is_new_) first->credentials = {{"channelToken", token_}};
  return std::move(*first);
}

sdk::Result<sdk::Subscription> Channels::watch(const sdk::CallContext& context, const std::string& topic,
                                               const std::string& address) {
  return topic == "gmail" ? watch_mailbox(context, address) : watch_channel(context, topic, address);
}

sdk::Result<sdk::Subscription> Channels::watch_channel(const sdk::CallContext& context, const std::string& topic,
                                                       const std::string& address) {
  const auto expires = services_.clock.now() + kWeek;
  sdk::Subscription subscription;
  subscription.external_id = new_channel_id();
  subscription.url = address;
  subscription.topics = {topic};
  subscription.subject = topic == "calendar" ? calendar_id_ : "changes";
  subscription.expires_at = expires;
  subscription.details = {{"asking", true}};
  // Google's first message may come before its answer.
  PATCHBAY_TRY(remember(subscription));
  sdk::json::object body{{"id", subscription.external_id},
                         {"type", "web_hook"},
                         {"address", address},
                         {"token", token_},
                         {"params", {{"ttl", std::to_string(std::chrono::seconds(kWeek).count())}}}};
  Call call;
  call.method = "POST";
  call.path = calendar_.path() + "/watch";
  if (topic == "drive") {
    PATCHBAY_ASSIGN(const std::string start, drive_.start_page_token(context));
    call.root = Root::kDrive;
    call.path = "/changes/watch";
    call.query = {{"pageToken", start}, {"supportsAllDrives", "true"}, {"includeItemsFromAllDrives", "true"}};
    call.cost = kDriveCost;
    body["expiration"] = milliseconds_of(expires);  // without it a Drive channel lives an hour
  }
  call.body = body_text(body);
  auto answer = api_.json(context, std::move(call));
  if (!answer.ok()) {
    PATCHBAY_TRY(forget(subscription.external_id));
    return std::move(answer).error();
  }
  subscription.expires_at = time_of(*answer, "expiration").value_or(expires);
  subscription.details = {{"resourceId", sdk::string_at(*answer, "resourceId")},
                          {"resourceUri", sdk::string_at(*answer, "resourceUri")}};
  PATCHBAY_TRY(remember(subscription));
  return subscription;
}

sdk::Result<sdk::Subscription> Channels::watch_mailbox(const sdk::CallContext& context, const std::string& address) {
  Call call;
  call.root = Root::kGmail;
  call.method = "POST";
  call.path = "/watch";
  call.cost = kWatchCost;
  call.retry_safe = true;
  call.body = body_text(sdk::json::object{{"topicName", pubsub_topic_}});
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  sdk::Subscription subscription;
  subscription.external_id = kGmailId;
  subscription.url = address;
  subscription.topics = {"gmail"};
  subscription.subject = pubsub_topic_;
  subscription.expires_at = time_of(answer, "expiration").value_or(services_.clock.now() + kWeek);
  subscription.details = {{"historyId", number_at(answer, "historyId")}};
  PATCHBAY_TRY(remember(subscription));
  return subscription;
}

sdk::Result<sdk::Subscription> Channels::renew(const sdk::CallContext& context, const sdk::Subscription& subscription) {
  const std::string topic = topic_of(subscription);
  if (!is_known_topic(topic))
    return sdk::invalid_error("google.topic", "'" + topic + "' is nothing that Google watches", "topics");
  if (token_.empty())
    return sdk::permanent_error("google.no_channel_token", "the credential 'channelToken' is missing");
  PATCHBAY_ASSIGN(auto made, watch(context, topic, subscription.url));
  if (topic == "gmail") return made;
  const auto stopped = stop(context, subscription);
  // An old channel that stays until its end tells what the new one tells: no harm.
  if (stopped.ok()) PATCHBAY_TRY(forget(subscription.external_id));
  return made;
}

sdk::Result<void> Channels::stop(const sdk::CallContext& context, const sdk::Subscription& subscription) {
  const std::string topic = topic_of(subscription);
  Call call;
  call.method = "POST";
  call.retry_safe = true;
  if (topic == "gmail") {
    call.root = Root::kGmail;
    call.path = "/stop";
    call.cost = kStopCost;
  } else {
    call.root = topic == "drive" ? Root::kDrive : Root::kCalendar;
    call.path = "/channels/stop";
    call.body = body_text(sdk::json::object{{"id", subscription.external_id},
                                            {"resourceId", sdk::string_at(subscription.details, "resourceId")}});
  }
  const auto stopped = api_.send(context, call);
  if (!stopped.ok() && stopped.error().error_class != sdk::ErrorClass::kNotFound) return stopped.error();
  return {};
}

sdk::Result<void> Channels::unsubscribe(const sdk::CallContext& context, const sdk::Subscription& subscription) {
  sdk::Subscription known = subscription;
  if (!known.details.contains("resourceId")) {
    PATCHBAY_ASSIGN(const auto all, list());
    const auto kept =
        std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.external_id == known.external_id; });
    if (kept != all.end()) known = *kept;
  }
  PATCHBAY_TRY(stop(context, known));
  return forget(known.external_id);
}

}  // namespace patchbay::google
