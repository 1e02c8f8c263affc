// The live protocol of GET /ws: authentication, subscriptions, replay of what was missed, fan-out.
#pragma once

#include "engine/events/outbox_reader.hpp"
#include "engine/events/pump.hpp"
#include "engine/events/websocket_access.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/base/worker_pool.hpp"
#include "platform/http/websocket.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchbay::events {

struct WebSocketSettings {
  std::chrono::milliseconds auth_timeout{10'000};
  std::chrono::milliseconds recheck_interval{30'000};  // is the session still alive?
  std::size_t sockets_max = 10'000;
  std::size_t topics_max = 64;            // subscriptions of one socket
  std::size_t messages_per_minute = 120;  // more are refused; twice as many close the socket
  std::size_t message_bytes_max = 16 * 1024;
  std::size_t replay_events_max = 10'000;  // more missed events: gap
  std::size_t recent_events_max = 2'048;   // kept in memory for the step from replay to live
  std::size_t thread_count = 2;
  std::size_t queue_max = 10'000;
};

/// Thread-safe. Sockets of one audience share the decision, sockets of one role share the text.
class WebSocketHub : public http::WebSocketSink, public LiveAudience {
 public:
  WebSocketHub(const OutboxReader& reader, SocketAuthenticator& authenticator, const EventVisibility& visibility,
               WebSocketSettings settings, base::Metrics& metrics);
  ~WebSocketHub() override;
  /// Ends the pool; sockets are closed by the server.
  void stop();

  std::optional<http::Response> accept(const http::Request& upgrade, std::string& subprotocol) override;
  void opened(std::shared_ptr<http::WebSocket> socket, const http::Request& upgrade) override;
  void received(const std::shared_ptr<http::WebSocket>& socket, std::string text) override;
  void closed(std::uint64_t socket_id) override;

  void started(const Position& position) override;
  void broadcast(std::vector<StoredEvent> events) override;
  void tick() override;

  /// Closes the sockets of a session that has been ended.
  void revoke_session(const std::string& session_id);
  /// Closes the sockets of a user whose role or state changed: what they may see is decided when they come back.
  void revoke_user(const std::string& user_id);
  std::size_t socket_count() const;

 private:
  using Socket = std::shared_ptr<http::WebSocket>;
  using Time = std::chrono::steady_clock::time_point;
  void revoke(const std::function<bool(const policy::Principal&)>& is_meant);

  struct Member {
    Socket socket;
    Time opened_at;
    Time checked_at;
    Time window_start;
    std::size_t window_count = 0;
    bool authenticating = false;
    std::vector<std::string> early;  // came while the token was being looked at
    bool authenticated = false;
    SocketIdentity identity;
    std::string audience;
    std::set<std::string> topics;     // live
    std::set<std::string> replaying;  // on the way to live
  };
  struct Group {  // of one audience and topic
    policy::Principal principal;
    std::vector<Socket> sockets;
  };
  using Index = std::map<std::string, std::vector<Group>, std::less<>>;  // by topic
  using SharedEvent = std::shared_ptr<const StoredEvent>;
  using Texts = std::map<std::string, std::shared_ptr<const std::string>, std::less<>>;  // by role
  struct Subscription {
    Socket socket;
    policy::Principal principal;
    std::vector<std::string> topics;
    Position after;
    std::size_t sent_count = 0;
    std::size_t sent_bytes = 0;
  };

  bool count_message(Member& member) const;
  void handle(const Socket& socket, const std::string& text);
  bool may_go_on(http::WebSocket& socket, const std::string& text);
  void begin_authentication(const Socket& socket, std::string token);
  void authenticate(const Socket& socket, const std::string& token);
  void welcome(const Socket& socket, SocketIdentity identity);
  void subscribe(const Socket& socket, const sdk::json::object& message);
  void unsubscribe(const Socket& socket, const sdk::json::object& message);
  sdk::Result<std::vector<std::string>> check_topics(const Member& member, const sdk::json::object& message) const;
  void replay(Subscription subscription);
  sdk::Result<bool> may_resume(const Position& after);
  sdk::Result<bool> replay_until(Subscription& subscription, const Position& upto);
  void send_if_visible(Subscription& subscription, const StoredEvent& event);
  std::optional<Position> go_live(Subscription& subscription);
  void skip_to_live(const Subscription& subscription);
  void fail_replay(const Subscription& subscription, const sdk::Error& error);
  void mark_live(std::uint64_t socket_id, const std::vector<std::string>& topics);  // under the lock
  std::shared_ptr<const Index> make_index() const;                                  // under the lock
  void check_sessions(const std::map<std::string, std::vector<Socket>>& due);

  const OutboxReader& reader_;
  SocketAuthenticator& authenticator_;
  const EventVisibility& visibility_;
  const WebSocketSettings settings_;
  base::Gauge socket_gauge_;
  base::Counter sent_count_;
  base::StopSignal stop_;

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Member> members_;
  std::shared_ptr<const Index> index_;  // null: to be made anew
  std::optional<Position> tail_;        // last event that was broadcast
  Position recent_floor_;               // every event after it, up to the tail, is in recent_
  std::deque<SharedEvent> recent_;
  Time ticked_at_{};
  base::WorkerPool pool_;
};

}  // namespace patchbay::events
