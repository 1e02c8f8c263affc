// The half of a WebSocket that any thread may hold: a bounded inbox in front of the session on the loop.
#pragma once

#include "platform/http/websocket.hpp"
#include "platform/net/io_loop.hpp"

#include <optional>

namespace patchbay::net {

struct CloseRequest {
  int code = 1000;
  std::string reason;
};

/// What the port hands over to, on the loop's thread.
class WebSocketOutput {
 public:
  virtual ~WebSocketOutput() = default;
  virtual void take_output() = 0;
};

/// Sends of one turn, to one socket or to a thousand of the same loop, cost one post together. Outlives its session and
/// server.
class WebSocketPort final : public http::WebSocket,
                            public Flushable,
                            public std::enable_shared_from_this<WebSocketPort> {
 public:
  using Text = std::shared_ptr<const std::string>;

  WebSocketPort(std::uint64_t id, std::size_t queue_bytes_max, std::shared_ptr<IoLoop> loop)
      : id_(id), queue_bytes_max_(queue_bytes_max), loop_(std::move(loop)) {}

  bool send(Text text) override;
  void close(int code, std::string reason) override;
  std::uint64_t id() const override { return id_; }

  // On the loop's thread.
  void attach(std::weak_ptr<WebSocketOutput> output) { output_ = std::move(output); }
  void flush() override;
  /// Moves what waits to the end of `texts`; the request to close, once.
  std::optional<CloseRequest> take(std::vector<Text>& texts);
  /// Bytes that have left for the kernel (or were dropped) make room for others.
  void release(std::size_t bytes_count);
  /// No send is accepted from now on.
  void shut();

 private:
  void ask_to_close(CloseRequest request);  // with mutex_ held

  const std::uint64_t id_;
  const std::size_t queue_bytes_max_;
  const std::shared_ptr<IoLoop> loop_;
  std::weak_ptr<WebSocketOutput> output_;  // on the loop only

  std::mutex mutex_;
  bool open_ = true;
  bool flush_requested_ = false;
  std::size_t queued_bytes_ = 0;  // here and in the session, until written
  std::vector<Text> inbox_;
  std::optional<CloseRequest> close_request_;
};

}  // namespace patchbay::net
