#include "engine/events/websocket_hub.hpp"

#include "engine/events/websocket_text.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/json.hpp>

#include <string_view>

namespace patchbay::events {
namespace {

constexpr std::string_view kBearerProtocol = "patchbay.bearer.";
constexpr std::string_view kPlainProtocol = "patchbay";
constexpr std::size_t kTokenBytesMax = 8 * 1024;
constexpr std::size_t kEarlyMessagesMax = 8;
constexpr int kUnauthenticated = 4401;
constexpr int kForbidden = 4403;
constexpr int kPolicyViolation = 1008;
constexpr std::chrono::milliseconds kTickGap{250};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The subprotocols a client offers, in order.
std::vector<std::string_view> offered_protocols(const http::Request& upgrade) {
  std::vector<std::string_view> offered;
  std::string_view rest = upgrade.header("Sec-WebSocket-Protocol").value_or("");
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    offered.push_back(trim(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return offered;
}

std::string token_of(const http::Request& upgrade) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view header = upgrade.header("Authorization").value_or("");
  if (header.size() > kScheme.size() && sdk::equals_ignoring_case(header.substr(0, kScheme.size()), kScheme)) {
    return std::string(trim(header.substr(kScheme.size())));
  }
  for (const std::string_view protocol : offered_protocols(upgrade)) {
    if (protocol.starts_with(kBearerProtocol)) return std::string(protocol.substr(kBearerProtocol.size()));
  }
  return {};
}

}  // namespace

WebSocketHub::WebSocketHub(const OutboxReader& reader, SocketAuthenticator& authenticator,
                           const EventVisibility& visibility, WebSocketSettings settings, base::Metrics& metrics)
    : reader_(reader),
      authenticator_(authenticator),
      visibility_(visibility),
      settings_(settings),
      socket_gauge_(metrics.gauge("patchbay_events_sockets_count", "Open WebSockets")),
      sent_count_(metrics.counter("patchbay_events_socket_messages_total", "Events queued to WebSockets")),
      pool_("sockets", settings.thread_count, settings.queue_max) {}

WebSocketHub::~WebSocketHub() {
  stop();
}

void WebSocketHub::stop() {
  stop_.stop();
  pool_.stop();
}

std::size_t WebSocketHub::socket_count() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

std::optional<http::Response> WebSocketHub::accept(const http::Request& upgrade, std::string& subprotocol) {
  if (upgrade.path != "/api/v1/ws" && upgrade.path != "/api/ws") return http::Response::empty(404);
  if (socket_count() >= settings_.sockets_max) {
    http::Response busy = http::Response::empty(503);
    busy.set_header("Retry-After", "5");
    return busy;
  }
  // A browser gives up when none of its protocols is answered; the plain name is preferred, so that no token is echoed.
  for (const std::string_view protocol : offered_protocols(upgrade)) {
    if (protocol == kPlainProtocol || (subprotocol.empty() && protocol.starts_with(kBearerProtocol)))
      subprotocol = protocol;
  }
  return std::nullopt;
}

void WebSocketHub::opened(std::shared_ptr<http::WebSocket> socket, const http::Request& upgrade) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    Member member;
    member.socket = socket;
    member.opened_at = member.checked_at = member.window_start = now;
    members_.insert_or_assign(socket->id(), std::move(member));
    socket_gauge_.set(static_cast<double>(members_.size()));
  }
  std::string token = token_of(upgrade);
  if (!token.empty()) begin_authentication(socket, std::move(token));
}

void WebSocketHub::closed(std::uint64_t socket_id) {
  const std::lock_guard lock(mutex_);
  const auto member = members_.find(socket_id);
  if (member == members_.end()) return;
  if (!member->second.topics.empty()) index_.reset();
  members_.erase(member);
  socket_gauge_.set(static_cast<double>(members_.size()));
}

bool WebSocketHub::count_message(Member& member) const {
  const auto now = std::chrono::steady_clock::now();
  if (now - member.window_start >= std::chrono::minutes(1)) {
    member.window_start = now;
    member.window_count = 0;
  }
  return ++member.window_count <= settings_.messages_per_minute;
}

void WebSocketHub::received(const std::shared_ptr<http::WebSocket>& socket, std::string text) {
  bool counted = false;
  bool flood = false;
  {
    const std::lock_guard lock(mutex_);
    const auto member = members_.find(socket->id());
    if (member == members_.end()) return;
    counted = count_message(member->second);
    flood = member->second.window_count > 2 * settings_.messages_per_minute;
  }
  if (flood) return socket->close(kPolicyViolation, "too many messages");
  if (!counted) return send_error(*socket, "ws.too_many_messages", "Too many messages; wait a minute.");
  handle(socket, text);
}

void WebSocketHub::handle(const Socket& socket, const std::string& text) {
  auto parsed = sdk::parse_json(text, {settings_.message_bytes_max, 8});
  const auto* message = parsed.ok() ? parsed->if_object() : nullptr;
  if (message == nullptr) return send_error(*socket, "ws.bad_message", "A message is one JSON object.");
  const std::string type = sdk::string_at(*parsed, "type");
  if (type == "ping") return send_text(*socket, R"({"type":"pong"})");
  if (type == "auth") return begin_authentication(socket, sdk::string_at(*parsed, "token"));
  if (type != "subscribe" && type != "unsubscribe") {
    return send_error(*socket, "ws.unknown_type", "Known types are auth, subscribe, unsubscribe and ping.");
  }
  if (!may_go_on(*socket, text)) return;
  return type == "subscribe" ? subscribe(socket, *message) : unsubscribe(socket, *message);
}

/// Whether the socket is authenticated. What comes while its token is being looked at waits for the answer: a client
/// that gave its token with the upgrade need not wait for "ready" before it subscribes.
bool WebSocketHub::may_go_on(http::WebSocket& socket, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(socket.id());
    if (found == members_.end()) return false;
    Member& member = found->second;
    if (member.authenticated) return true;
    if (member.authenticating && member.early.size() < kEarlyMessagesMax) {
      member.early.push_back(text);
      return false;
    }
  }
  send_error(socket, "ws.unauthenticated", "Wait for \"ready\" before subscribing.");
  return false;
}

void WebSocketHub::begin_authentication(const Socket& socket, std::string token) {
  if (token.empty() || token.size() > kTokenBytesMax) return socket->close(kUnauthenticated, "no usable token");
  {
    const std::lock_guard lock(mutex_);
    const auto member = members_.find(socket->id());
    if (member == members_.end() || member->second.authenticating) return;
    member->second.authenticating = true;
  }
  if (pool_.try_submit([this, socket, token = std::move(token)] { authenticate(socket, token); })) return;
  const std::lock_guard lock(mutex_);
  if (const auto member = members_.find(socket->id()); member != members_.end()) member->second.authenticating = false;
  send_error(*socket, "ws.busy", "The hub is busy; send the token again.");
}

void WebSocketHub::authenticate(const Socket& socket, const std::string& token) {
  auto identity = authenticator_.authenticate(token);
  if (identity.ok()) {
    if (identity->principal.password_change_required)
      return socket->close(kForbidden, "the password must be changed first");
    return welcome(socket, std::move(identity).value());
  }
  if (identity.error().code == "policy.forbidden") return socket->close(kForbidden, "not allowed");
  if (identity.error().error_class == sdk::ErrorClass::kAuth)
    return socket->close(kUnauthenticated, "the token is not valid");
  {
    const std::lock_guard lock(mutex_);
    if (const auto member = members_.find(socket->id()); member != members_.end())
      member->second.authenticating = false;
  }
  send_error(*socket, "ws.unavailable", "The token could not be checked; send it again.");
}

void WebSocketHub::welcome(const Socket& socket, SocketIdentity identity) {
  std::string last_event_id;
  std::vector<std::string> early;
  bool other_user = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = members_.find(socket->id());
    if (found == members_.end()) return;
    Member& member = found->second;
    member.authenticating = false;
    early.swap(member.early);
    other_user = member.authenticated && member.identity.principal.user_id != identity.principal.user_id;
    if (!other_user) {
      member.authenticated = true;
      member.audience = visibility_.audience(identity.principal);
      member.identity = std::move(identity);
      index_.reset();
    }
    if (tail_) last_event_id = format_position(*tail_);
  }
  if (other_user) return send_error(*socket, "ws.other_user", "Open another socket for another user.");
  send_text(*socket, sdk::json::serialize(sdk::json::object{{"type", "ready"}, {"lastEventId", last_event_id}}));
  for (const std::string& text : early) handle(socket, text);
}

void WebSocketHub::revoke_session(const std::string& session_id) {
  revoke([&](const policy::Principal& principal) { return principal.session_id == session_id; });
}

void WebSocketHub::revoke_user(const std::string& user_id) {
  revoke([&](const policy::Principal& principal) { return principal.user_id == user_id; });
}

void WebSocketHub::revoke(const std::function<bool(const policy::Principal&)>& is_meant) {
  std::vector<Socket> ended;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, member] : members_) {
      if (member.authenticated && is_meant(member.identity.principal)) ended.push_back(member.socket);
    }
  }
  for (const Socket& socket : ended) socket->close(kUnauthenticated, "the session has ended");
}

void WebSocketHub::tick() {
  const auto now = std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now();
  std::vector<Socket> late, expired;
  std::map<std::string, std::vector<Socket>> due;  // by session
  {
    const std::lock_guard lock(mutex_);
    if (now - ticked_at_ < kTickGap) return;
    ticked_at_ = now;
    for (auto& [id, member] : members_) {
      if (!member.authenticated) {
        if (now - member.opened_at >= settings_.auth_timeout) late.push_back(member.socket);
      } else if (member.identity.expires_at <= wall) {
        expired.push_back(member.socket);
      } else if (now - member.checked_at >= settings_.recheck_interval) {
        member.checked_at = now;
        due[member.identity.principal.session_id].push_back(member.socket);
      }
    }
  }
  for (const Socket& socket : late) socket->close(kUnauthenticated, "no token in time");
  for (const Socket& socket : expired) socket->close(kUnauthenticated, "the token has expired");
  // A pool that is full checks again at the next interval.
  if (!due.empty() && !pool_.try_submit([this, due = std::move(due)] { check_sessions(due); })) return;
}

void WebSocketHub::check_sessions(const std::map<std::string, std::vector<Socket>>& due) {
  for (const auto& [session, sockets] : due) {
    if (stop_.stopped()) return;
    SocketIdentity identity;
    {
      const std::lock_guard lock(mutex_);
      const auto member = members_.find(sockets.front()->id());
      if (member == members_.end()) continue;
      identity = member->second.identity;
    }
    const auto alive = authenticator_.check(identity);
    if (alive.ok() || alive.error().error_class != sdk::ErrorClass::kAuth) continue;
    for (const Socket& socket : sockets) socket->close(kUnauthenticated, "the session has ended");
  }
}

}  // namespace patchbay::events
