// WebSocketHub: from a subscription over the replay of what was missed to the live stream, without a gap or a
// duplicate.
#include "engine/events/event_text.hpp"
#include "engine/events/websocket_hub.hpp"
#include "engine/events/websocket_text.hpp"
#include "platform/base/log.hpp"

#include <algorithm>

namespace patchbay::events {
namespace {

constexpr std::size_t kReplayBatch = 500;
constexpr std::size_t kBurstBytes = 256 * 1024;  // a fast reader takes this much within kBurstPause
constexpr std::chrono::milliseconds kBurstPause{40};
constexpr std::chrono::milliseconds kTailWait{2'000};
constexpr std::chrono::milliseconds kTailPoll{20};

sdk::json::array topic_array(const std::vector<std::string>& topics) {
  sdk::json::array array;
  for (const auto& topic : topics) array.emplace_back(topic);
  return array;
}

void send_subscribed(http::WebSocket& socket, const std::vector<std::string>& topics) {
  send_text(socket, sdk::json::serialize(sdk::json::object{{"type", "subscribed"}, {"topics", topic_array(topics)}}));
}

}  // namespace

sdk::Result<std::vector<std::string>> WebSocketHub::check_topics(const Member& member,
                                                                 const sdk::json::object& message) const {
  const auto* found = message.if_contains("topics");
  const auto* list = found == nullptr ? nullptr : found->if_array();
  if (list == nullptr || list->empty()) return sdk::invalid_error("ws.no_topics", "`topics` is a list of topic names.");
  std::set<std::string> wanted;
  for (const auto& entry : *list) {
    const auto* name = entry.if_string();
    if (name == nullptr || !visibility_.known_topic(std::string_view(*name))) {
      return sdk::invalid_error("ws.unknown_topic",
                                "No such topic: " + sdk::scalar_text(entry).value_or("?").substr(0, 64));
    }
    if (!visibility_.may_subscribe(member.identity.principal, std::string_view(*name))) {
      return sdk::invalid_error("ws.forbidden", "Your role may not read the topic " + std::string(*name) + ".");
    }
    wanted.emplace(*name);
  }
  std::size_t others = 0;
  for (const auto* set : {&member.topics, &member.replaying}) {
    others += static_cast<std::size_t>(
        std::count_if(set->begin(), set->end(), [&](const auto& topic) { return !wanted.contains(topic); }));
  }
  if (others + wanted.size() > settings_.topics_max) {
    return sdk::invalid_error("ws.too_many_topics",
                              "One socket may subscribe to " + std::to_string(settings_.topics_max) + " topics.");
  }
  return std::vector<std::string>(wanted.begin(), wanted.end());
}

void WebSocketHub::subscribe(const Socket& socket, const sdk::json::object& message) {
  std::optional<Position> after;
  if (const auto* text = message.if_contains("after"); text != nullptr && !text->is_null()) {
    after = text->is_string() ? parse_position(std::string_view(text->get_string())) : std::nullopt;
    if (!after) return send_error(*socket, "ws.bad_event_id", "`after` is the id of an event.");
  }
  Subscription subscription{socket, {}, {}, after.value_or(Position{}), 0, 0};
  std::optional<sdk::Error> refused;
  {
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(socket->id());
    if (found == members_.end()) return;
    Member& member = found->second;
    auto topics = check_topics(member, message);
    if (!topics.ok()) {
      refused = topics.error();
    } else {
      subscription.topics = std::move(topics).value();
      subscription.principal = member.identity.principal;
      if (after) {
        for (const auto& topic : subscription.topics) {
          if (member.topics.erase(topic) > 0) index_.reset();
          member.replaying.insert(topic);
        }
      }
    }
  }
  if (refused) return send_error(*socket, refused->code, refused->message);
  send_subscribed(*socket, subscription.topics);
  if (!after) {
    const std::lock_guard lock(mutex_);
    return mark_live(socket->id(), subscription.topics);
  }
  if (!pool_.try_submit([this, subscription] { replay(subscription); })) {
    fail_replay(subscription, sdk::transient_error("ws.busy", "The hub is busy; subscribe again."));
  }
}

void WebSocketHub::unsubscribe(const Socket& socket, const sdk::json::object& message) {
  std::vector<std::string> left;
  {
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(socket->id());
    const auto* list = message.if_contains("topics");
    if (found == members_.end() || list == nullptr || !list->is_array()) return;
    for (const auto& entry : list->get_array()) {
      if (const auto* name = entry.if_string()) {
        found->second.topics.erase(std::string(*name));
        found->second.replaying.erase(std::string(*name));
      }
    }
    left.assign(found->second.topics.begin(), found->second.topics.end());
    index_.reset();
  }
  send_subscribed(*socket, left);
}

void WebSocketHub::mark_live(std::uint64_t socket_id, const std::vector<std::string>& topics) {
  const auto found = members_.find(socket_id);
  if (found == members_.end()) return;
  found->second.topics.insert(topics.begin(), topics.end());
  for (const auto& topic : topics) found->second.replaying.erase(topic);
  index_.reset();
}

void WebSocketHub::replay(Subscription subscription) {
  auto resumable = may_resume(subscription.after);
  while (resumable.ok() && *resumable && !stop_.stopped()) {
    const auto tail = go_live(subscription);
    if (!tail) return;
    resumable = replay_until(subscription, *tail);
  }
  if (stop_.stopped()) return;
  return resumable.ok() ? skip_to_live(subscription) : fail_replay(subscription, resumable.error());
}

/// Not before what retention removed, and not from a future that this host never reaches (another database).
sdk::Result<bool> WebSocketHub::may_resume(const Position& after) {
  PATCHBAY_ASSIGN(const auto trimmed, reader_.trimmed());
  if (trimmed && after < *trimmed) return false;
  const auto deadline = std::chrono::steady_clock::now() + kTailWait;
  while (std::chrono::steady_clock::now() < deadline) {
    {
      const std::lock_guard lock(mutex_);
      if (tail_ && after <= *tail_) return true;
    }
    if (!stop_.wait_for(kTailPoll)) break;  // another host's tail may be a little ahead of ours
  }
  return false;
}

sdk::Result<bool> WebSocketHub::replay_until(Subscription& subscription, const Position& upto) {
  std::size_t paused_at = subscription.sent_bytes;
  while (subscription.after < upto) {
    PATCHBAY_ASSIGN(const auto events, reader_.replay(subscription.after, upto, subscription.topics, kReplayBatch));
    for (const StoredEvent& event : events) send_if_visible(subscription, event);
    if (subscription.sent_count > settings_.replay_events_max) return false;
    subscription.after = events.size() < kReplayBatch ? upto : position_of(events.back());
    if (subscription.sent_bytes - paused_at < kBurstBytes) continue;
    paused_at = subscription.sent_bytes;
    if (!stop_.wait_for(kBurstPause)) return false;
  }
  return true;
}

void WebSocketHub::send_if_visible(Subscription& subscription, const StoredEvent& event) {
  if (!visibility_.visible(event, subscription.principal)) return;
  auto text =
      std::make_shared<const std::string>(event_text(event, visibility_.data_for(event, subscription.principal.role)));
  subscription.sent_count += 1;
  subscription.sent_bytes += text->size();
  subscription.socket->send(std::move(text));
  sent_count_.add();
}

/// The last step is from memory and under the lock, where the tail cannot move on: the socket joins exactly where the
/// replay ends. Where memory does not reach back far enough, the tail as it is now.
std::optional<Position> WebSocketHub::go_live(Subscription& subscription) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(subscription.socket->id());
  if (found == members_.end()) return std::nullopt;
  if (subscription.after < recent_floor_) return *tail_;
  const std::set<std::string> topics(subscription.topics.begin(), subscription.topics.end());
  for (const SharedEvent& event : recent_) {
    if (position_of(*event) > subscription.after && topics.contains(event->topic))
      send_if_visible(subscription, *event);
  }
  std::vector<std::string> wanted;  // not those that were given up meanwhile
  std::set_intersection(topics.begin(), topics.end(), found->second.replaying.begin(), found->second.replaying.end(),
                        std::back_inserter(wanted));
  mark_live(subscription.socket->id(), wanted);
  return std::nullopt;
}

void WebSocketHub::skip_to_live(const Subscription& subscription) {
  send_text(*subscription.socket, sdk::json::serialize(sdk::json::object{
                                      {"type", "gap"},
                                      {"topics", topic_array(subscription.topics)},
                                      {"message", "Too much has happened since that event; load the data anew."}}));
  const std::lock_guard lock(mutex_);
  mark_live(subscription.socket->id(), subscription.topics);
}

void WebSocketHub::fail_replay(const Subscription& subscription, const sdk::Error& error) {
  base::log_warning("events", "a socket could not be resumed", {{"code", error.code}});
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = members_.find(subscription.socket->id()); found != members_.end()) {
      for (const auto& topic : subscription.topics) found->second.replaying.erase(topic);
    }
  }
  send_error(*subscription.socket, "ws.unavailable", "The missed events could not be read; subscribe again.");
}

}  // namespace patchbay::events
