// How one connection behaves: keep-alive, pipelining, bodies, answers from other threads.
#include "platform/net/server_for_test.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace patchbay::net {
namespace {

using testing_support::Observed;
using testing_support::RawClient;
using testing_support::TestServer;

TEST(HttpSession, keeps_the_connection_and_answers_in_order) {
  TestServer server(&TestServer::echo);
  RawClient client(server.port());
  for (int round = 0; round < 3; ++round) {
    const auto response = client.exchange("GET /a%20b?x=" + std::to_string(round) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "GET /a b?x=" + std::to_string(round) + "|");
    EXPECT_EQ(response.header("Connection"), "");
    EXPECT_TRUE(response.header("Date").ends_with(" GMT"));
  }
}

TEST(HttpSession, answers_pipelined_requests_in_order_also_when_answers_come_from_other_threads) {
  std::vector<std::jthread> threads;  // outlives the server, whose one I/O thread fills it
  HttpServerSettings settings;
  settings.io_thread_count = 1;
  std::atomic<int> under_way = 0;
  std::atomic<int> most_under_way = 0;
  TestServer server(
      [&](http::Request request, http::Responder responder) {
        most_under_way = std::max<int>(most_under_way, ++under_way);
        if (request.path.ends_with('0')) {
          --under_way;
          return TestServer::echo(std::move(request), std::move(responder));
        }
        threads.emplace_back([&under_way, request = std::move(request), responder = std::move(responder)]() mutable {
          --under_way;
          TestServer::echo(std::move(request), std::move(responder));
        });
      },
      settings);
  RawClient client(server.port());
  std::string requests;
  constexpr int kCount = 200;
  for (int index = 0; index < kCount; ++index) {
    requests += "POST /" + std::to_string(index) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  }
  ASSERT_TRUE(client.send(requests));
  for (int index = 0; index < kCount; ++index) {
    ASSERT_EQ(client.read_response().body, "POST /" + std::to_string(index) + "?|abc");
  }
  EXPECT_EQ(most_under_way, 1);
}

TEST(HttpSession, reads_chunked_bodies_in_any_pieces_and_ignores_trailers) {
  TestServer server([](http::Request request, http::Responder responder) {
    responder.send(http::Response::text(200, request.body + (request.header("X-Late") ? "!" : ".")));
  });
  const std::string request =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Late: 1\r\n\r\n";
  RawClient client(server.port());
  EXPECT_EQ(client.exchange(request).body, "Wikipedia.");
  for (const char byte : request) ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  EXPECT_EQ(client.read_response().body, "Wikipedia.");
}

TEST(HttpSession, says_100_continue_before_the_body) {
  TestServer server(&TestServer::echo);
  RawClient client(server.port());
  const auto interim =
      client.exchange("PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", false);
  EXPECT_EQ(interim.status, 100);
  EXPECT_EQ(client.exchange("ok").body, "PUT /e?|ok");
}

TEST(HttpSession, answers_head_without_a_body_but_with_its_length) {
  TestServer server(&TestServer::echo);
  RawClient client(server.port());
  const auto head = client.exchange("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n", false);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(std::string("HEAD /h?|").size()));
  // The next response starts right behind the head: no body was sent.
  EXPECT_EQ(client.exchange("GET /g HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /g?|");
}

TEST(HttpSession, closes_when_client_or_handler_says_so) {
  TestServer server([](http::Request request, http::Responder responder) {
    http::Response response = http::Response::text(200, "x");
    if (request.path == "/bye") response.set_header("Connection", "close");
    responder.send(std::move(response));
  });
  RawClient asking(server.port());
  EXPECT_EQ(asking.exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").header("Connection"), "close");
  EXPECT_TRUE(asking.at_end());
  RawClient told(server.port());
  EXPECT_EQ(told.exchange("GET /bye HTTP/1.1\r\nHost: h\r\n\r\n").header("Connection"), "close");
  EXPECT_TRUE(told.at_end());
}

TEST(HttpSession, http_1_0_is_kept_only_when_it_asks) {
  TestServer server(&TestServer::echo);
  RawClient keeping(server.port());
  for (int round = 0; round < 2; ++round) {
    const auto response = keeping.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(response.header("Connection"), "keep-alive");
  }
  RawClient plain(server.port());
  EXPECT_EQ(plain.exchange("GET / HTTP/1.0\r\n\r\n").header("Connection"), "close");
  EXPECT_TRUE(plain.at_end());
}

TEST(HttpSession, a_dropped_responder_or_a_throwing_sink_answers_500_and_the_connection_goes_on) {
  TestServer server([](http::Request request, http::Responder responder) {
    if (request.path == "/throw") throw std::runtime_error("broken handler");
    if (request.path == "/drop") return;
    TestServer::echo(std::move(request), std::move(responder));
  });
  RawClient client(server.port());
  for (const std::string path : {"/drop", "/throw"}) {
    const auto response = client.exchange("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(testing_support::code_of(response), "http.not_answered");
  }
  EXPECT_EQ(client.exchange("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

TEST(HttpSession, writes_a_large_body_whole) {
  std::string body(20 * 1024 * 1024, 'x');
  for (std::size_t index = 0; index < body.size(); index += 997) body[index] = static_cast<char>('a' + index % 26);
  TestServer server([&](http::Request, http::Responder responder) { responder.send(http::Response::text(200, body)); });
  RawClient client(server.port());
  EXPECT_TRUE(client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body == body);
}

TEST(HttpSession, gives_the_sink_address_thread_and_query) {
  Observed<std::optional<http::Request>> seen;
  HttpServerSettings settings;
  settings.trusted_proxies = TrustedProxies::parse({"127.0.0.0/8"}).value();
  TestServer server(
      [&](http::Request request, http::Responder responder) {
        seen.change([&](auto& value) { value = std::move(request); });
        responder.send(http::Response::empty(204));
      },
      settings);
  RawClient client(server.port());
  const auto response = client.exchange(
      "GET http://other/p?a=1&a=2 HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4, 9.8.7.6\r\nX-Forwarded-Proto: "
      "https\r\n\r\n");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.header("Content-Length"), "");
  const auto request = seen.value().value();
  EXPECT_EQ(request.path, "/p");
  EXPECT_EQ(request.query_value("a"), "1");
  EXPECT_EQ(request.query.size(), 2U);
  EXPECT_EQ(request.remote_address, "9.8.7.6");
  EXPECT_TRUE(request.secure);
  EXPECT_LT(request.io_thread, server.server.io_thread_count());
}

TEST(HttpSession, resets_the_connection_where_the_response_says_so) {
  TestServer server([](http::Request, http::Responder responder) {
    http::Response response;
    response.abort_connection = true;
    responder.send(std::move(response));
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  char byte = 0;
  EXPECT_EQ(::recv(client.descriptor(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST(HttpSession, a_response_field_cannot_break_out_of_its_line) {
  TestServer server([](http::Request, http::Responder responder) {
    http::Response response = http::Response::text(200, "x");
    response.set_header("X-Good", "1");
    response.set_header("X-Bad", "1\r\nSet-Cookie: stolen=1");
    response.set_header("X Bad", "1");
    response.set_header("Content-Length", "100");
    responder.send(std::move(response));
  });
  RawClient client(server.port());
  const auto response = client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(response.header("X-Good"), "1");
  EXPECT_EQ(response.header("X-Bad"), "");
  EXPECT_EQ(response.header("Set-Cookie"), "");
  EXPECT_EQ(response.header("Content-Length"), "1");
}

}  // namespace
}  // namespace patchbay::net
