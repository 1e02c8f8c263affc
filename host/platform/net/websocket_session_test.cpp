#include "platform/net/server_for_test.hpp"
#include "platform/net/websocket_client_for_test.hpp"

#include <gmock/gmock.h>

#include <map>
#include <thread>

namespace patchbay::net {
namespace {

using testing_support::Frame;
using testing_support::Observed;
using testing_support::RawClient;
using testing_support::TestServer;
using testing_support::WebSocketClient;
using Socket = std::shared_ptr<http::WebSocket>;

/// Keeps the open sockets and echoes what they say.
class Sockets : public http::WebSocketSink {
 public:
  std::optional<http::Response> accept(const http::Request& upgrade, std::string& subprotocol) override {
    if (upgrade.header("X-Refuse")) return http::Response::json(403, R"({"code":"test.refused"})");
    subprotocol = upgrade.header("Sec-WebSocket-Protocol").value_or("");
    return std::nullopt;
  }
  void opened(Socket socket, const http::Request&) override {
    open.change([&](auto& sockets) { sockets.emplace(socket->id(), socket); });
  }
  void received(const Socket& socket, std::string text) override {
    if (text == "throw") throw std::runtime_error("broken sink");
    socket->send(std::make_shared<const std::string>(std::move(text)));
  }
  void closed(std::uint64_t socket_id) override {
    open.change([&](auto& sockets) { sockets.erase(socket_id); });
    closed_ids.change([&](auto& ids) { ids.push_back(socket_id); });
  }

  bool wait_for_open(std::size_t count) {
    return open.wait_until([&](const auto& sockets) { return sockets.size() == count; });
  }
  Socket only() { return open.value().begin()->second; }

  Observed<std::map<std::uint64_t, Socket>> open;
  Observed<std::vector<std::uint64_t>> closed_ids;
};

class WebSocketSessionTest : public testing::Test {
 protected:
  void start(HttpServerSettings settings = {}) { server.emplace(&TestServer::echo, std::move(settings), &sockets); }
  Sockets sockets;
  std::optional<TestServer> server;
};

TEST_F(WebSocketSessionTest, upgrades_and_echoes_texts_of_every_length_form) {
  HttpServerSettings settings;
  settings.websocket_message_bytes_max = 200'000;
  start(settings);
  WebSocketClient client(server->port());
  const auto response = client.upgrade("Sec-WebSocket-Protocol: patchbay\r\n", "/api/v1/ws?a=1");
  ASSERT_EQ(response.status, 101);
  EXPECT_EQ(response.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(response.header("Sec-WebSocket-Protocol"), "patchbay");
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 150'000U}) {
    const std::string text(size, 't');
    ASSERT_TRUE(client.send(WebSocketClient::kText, text));
    const Frame frame = client.read();
    EXPECT_EQ(frame.opcode, WebSocketClient::kText);
    EXPECT_TRUE(frame.payload == text) << size;
  }
}

TEST_F(WebSocketSessionTest, takes_frames_that_came_with_the_upgrade_and_joins_fragments) {
  start();
  WebSocketClient client(server->port());
  const std::string early = WebSocketClient::frame(WebSocketClient::kText, "early");
  ASSERT_EQ(client.upgrade("", "/ws", early).status, 101);
  EXPECT_EQ(client.read().payload, "early");
  ASSERT_TRUE(client.send(WebSocketClient::kText, "Gr\xC3", false));
  ASSERT_TRUE(client.send(WebSocketClient::kPing, "between"));
  ASSERT_TRUE(client.send(0,
                          "\xBC"
                          "n"));
  const Frame pong = client.read();
  EXPECT_EQ(pong.opcode, WebSocketClient::kPong);
  EXPECT_EQ(pong.payload, "between");
  EXPECT_EQ(client.read().payload, "Gr\xC3\xBCn");
}

TEST_F(WebSocketSessionTest, the_sink_may_refuse_and_the_connection_goes_on_as_http) {
  start();
  WebSocketClient client(server->port());
  const auto response = client.upgrade("X-Refuse: 1\r\n");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, R"({"code":"test.refused"})");
  EXPECT_EQ(client.raw.exchange("GET /next HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /next?|");
}

TEST_F(WebSocketSessionTest, elsewhere_an_upgrade_is_a_plain_request_and_a_bad_one_is_refused) {
  start();
  WebSocketClient elsewhere(server->port());
  EXPECT_EQ(elsewhere.upgrade("", "/other").body, "GET /other?|");
  RawClient old(server->port());
  const auto response = old.exchange(
      "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n");
  EXPECT_EQ(response.status, 426);
  EXPECT_EQ(response.header("Sec-WebSocket-Version"), "13");
  RawClient without_key(server->port());
  EXPECT_EQ(without_key
                .exchange("GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\n\r\n")
                .status,
            400);
}

TEST_F(WebSocketSessionTest, answers_a_close_and_tells_the_sink_once) {
  start();
  WebSocketClient client(server->port());
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(sockets.wait_for_open(1));
  const Socket socket = sockets.only();
  ASSERT_TRUE(client.send(WebSocketClient::kClose, "\x03\xE8"));
  EXPECT_EQ(client.read().close_code(), 1000);
  EXPECT_TRUE(client.raw.at_end());
  ::shutdown(client.raw.descriptor(), SHUT_RDWR);
  ASSERT_TRUE(sockets.wait_for_open(0));
  EXPECT_FALSE(socket->send(std::make_shared<const std::string>("late")));
  server.reset();
  EXPECT_EQ(sockets.closed_ids.value(), std::vector{socket->id()});
}

TEST_F(WebSocketSessionTest, a_vanished_peer_is_told_to_the_sink) {
  start();
  {
    WebSocketClient client(server->port());
    ASSERT_EQ(client.upgrade().status, 101);
    ASSERT_TRUE(sockets.wait_for_open(1));
  }
  EXPECT_TRUE(sockets.wait_for_open(0));
}

struct BadInput {
  const char* name;
  std::string bytes;
  int close_code;
};

class WebSocketBadInput : public testing::TestWithParam<BadInput> {};

TEST_P(WebSocketBadInput, closes_with_its_code) {
  Sockets sockets;
  HttpServerSettings settings;
  settings.websocket_message_bytes_max = 1000;
  TestServer server(&TestServer::echo, settings, &sockets);
  WebSocketClient client(server.port());
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(client.raw.send(GetParam().bytes));
  EXPECT_EQ(client.read().close_code(), GetParam().close_code);
}

INSTANTIATE_TEST_SUITE_P(All, WebSocketBadInput,
                         testing::Values(BadInput{"invalid_utf8", WebSocketClient::frame(1, "\xC3\x28"), 1007},
                                         BadInput{"surrogate", WebSocketClient::frame(1, "\xED\xA0\x80"), 1007},
                                         BadInput{"too_big", WebSocketClient::frame(1, std::string(1001, 'x')), 1009},
                                         BadInput{"too_big_in_fragments",
                                                  WebSocketClient::frame(1, std::string(600, 'x'), false) +
                                                      WebSocketClient::frame(0, std::string(600, 'x')),
                                                  1009},
                                         BadInput{"binary", WebSocketClient::frame(2, "x"), 1003},
                                         BadInput{"unmasked", std::string("\x81\x01x"), 1002},
                                         BadInput{"reserved_opcode", WebSocketClient::frame(3, "x"), 1002}),
                         [](const testing::TestParamInfo<BadInput>& input) { return std::string(input.param.name); });

TEST_F(WebSocketSessionTest, many_threads_send_whole_frames_in_their_order) {
  start();
  constexpr int kThreads = 4;
  constexpr int kTexts = 500;
  WebSocketClient client(server->port());
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(sockets.wait_for_open(1));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([thread, socket = sockets.only()] {
      for (int index = 0; index < kTexts; ++index) {
        socket->send(std::make_shared<const std::string>(std::to_string(thread) + " " + std::to_string(index)));
      }
    });
  }
  ASSERT_TRUE(client.send(WebSocketClient::kPing, "p"));
  std::map<char, int> next;
  int pong_count = 0;
  for (int count = 0; count < kThreads * kTexts + 1; ++count) {
    const Frame frame = client.read();
    if (frame.opcode == WebSocketClient::kPong) {
      ++pong_count;
      continue;
    }
    ASSERT_EQ(frame.opcode, WebSocketClient::kText);
    ASSERT_EQ(frame.payload.substr(2), std::to_string(next[frame.payload.at(0)]++));
  }
  EXPECT_EQ(pong_count, 1);
}

TEST_F(WebSocketSessionTest, one_text_reaches_many_sockets_on_all_threads) {
  start();
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  for (int index = 0; index < 50; ++index) {
    clients.push_back(std::make_unique<WebSocketClient>(server->port()));
    ASSERT_EQ(clients.back()->upgrade().status, 101);
  }
  ASSERT_TRUE(sockets.wait_for_open(clients.size()));
  const auto open = sockets.open.value();
  for (int round = 0; round < 20; ++round) {
    const auto text = std::make_shared<const std::string>("event " + std::to_string(round));
    for (const auto& [id, socket] : open) EXPECT_TRUE(socket->send(text));
  }
  for (const auto& client : clients) {
    for (int round = 0; round < 20; ++round) ASSERT_EQ(client->read().payload, "event " + std::to_string(round));
  }
}

TEST_F(WebSocketSessionTest, a_reader_that_falls_behind_is_closed_with_4408) {
  HttpServerSettings settings;
  settings.websocket_queue_bytes_max = 256 * 1024;
  start(settings);
  WebSocketClient client(server->port(), 4096);
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(sockets.wait_for_open(1));
  const Socket socket = sockets.only();
  const auto text = std::make_shared<const std::string>(16 * 1024, 's');
  int accepted_count = 0;
  // The socket's buffers swallow some megabytes first; then the queue fills.
  while (socket->send(text)) ASSERT_LT(++accepted_count, 1'000'000);
  EXPECT_FALSE(socket->send(text));
  Frame frame = client.read();
  int received_count = 0;
  for (; frame.opcode == WebSocketClient::kText; frame = client.read()) {
    ASSERT_EQ(frame.payload, *text);
    ++received_count;
  }
  EXPECT_EQ(frame.close_code(), 4408);
  EXPECT_LT(received_count, accepted_count) << "what waited in the queue is dropped";
  EXPECT_EQ(server->metrics.counter("patchbay_net_slow_readers_cut_total", "").value(), 1);
}

TEST_F(WebSocketSessionTest, a_slow_reader_that_never_reads_again_is_cut) {
  HttpServerSettings settings;
  settings.websocket_queue_bytes_max = 256 * 1024;
  settings.write_timeout = std::chrono::milliseconds(200);
  start(settings);
  WebSocketClient client(server->port(), 4096);
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(sockets.wait_for_open(1));
  const auto text = std::make_shared<const std::string>(16 * 1024, 's');
  while (sockets.only()->send(text)) {
  }
  EXPECT_TRUE(sockets.wait_for_open(0));
}

TEST_F(WebSocketSessionTest, a_silent_peer_is_pinged_and_a_dead_one_cut) {
  HttpServerSettings settings;
  settings.websocket_idle_timeout = std::chrono::milliseconds(400);
  start(settings);
  WebSocketClient client(server->port());
  ASSERT_EQ(client.upgrade().status, 101);
  for (int round = 0; round < 3; ++round) {
    const Frame ping = client.read();
    ASSERT_EQ(ping.opcode, WebSocketClient::kPing);
    ASSERT_TRUE(client.send(WebSocketClient::kPong, ping.payload));
  }
  EXPECT_EQ(sockets.open.value().size(), 1U);
  EXPECT_TRUE(sockets.wait_for_open(0)) << "no answer to the pings any more";
}

TEST_F(WebSocketSessionTest, a_throwing_sink_does_not_end_the_socket) {
  start();
  WebSocketClient client(server->port());
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(client.send(WebSocketClient::kText, "throw"));
  ASSERT_TRUE(client.send(WebSocketClient::kText, "still here"));
  EXPECT_EQ(client.read().payload, "still here");
}

TEST_F(WebSocketSessionTest, the_application_closes_with_code_and_reason) {
  start();
  WebSocketClient client(server->port());
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(sockets.wait_for_open(1));
  sockets.only()->send(std::make_shared<const std::string>("last words"));
  sockets.only()->close(4401, "token expired");
  EXPECT_EQ(client.read().payload, "last words");
  const Frame frame = client.read();
  EXPECT_EQ(frame.close_code(), 4401);
  EXPECT_EQ(frame.payload.substr(2), "token expired");
}

TEST_F(WebSocketSessionTest, stop_says_1001_and_a_socket_may_outlive_the_server) {
  start();
  WebSocketClient client(server->port());
  ASSERT_EQ(client.upgrade().status, 101);
  ASSERT_TRUE(sockets.wait_for_open(1));
  const Socket socket = sockets.only();
  std::jthread stopping([&] { server->server.stop(testing_support::kPatience); });
  const Frame frame = client.read();
  EXPECT_EQ(frame.close_code(), 1001);
  client.send(WebSocketClient::kClose, frame.payload);
  EXPECT_TRUE(client.raw.at_end());
  ::shutdown(client.raw.descriptor(), SHUT_RDWR);
  stopping.join();
  EXPECT_EQ(sockets.closed_ids.value().size(), 1U);
  server.reset();
  EXPECT_FALSE(socket->send(std::make_shared<const std::string>("late")));
  socket->close(1000, "late");
}

}  // namespace
}  // namespace patchbay::net
