#include "platform/outbound/outbound_http.hpp"

#include "tests/support/redis_server.hpp"
#include "tests/support/socket_server.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <fstream>
#include <future>
#include <unistd.h>
#include <zlib.h>

namespace patchbay::outbound {
namespace {

using namespace std::chrono_literals;
using testing::SocketServer;
using testing::wait_until;
using Peer = SocketServer::Peer;

/// Answers every request of a connection with the request itself.
void echo(Peer& peer) {
  while (const auto request = peer.read_request()) peer.answer(*request);
}

sdk::HttpRequest get(const std::string& url) {
  sdk::HttpRequest request;
  request.url = url;
  return request;
}

sdk::HttpRequest post(const std::string& url, std::string body) {
  sdk::HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.body = std::move(body);
  return request;
}

class OutboundHttpTest : public ::testing::Test {
 protected:
  static sdk::CallContext within(std::chrono::milliseconds time) {
    sdk::CallContext context;
    context.deadline = std::chrono::steady_clock::now() + time;
    return context;
  }
  sdk::Result<sdk::HttpResponse> send(const sdk::HttpRequest& request, std::chrono::milliseconds time = 10s) {
    return http_.send(within(time), request);
  }
  base::Metrics metrics_;
  OutboundHttp http_{{}, metrics_};
};

TEST_F(OutboundHttpTest, RequestArrivesAsItWasGiven) {
  SocketServer server(echo);
  auto request = post(server.url("/a?b=c"), "hello");
  request.headers = {{"X-One", "1"}, {"Content-Type", "text/plain"}, {"X-Empty", ""}, {"Content-Length", "99"}};
  const auto response = send(request);
  ASSERT_TRUE(response.ok()) << response.error().code;
  EXPECT_EQ(response->status, 200);
  const std::string& seen = response->body;
  EXPECT_TRUE(seen.starts_with("POST /a?b=c HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("\r\nX-One: 1\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nContent-Type: text/plain\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nContent-Length: 5\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nUser-Agent: Patchbay/"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nX-Empty:"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Expect"), std::string::npos) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\nhello")) << seen;
}

TEST_F(OutboundHttpTest, MethodsWithoutBody) {
  SocketServer server(echo);
  for (const char* method : {"GET", "DELETE", "POST", "PUT", "PATCH", "OPTIONS"}) {
    sdk::HttpRequest request = get(server.url());
    request.method = method;
    const auto response = send(request);
    ASSERT_TRUE(response.ok()) << method;
    EXPECT_TRUE(response->body.starts_with(std::string(method) + " / HTTP/1.1\r\n")) << response->body;
    EXPECT_EQ(response->body.find("Content-Type"), std::string::npos) << response->body;
  }
  SocketServer head([](Peer& peer) {
    while (peer.read_request()) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-A: b\r\n\r\n");
  });
  sdk::HttpRequest request = get(head.url());
  request.method = "HEAD";
  const auto response = send(request, 2s);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(sdk::find_header(response->headers, "x-a"), "b");
}

TEST_F(OutboundHttpTest, AnyStatusIsAResponseAndRedirectsAreNotFollowed) {
  SocketServer server([](Peer& peer) {
    while (peer.read_request()) {
      peer.write(
          "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
          "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nSet-Cookie: a=1\r\nSet-Cookie: "
          "b=2\r\nContent-Length: 2\r\n\r\nhi");
    }
  });
  const auto response = send(get(server.url()));
  ASSERT_TRUE(response.ok()) << response.error().code;
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->body, "hi");
  EXPECT_FALSE(sdk::find_header(response->headers, "X-Early").has_value());
  EXPECT_EQ(std::count_if(response->headers.begin(), response->headers.end(),
                          [](const auto& header) { return header.first == "Set-Cookie"; }),
            2);
}

TEST_F(OutboundHttpTest, ConnectionIsKeptAndUsedAgain) {
  SocketServer server(echo);
  for (int index = 0; index < 5; ++index) {
    ASSERT_TRUE(send(get(server.url())).ok());
    ASSERT_TRUE(send(post(server.url(), "x")).ok());
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(OutboundHttpTest, SilentServerTimesOutAtTheDeadline) {
  SocketServer server([](Peer& peer) { peer.wait_for_close(); });
  const auto begin = std::chrono::steady_clock::now();
  const auto response = send(get(server.url()), 200ms);
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, "http.timeout");
  EXPECT_EQ(response.error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 1s);
}

TEST_F(OutboundHttpTest, TricklingServerCannotStretchTheDeadline) {
  SocketServer server([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    do {
      peer.write("x");
    } while (!peer.hears_within(20ms));
  });
  const auto response = send(get(server.url()), 300ms);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, "http.timeout");
}

TEST_F(OutboundHttpTest, CancelIsObservedSoon) {
  SocketServer server([](Peer& peer) { peer.wait_for_close(); });
  auto context = within(30s);
  auto sending = std::async(std::launch::async, [&] { return http_.send(context, get(server.url())); });
  ASSERT_TRUE(wait_until([&] { return server.connection_count() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  context.cancel.cancel();
  const auto response = sending.get();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().error_class, sdk::ErrorClass::kCancelled);
}

TEST_F(OutboundHttpTest, WhatIsOverAlreadyIsNotSent) {
  SocketServer server(echo);
  EXPECT_EQ(send(get(server.url()), 0ms).error().code, "http.timeout");
  auto context = within(10s);
  context.cancel.cancel();
  EXPECT_EQ(http_.send(context, get(server.url())).error().error_class, sdk::ErrorClass::kCancelled);
  EXPECT_EQ(server.connection_count(), 0);
}

TEST_F(OutboundHttpTest, BrokenAnswersAreResets) {
  const std::vector<SocketServer::Behaviour> behaviours = {
      [](Peer& peer) {
        peer.read_request();
        peer.reset();
      },
      [](Peer& peer) { peer.read_request(); },
      [](Peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
      },
      [](Peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
      },
      [](Peer& peer) {
        peer.read_request();
        peer.write("SSH-2.0-OpenSSH\r\n");
      }};
  for (std::size_t index = 0; index < behaviours.size(); ++index) {
    SocketServer server(behaviours[index]);
    const auto response = send(get(server.url()));
    ASSERT_FALSE(response.ok()) << index;
    EXPECT_EQ(response.error().code, "http.reset") << index;
    EXPECT_EQ(response.error().error_class, sdk::ErrorClass::kTransient) << index;
  }
}

TEST_F(OutboundHttpTest, WriteIsNeverSentTwiceOverADyingConnection) {
  std::atomic<int> posts{0};
  std::atomic<bool> deadly{false};
  SocketServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      posts += request->starts_with("POST") ? 1 : 0;
      if (deadly) return;
      peer.answer("ok");
    }
  });
  for (const std::string body : {"money", ""}) {
    deadly = false;
    posts = 0;
    ASSERT_TRUE(send(get(server.url())).ok());
    deadly = true;
    const auto response = send(post(server.url(), body));
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, "http.reset");
    EXPECT_EQ(posts, 1) << "body '" << body << "'";
  }
}

TEST_F(OutboundHttpTest, RefusedConnectionAndUnknownHost) {
  const auto refused = send(get("http://127.0.0.1:" + std::to_string(testing::free_port()) + "/"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "http.connect");
  const auto unknown = send(get("http://no-such-host.invalid/"));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, "http.connect");
}

TEST_F(OutboundHttpTest, TlsAgainstAPlainServerFailsToConnect) {
  SocketServer server([](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const auto response = send(get("https://127.0.0.1:" + std::to_string(server.port()) + "/"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, "http.connect");
}

TEST_F(OutboundHttpTest, AnswerBeyondTheLimitIsRefusedHoweverItComes) {
  OutboundSettings settings;
  settings.response_bytes_max = 100'000;
  OutboundHttp http(settings, metrics_);
  const std::string large(200'000, 'x');
  std::string packed(compressBound(large.size()) + 64, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(large.data()));
  stream.avail_in = static_cast<uInt>(large.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + large,
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + large,
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n\r\n" +
          packed,
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" +
          [] {
            std::string headers;
            for (int index = 0; index < 400; ++index)
              headers += "X-" + std::to_string(index) + ": " + std::string(1000, 'h') + "\r\n";
            return headers;
          }() +
          "\r\n"};
  for (std::size_t index = 0; index < answers.size(); ++index) {
    SocketServer server([&](Peer& peer) {
      peer.read_request();
      peer.write(answers[index]);
    });
    const auto response = http.send(within(10s), get(server.url()));
    ASSERT_FALSE(response.ok()) << index;
    EXPECT_EQ(response.error().code, "http.too_large") << index;
  }
}

TEST_F(OutboundHttpTest, PrivateAddressesAreRefusedWhereTheyAreNotAllowed) {
  SocketServer server(echo);
  OutboundSettings settings;
  settings.allow_private_addresses = false;
  OutboundHttp http(settings, metrics_);
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const std::string host :
       {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"}) {
    const auto response = http.send(within(5s), get("http://" + host + port));
    ASSERT_FALSE(response.ok()) << host;
    EXPECT_EQ(response.error().code, "http.address_refused") << host;
    EXPECT_EQ(response.error().error_class, sdk::ErrorClass::kPermanent) << host;
  }
  EXPECT_EQ(server.connection_count(), 0);
}

TEST_F(OutboundHttpTest, EnvironmentsProxyIsNotUsed) {
  SocketServer proxy(echo);
  SocketServer server(echo);
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const auto response = send(get(server.url()));
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(proxy.connection_count(), 0);
}

TEST_F(OutboundHttpTest, MalformedRequestsAreRefused) {
  for (const char* url : {"", "example.com/", "/path", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
                          "http://user:pw@127.0.0.1/", "http://", "http://127.0.0.1:99999/"}) {
    const auto response = send(get(url));
    ASSERT_FALSE(response.ok()) << url;
    EXPECT_EQ(response.error().code, "http.url") << url;
  }
  SocketServer server(echo);
  auto request = get(server.url());
  request.headers = {{"X-A", "b\r\nX-Injected: 1"}};
  EXPECT_EQ(send(request).error().code, "http.header");
  request.headers = {{"X A", "b"}};
  EXPECT_EQ(send(request).error().code, "http.header");
  request.headers = {};
  request.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(send(request).error().code, "http.method");
  EXPECT_EQ(server.connection_count(), 0);
}

TEST_F(OutboundHttpTest, BodyOfAFileIsSentWhole) {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "body";
  std::string body(3'000'000, 'z');
  body.replace(1'000'000, 5, "MARK!");
  std::ofstream(path) << body;
  SocketServer server([&](Peer& peer) {
    const auto request = peer.read_request();
    peer.answer(request && request->ends_with(body) ? "whole" : "not whole");
  });
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  auto request = get(server.url());
  request.method = "PUT";
  request.body_file = sdk::BodyFile{descriptor, body.size()};
  const auto response = send(request);
  EXPECT_GE(::fcntl(descriptor, F_GETFD), 0) << "the descriptor stays the caller's";
  ::close(descriptor);
  ASSERT_TRUE(response.ok()) << response.error().code;
  EXPECT_EQ(response->body, "whole");
}

TEST_F(OutboundHttpTest, BodyFromASlowPipeHoldsUpNobodyElse) {
  SocketServer server(echo);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  auto request = get(server.url());
  request.method = "POST";
  request.body_file = sdk::BodyFile{ends[0], 10};
  auto uploading = std::async(std::launch::async, [&] { return send(request); });
  ASSERT_EQ(::write(ends[1], "first", 5), 5);
  ASSERT_TRUE(wait_until([&] { return server.connection_count() >= 1; }));
  ASSERT_TRUE(send(get(server.url())).ok()) << "another request passes meanwhile";
  ASSERT_EQ(::write(ends[1], "+last", 5), 5);
  const auto response = uploading.get();
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(response.ok()) << response.error().code;
  EXPECT_TRUE(response->body.ends_with("first+last")) << response->body;
}

TEST_F(OutboundHttpTest, BodyThatEndsEarlyIsAnError) {
  SocketServer server(echo);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "short", 5), 5);
  ::close(ends[1]);
  auto request = get(server.url());
  request.method = "POST";
  request.body_file = sdk::BodyFile{ends[0], 10};
  const auto response = send(request);
  ::close(ends[0]);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, "http.body");
}

TEST_F(OutboundHttpTest, LimitsOfConnectionsAreKept) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::promise<void> open_gate;
  const auto gate = open_gate.get_future().share();
  SocketServer server([&](Peer& peer) {
    while (peer.read_request()) {
      const int count = ++now;
      for (int seen = most; seen < count && !most.compare_exchange_weak(seen, count);) {
      }
      gate.wait();
      --now;
      peer.answer("ok");
    }
  });
  OutboundSettings settings;
  settings.connections_max = 4;
  settings.connections_per_host_max = 2;
  OutboundHttp http(settings, metrics_);
  std::vector<std::future<bool>> calls;
  for (int index = 0; index < 8; ++index) {
    calls.push_back(std::async(std::launch::async, [&] { return http.send(within(10s), get(server.url())).ok(); }));
  }
  EXPECT_TRUE(wait_until([&] { return now == 2; }));
  // A request to another host is not held up by the full one; one more to the full host waits within its deadline.
  SocketServer other(echo);
  EXPECT_TRUE(http.send(within(5s), get(other.url())).ok());
  EXPECT_EQ(http.send(within(100ms), get(server.url())).error().code, "http.timeout");
  open_gate.set_value();
  for (auto& call : calls) EXPECT_TRUE(call.get());
  EXPECT_EQ(most, 2);
}

TEST_F(OutboundHttpTest, ShutDownEndsWhatIsUnderWay) {
  SocketServer server([](Peer& peer) { peer.wait_for_close(); });
  auto sending = std::async(std::launch::async, [&] { return send(get(server.url()), 30s); });
  ASSERT_TRUE(wait_until([&] { return server.connection_count() == 1; }));
  http_.shut_down();
  const auto response = sending.get();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().error_class, sdk::ErrorClass::kCancelled);
  EXPECT_EQ(send(get(server.url())).error().error_class, sdk::ErrorClass::kCancelled);
}

TEST_F(OutboundHttpTest, ManyAtOnceFromManyThreads) {
  SocketServer server(echo);
  std::vector<std::future<int>> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.push_back(std::async(std::launch::async, [&, thread] {
      int right = 0;
      for (int index = 0; index < 50; ++index) {
        const std::string body = std::to_string(thread) + ":" + std::to_string(index);
        const auto response = send(post(server.url(), body));
        right += response.ok() && response->body.ends_with("\r\n\r\n" + body) ? 1 : 0;
      }
      return right;
    }));
  }
  for (auto& thread : threads) EXPECT_EQ(thread.get(), 50);
  EXPECT_LE(server.connection_count(), 8);
}

}  // namespace
}  // namespace patchbay::outbound
