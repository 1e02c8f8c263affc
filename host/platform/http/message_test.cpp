#include "platform/http/message.hpp"

#include "platform/http/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace patchbay::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(UrlDecode, decodes_escapes_and_keeps_plus_in_a_path) {
  EXPECT_EQ(url_decode("/a%20b%2Fc+d", false), "/a b/c+d");
  EXPECT_EQ(url_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(url_decode("%C3%A9", false), "\xC3\xA9");
}

TEST(UrlDecode, refuses_malformed_escapes_nul_and_bad_utf8) {
  for (const char* text : {"%", "%4", "%zz", "%00", "%C3", "%C0%80", "%ED%A0%80", "%F5%80%80%80", "%E2%82", "%80"}) {
    EXPECT_FALSE(url_decode(text, false)) << text;
  }
  EXPECT_FALSE(url_decode(std::string_view("a\0b", 3), false));
}

TEST(ParseQuery, keeps_order_repeats_and_empty_values) {
  EXPECT_THAT(parse_query("b=2&a=1&b=3&flag&&x=").value(),
              ElementsAre(Pair("b", "2"), Pair("a", "1"), Pair("b", "3"), Pair("flag", ""), Pair("x", "")));
  EXPECT_THAT(parse_query("").value(), IsEmpty());
  EXPECT_THAT(parse_query("filter%5Bname%5D=a%3Db+c").value(), ElementsAre(Pair("filter[name]", "a=b c")));
  EXPECT_FALSE(parse_query("a=%"));
  EXPECT_FALSE(parse_query("%ff=1"));
}

TEST(Response, set_header_replaces_without_regard_to_case) {
  Response response = Response::text(200, "hello");
  response.set_header("X-Thing", "1");
  response.set_header("x-thing", "2");
  EXPECT_EQ(response.header("X-THING"), "2");
  EXPECT_EQ(response.headers.size(), 1U);
  EXPECT_FALSE(response.header("other"));
}

TEST(Responder, answers_once_and_runs_filters_last_added_first) {
  std::vector<std::string> bodies;
  {
    Responder responder([&](Response response) { bodies.push_back(response.body); });
    responder.add_filter([](Response& response) { response.body += "1"; });
    responder.add_filter([](Response& response) { response.body += "2"; });
    responder.send(Response::text(200, "a"));
    responder.send(Response::text(200, "b"));
  }
  EXPECT_THAT(bodies, ElementsAre("a21"));
}

TEST(Responder, the_last_copy_dropped_without_an_answer_sends_500) {
  std::vector<int> statuses;
  bool filtered = false;
  {
    auto copy = std::make_unique<Responder>([&](Response response) { statuses.push_back(response.status); });
    const Responder other = *copy;
    other.add_filter([&](Response&) { filtered = true; });
    copy.reset();
    EXPECT_THAT(statuses, IsEmpty());
  }
  EXPECT_THAT(statuses, ElementsAre(500));
  EXPECT_TRUE(filtered);
}

TEST(Responder, of_many_threads_one_answers) {
  std::atomic<int> sent = 0;
  const Responder responder([&](Response) { ++sent; });
  std::vector<std::jthread> threads;
  for (int index = 0; index < 8; ++index) {
    threads.emplace_back([&] { responder.send(Response::empty(204)); });
  }
  threads.clear();
  EXPECT_EQ(sent, 1);
}

TEST(Problem, says_status_code_and_message) {
  const Response response = problem_response(413, "http.body_too_large", "The body is too large.");
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = sdk::json::parse(response.body);
  EXPECT_EQ(body.at("status").to_number<int>(), 413);
  EXPECT_EQ(body.at("title").as_string(), "Content Too Large");
  EXPECT_EQ(body.at("code").as_string(), "http.body_too_large");
  EXPECT_EQ(body.at("detail").as_string(), body.at("message").as_string());
}

}  // namespace
}  // namespace patchbay::http
