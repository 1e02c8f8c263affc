#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace patchbay::testing {

/// A server on 127.0.0.1 whose every byte the test decides: for answers that no well-behaved server gives.
class SocketServer {
 public:
  /// One accepted connection, inside the test's behaviour.
  class Peer {
   public:
    explicit Peer(int descriptor) : descriptor_(descriptor) {}
    /// A whole HTTP/1.1 request (head and Content-Length body); nullopt when the client closed.
    std::optional<std::string> read_request();
    /// A line without its CR LF; nullopt when the client closed.
    std::optional<std::string> read_line();
    void write(std::string_view bytes);
    /// Answers 200 with a body.
    void answer(std::string_view body);
    /// Ends the connection with RST instead of FIN.
    void reset();
    /// Blocks until the client closes or the server is destroyed.
    void wait_for_close();
    /// Whether the client closes (or sends anything) within `time`.
    bool hears_within(std::chrono::milliseconds time) const;

   private:
    friend class SocketServer;
    int descriptor_;
    std::string received_;
  };
  using Behaviour = std::function<void(Peer&)>;

  /// `behaviour` runs on a thread of its own for every connection; when it returns the connection is closed.
  explicit SocketServer(Behaviour behaviour);
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const;
  int connection_count() const { return connection_count_; }

 private:
  struct Session {
    int descriptor;
    std::thread thread;
  };
  void accept_all();

  const Behaviour behaviour_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connection_count_{0};
  std::mutex mutex_;
  std::list<Session> sessions_;
  std::thread thread_;
};

}  // namespace patchbay::testing
