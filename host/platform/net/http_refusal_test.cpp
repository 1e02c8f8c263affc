// What is refused before a handler sees it: malformed, ambiguous, too large, too slow, too many.
#include "platform/net/server_for_test.hpp"

namespace patchbay::net {
namespace {

using testing_support::code_of;
using testing_support::RawClient;
using testing_support::TestServer;

struct Refusal {
  const char* name;
  std::string bytes;
  int status;
  const char* code;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

HttpServerSettings small_limits() {
  HttpServerSettings settings;
  settings.io_thread_count = 1;
  settings.header_bytes_max = 2048;
  settings.body_bytes_max = 1000;
  return settings;
}

std::string name_of(const testing::TestParamInfo<Refusal>& refusal) {
  return refusal.param.name;
}

class HttpRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(HttpRefusal, is_a_problem_and_the_end_of_the_connection) {
  std::atomic<int> handled = 0;
  TestServer server(
      [&](http::Request request, http::Responder responder) {
        ++handled;
        TestServer::echo(std::move(request), std::move(responder));
      },
      small_limits());
  RawClient client(server.port());
  const auto response = client.exchange(GetParam().bytes);
  ASSERT_EQ(response.status, GetParam().status) << response.body;
  EXPECT_EQ(code_of(response), GetParam().code);
  EXPECT_EQ(response.header("Connection"), "close");
  EXPECT_TRUE(client.at_end()) << "what follows a refused request must not be read as another one";
  EXPECT_EQ(handled, 0);
}

const std::string kPost = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string kHidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    All, HttpRefusal,
    testing::Values(Refusal{"garbage", "\x16\x03\x01\x02 what\r\n\r\n", 400, "http.malformed"},
                    Refusal{"no_host", "GET / HTTP/1.1\r\n\r\n", 400, "http.bad_host"},
                    Refusal{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "http.bad_host"},
                    Refusal{"bad_escape", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400, "http.bad_target"},
                    Refusal{"nul_in_path", "GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", 400, "http.bad_target"},
                    Refusal{"bad_query", "GET /?a=%f HTTP/1.1\r\nHost: h\r\n\r\n", 400, "http.bad_target"},
                    Refusal{"target_without_slash", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400, "http.bad_target"},
                    Refusal{"space_before_colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "http.malformed"},
                    Refusal{"unknown_method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501, "http.method_not_implemented"},
                    Refusal{"lower_case_method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501,
                            "http.method_not_implemented"},
                    Refusal{"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501, "http.method_not_implemented"},
                    Refusal{"http_2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "http.version_not_supported"},
                    Refusal{"no_http", "GET / HTPP/1.1\r\nHost: h\r\n\r\n", 400, "http.malformed"},
                    Refusal{"expectation", kPost + "Expect: magic\r\n\r\n", 417, "http.expectation_failed"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Smuggling, HttpRefusal,
    testing::Values(
        Refusal{"length_and_chunked",
                kPost + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kHidden, 400,
                "http.malformed"},
        Refusal{"chunked_and_length",
                kPost + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + kHidden, 400,
                "http.malformed"},
        Refusal{"two_lengths", kPost + "Content-Length: 0\r\nContent-Length: 34\r\n\r\n" + kHidden, 400,
                "http.malformed"},
        Refusal{"same_length_twice", kPost + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + kHidden, 400,
                "http.ambiguous_length"},
        Refusal{"length_list", kPost + "Content-Length: 0, 0\r\n\r\n" + kHidden, 400, "http.ambiguous_length"},
        Refusal{"negative_length", kPost + "Content-Length: -1\r\n\r\n", 400, "http.malformed"},
        Refusal{"signed_length", kPost + "Content-Length: +3\r\n\r\nabc", 400, "http.malformed"},
        Refusal{"hex_length", kPost + "Content-Length: 0x3\r\n\r\nabc", 400, "http.malformed"},
        Refusal{"foreign_encoding", kPost + "Transfer-Encoding: gzip\r\n\r\n", 501, "http.transfer_encoding_unknown"},
        Refusal{"gzip_chunked", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
                "http.transfer_encoding_unknown"},
        Refusal{"chunked_twice", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400, "http.malformed"},
        Refusal{"identity_after_chunked",
                kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400,
                "http.malformed"},
        Refusal{"vertical_tab_encoding",
                kPost + "Transfer-Encoding: \x0b"
                        "chunked\r\n\r\n0\r\n\r\n",
                400, "http.malformed"},
        Refusal{"chunked_in_http_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                "http.bad_transfer_encoding"},
        Refusal{"chunk_size_not_hex", kPost + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "http.malformed"},
        Refusal{"chunk_size_overflow", kPost + "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc", 400,
                "http.malformed"},
        Refusal{"chunk_longer_than_said", kPost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n", 400,
                "http.malformed"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Size, HttpRefusal,
    testing::Values(
        Refusal{"long_header", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3000, 'x') + "\r\n\r\n", 431,
                "http.header_too_large"},
        Refusal{"long_target", "GET /" + std::string(3000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431,
                "http.header_too_large"},
        Refusal{"endless_header", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'x'), 431,
                "http.header_too_large"},
        Refusal{"long_body", kPost + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'b'), 413,
                "http.body_too_large"},
        Refusal{"huge_body", kPost + "Content-Length: 99999999999\r\n\r\n" + std::string(200'000, 'b'), 413,
                "http.body_too_large"},
        Refusal{"long_body_expected", kPost + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n", 413,
                "http.body_too_large"},
        Refusal{"long_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'b') + "\r\n",
                413, "http.body_too_large"},
        Refusal{"many_chunks",
                kPost + "Transfer-Encoding: chunked\r\n\r\n1f4\r\n" + std::string(500, 'b') + "\r\n1f5\r\n" +
                    std::string(501, 'b') + "\r\n0\r\n\r\n",
                413, "http.body_too_large"},
        Refusal{"endless_chunk_extension", kPost + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'e'),
                400, "http.malformed"},
        Refusal{"endless_trailer", kPost + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(100'000, 'e'),
                400, "http.malformed"}),
    name_of);

TEST(HttpLimits, a_body_of_exactly_the_limit_is_taken) {
  TestServer server(&TestServer::echo, small_limits());
  RawClient client(server.port());
  EXPECT_EQ(client.exchange(kPost + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'b')).status, 200);
  EXPECT_EQ(
      client.exchange(kPost + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'b') + "\r\n0\r\n\r\n")
          .status,
      200);
}

TEST(HttpLimits, a_slow_request_is_answered_408_and_a_silent_connection_closed) {
  HttpServerSettings settings = small_limits();
  settings.read_timeout = std::chrono::milliseconds(200);
  settings.idle_timeout = std::chrono::milliseconds(300);
  TestServer server(&TestServer::echo, settings);
  for (const std::string& part : {std::string("GET / HT"), kPost + "Content-Length: 10\r\n\r\nabc"}) {
    RawClient slow(server.port());
    const auto response = slow.exchange(part);
    EXPECT_EQ(response.status, 408);
    EXPECT_EQ(code_of(response), "http.request_timeout");
    EXPECT_TRUE(slow.at_end());
  }
  RawClient silent(server.port());
  EXPECT_TRUE(silent.at_end());
  RawClient idle(server.port());
  EXPECT_EQ(idle.exchange(kHidden).status, 200);
  EXPECT_TRUE(idle.at_end());
}

TEST(HttpLimits, a_client_that_does_not_read_is_cut) {
  HttpServerSettings settings = small_limits();
  settings.write_timeout = std::chrono::milliseconds(100);
  const std::string body(32 * 1024 * 1024, 'x');  // more than any socket buffer holds
  TestServer server([&](http::Request, http::Responder responder) { responder.send(http::Response::text(200, body)); },
                    settings);
  RawClient client(server.port(), 4096);
  ASSERT_TRUE(client.send(kHidden));
  const auto open = server.metrics.gauge("patchbay_net_connections_open", "");
  const auto deadline = std::chrono::steady_clock::now() + testing_support::kPatience;
  bool was_open = false;
  while (std::chrono::steady_clock::now() < deadline && !(was_open && open.value() == 0)) {
    was_open = was_open || open.value() == 1;
    std::this_thread::yield();
  }
  EXPECT_TRUE(was_open);
  EXPECT_EQ(open.value(), 0);
}

TEST(HttpLimits, more_connections_than_allowed_are_told_503) {
  HttpServerSettings settings = small_limits();
  settings.connections_max = 2;
  TestServer server(&TestServer::echo, settings);
  RawClient first(server.port());
  RawClient second(server.port());
  EXPECT_EQ(first.exchange(kHidden).status, 200);
  EXPECT_EQ(second.exchange(kHidden).status, 200);
  RawClient third(server.port());
  const auto response = third.exchange(kHidden);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(code_of(response), "http.too_many_connections");
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(first.exchange(kHidden).status, 200);
}

TEST(HttpServer, says_address_and_port_where_it_cannot_listen) {
  TestServer server(&TestServer::echo);
  HttpServerSettings settings;
  settings.port = server.port();
  base::Metrics metrics;
  HttpServer other(settings, server, nullptr, metrics);
  const auto started = other.start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("127.0.0.1 port " + std::to_string(server.port())), std::string::npos);
}

}  // namespace
}  // namespace patchbay::net
