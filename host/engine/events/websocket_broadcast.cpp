// WebSocketHub: one event to many sockets. The decision is made once per audience, the text once per role.
#include "engine/events/event_text.hpp"
#include "engine/events/websocket_hub.hpp"

namespace patchbay::events {

void WebSocketHub::started(const Position& position) {
  const std::lock_guard lock(mutex_);
  tail_ = position;
  recent_floor_ = position;
  recent_.clear();
}

std::shared_ptr<const WebSocketHub::Index> WebSocketHub::make_index() const {
  std::map<std::string, std::map<std::string, Group>> by_topic;
  for (const auto& [id, member] : members_) {
    for (const auto& topic : member.topics) {
      Group& group = by_topic[topic][member.audience];
      group.principal = member.identity.principal;
      group.sockets.push_back(member.socket);
    }
  }
  auto index = std::make_shared<Index>();
  for (auto& [topic, by_audience] : by_topic) {
    auto& groups = (*index)[topic];
    for (auto& [audience, group] : by_audience) groups.push_back(std::move(group));
  }
  return index;
}

void WebSocketHub::broadcast(std::vector<StoredEvent> events) {
  if (events.empty()) return;
  std::vector<SharedEvent> shared;
  shared.reserve(events.size());
  for (StoredEvent& event : events) shared.push_back(std::make_shared<const StoredEvent>(std::move(event)));
  std::shared_ptr<const Index> index;
  {
    const std::lock_guard lock(mutex_);
    if (!index_) index_ = make_index();
    index = index_;
    recent_.insert(recent_.end(), shared.begin(), shared.end());
    tail_ = position_of(*shared.back());
    while (recent_.size() > settings_.recent_events_max) {
      recent_floor_ = position_of(*recent_.front());
      recent_.pop_front();
    }
  }
  // Outside the lock: a socket that joins meanwhile has found these events among the recent ones.
  std::size_t sent = 0;
  for (const SharedEvent& event : shared) {
    const auto groups = index->find(event->topic);
    if (groups == index->end()) continue;
    Texts texts;
    for (const Group& group : groups->second) {
      if (!visibility_.visible(*event, group.principal)) continue;
      auto& text = texts[group.principal.role];
      if (!text) {
        text =
            std::make_shared<const std::string>(event_text(*event, visibility_.data_for(*event, group.principal.role)));
      }
      for (const Socket& socket : group.sockets) socket->send(text);
      sent += group.sockets.size();
    }
  }
  sent_count_.add(static_cast<double>(sent));
}

}  // namespace patchbay::events
