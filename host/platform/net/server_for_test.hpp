// A real server on a free port of the loopback address, with handlers that a test writes in place.
#pragma once

#include "platform/net/http_server.hpp"
#include "platform/net/raw_client_for_test.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>

namespace patchbay::net::testing_support {

inline constexpr std::chrono::seconds kPatience{10};

/// A value that other threads change and a test waits for.
template <typename T>
class Observed {
 public:
  template <typename Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(value_);
    changed_.notify_all();
  }
  template <typename Condition>
  bool wait_until(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return condition(value_); });
  }
  T value() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

class TestServer : public http::RequestSink {
 public:
  using Handler = std::function<void(http::Request, http::Responder)>;

  explicit TestServer(Handler handler, HttpServerSettings settings = {}, http::WebSocketSink* sockets = nullptr)
      : handler_(std::move(handler)), server(with_free_port(std::move(settings)), *this, sockets, metrics) {
    const auto started = server.start();
    EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message);
  }
  ~TestServer() override { server.stop(std::chrono::milliseconds(0)); }

  std::uint16_t port() const { return server.port(); }

  /// Answers with what it saw: "GET /path?query|body".
  static void echo(http::Request request, http::Responder responder) {
    responder.send(
        http::Response::text(200, request.method + " " + request.path + "?" + request.raw_query + "|" + request.body));
  }

 private:
  static HttpServerSettings with_free_port(HttpServerSettings settings) {
    settings.port = 0;
    return settings;
  }
  void handle(http::Request request, http::Responder responder) override {
    handler_(std::move(request), std::move(responder));
  }

  Handler handler_;

 public:
  base::Metrics metrics;
  HttpServer server;
};

inline std::string code_of(const RawResponse& response) {
  EXPECT_EQ(response.header("Content-Type"), "application/problem+json") << response.body;
  const auto body = sdk::json::parse(response.body);
  EXPECT_EQ(body.at("status").to_number<int>(), response.status);
  return std::string(body.at("code").as_string());
}

}  // namespace patchbay::net::testing_support
