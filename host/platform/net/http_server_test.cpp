// The server as a whole: stopping, and what others run on its threads.
#include "platform/net/http_server.hpp"

#include "platform/net/server_for_test.hpp"

#include <fcntl.h>
#include <thread>

namespace patchbay::net {
namespace {

using testing_support::Observed;
using testing_support::RawClient;
using testing_support::TestServer;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServerStop, lets_requests_under_way_finish_and_takes_no_new_ones) {
  Observed<std::vector<http::Responder>> waiting;
  TestServer server([&](http::Request request, http::Responder responder) {
    if (request.path == "/quick") return responder.send(http::Response::empty(204));
    waiting.change([&](auto& responders) { responders.push_back(std::move(responder)); });
  });
  RawClient idle(server.port());
  ASSERT_EQ(idle.exchange("GET /quick HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
  RawClient busy(server.port());
  ASSERT_TRUE(busy.send(kGet));
  ASSERT_TRUE(waiting.wait_until([](const auto& responders) { return responders.size() == 1; }));
  const std::uint16_t port = server.port();
  std::jthread stopping([&] { server.server.stop(testing_support::kPatience); });
  EXPECT_TRUE(idle.at_end()) << "idle connections are closed at once";
  waiting.value().front().send(http::Response::text(200, "done"));
  const auto response = busy.read_response();
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.header("Connection"), "close");
  stopping.join();
  EXPECT_FALSE(RawClient(port).connected());
  server.server.stop(std::chrono::milliseconds(0));  // again: nothing happens
}

TEST(HttpServerStop, cuts_what_is_not_done_when_the_grace_is_over) {
  Observed<std::vector<http::Responder>> waiting;
  TestServer server([&](http::Request, http::Responder responder) {
    waiting.change([&](auto& responders) { responders.push_back(std::move(responder)); });
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send(kGet));
  ASSERT_TRUE(waiting.wait_until([](const auto& responders) { return responders.size() == 1; }));
  server.server.stop(std::chrono::milliseconds(50));
  EXPECT_EQ(client.read_response().status, 0);
  EXPECT_EQ(server.metrics.gauge("patchbay_net_connections_open", "").value(), 0);
  // Answers that come after the end go nowhere, without harm; the ones dropped here as well.
  waiting.value().front().send(http::Response::text(200, "late"));
}

class HttpServerLoop : public testing::Test {
 protected:
  HttpServerLoop() : server(&TestServer::echo) { EXPECT_EQ(::pipe2(pipe, O_NONBLOCK | O_CLOEXEC), 0); }
  ~HttpServerLoop() override {
    for (const int descriptor : pipe) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  /// Runs on that I/O thread and waits for it.
  void on_loop(std::size_t io_thread, const std::function<void()>& work) {
    Observed<bool> done;
    server.server.post(io_thread, [&] {
      work();
      done.change([](bool& value) { value = true; });
    });
    ASSERT_TRUE(done.wait_until([](bool value) { return value; }));
  }

  int pipe[2] = {-1, -1};
  TestServer server;
};

TEST_F(HttpServerLoop, posts_to_the_thread_that_was_named) {
  ASSERT_EQ(server.server.io_thread_count(), 2U);
  std::thread::id first, second, again;
  on_loop(0, [&] { first = std::this_thread::get_id(); });
  on_loop(1, [&] { second = std::this_thread::get_id(); });
  on_loop(0, [&] { again = std::this_thread::get_id(); });
  EXPECT_NE(first, second);
  EXPECT_EQ(first, again);
}

TEST_F(HttpServerLoop, survives_work_that_throws) {
  server.server.post(0, [] { throw std::runtime_error("broken work"); });
  server.server.post(1, [] { throw 7; });
  on_loop(0, [] {});
  on_loop(1, [] {});
}

TEST_F(HttpServerLoop, watches_a_descriptor_until_the_handle_goes) {
  Observed<std::string> read_bytes;
  std::shared_ptr<void> handle;
  on_loop(1, [&] {
    handle = server.server.watch_readable(1, pipe[0], [&] {
      char bytes[64];
      const ssize_t count = ::read(pipe[0], bytes, sizeof bytes);
      read_bytes.change(
          [&](std::string& value) { value.append(bytes, count > 0 ? static_cast<std::size_t>(count) : 0); });
      throw std::runtime_error("a watcher's fault is its own");
    });
  });
  for (const std::string expected : {"a", "ab", "abc"}) {
    ASSERT_EQ(::write(pipe[1], &expected.back(), 1), 1);
    ASSERT_TRUE(read_bytes.wait_until([&](const std::string& value) { return value == expected; }));
  }
  on_loop(1, [&] { handle.reset(); });
  ASSERT_EQ(::write(pipe[1], "d", 1), 1);
  on_loop(1, [] {});
  on_loop(1, [] {});
  EXPECT_EQ(read_bytes.value(), "abc");
}

TEST_F(HttpServerLoop, says_once_that_a_descriptor_is_writable_again) {
  const std::string filling(4096, 'f');
  while (::write(pipe[1], filling.data(), filling.size()) > 0) {
  }
  Observed<int> writable_count;
  server.server.wait_writable(0, pipe[1], [&] { writable_count.change([](int& count) { ++count; }); });
  on_loop(0, [] {});
  EXPECT_EQ(writable_count.value(), 0);
  char bytes[4096];
  while (::read(pipe[0], bytes, sizeof bytes) > 0) {
  }
  EXPECT_TRUE(writable_count.wait_until([](int count) { return count == 1; }));
  on_loop(0, [] {});
  EXPECT_EQ(writable_count.value(), 1);
}

TEST_F(HttpServerLoop, ticks_until_the_handle_goes) {
  Observed<int> tick_count;
  auto handle =
      server.server.every(1, std::chrono::milliseconds(2), [&] { tick_count.change([](int& count) { ++count; }); });
  EXPECT_TRUE(tick_count.wait_until([](int count) { return count >= 5; }));
  int after = 0;
  on_loop(1, [&] {
    handle.reset();
    after = tick_count.value();
  });
  Observed<bool> later;
  const auto other =
      server.server.every(1, std::chrono::milliseconds(20), [&] { later.change([](bool& value) { value = true; }); });
  EXPECT_TRUE(later.wait_until([](bool value) { return value; }));
  EXPECT_EQ(tick_count.value(), after);
}

TEST_F(HttpServerLoop, handles_may_go_after_the_server_has_stopped) {
  auto watch = server.server.watch_readable(0, pipe[0], [] {});
  auto ticks = server.server.every(1, std::chrono::milliseconds(1), [] {});
  server.server.stop(std::chrono::milliseconds(0));
  watch.reset();
  ticks.reset();
}

}  // namespace
}  // namespace patchbay::net
