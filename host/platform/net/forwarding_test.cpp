#include "platform/net/forwarding.hpp"

#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

http::Request request_from(std::string peer, http::Headers headers) {
  http::Request request;
  request.remote_address = std::move(peer);
  request.headers = std::move(headers);
  return request;
}

TEST(Forwarding, is_believed_only_from_a_trusted_proxy) {
  auto request = request_from("9.9.9.9", {{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Proto", "https"}});
  apply_forwarding(TrustedProxies::parse({"10.0.0.1"}).value(), request);
  EXPECT_EQ(request.remote_address, "9.9.9.9");
  EXPECT_FALSE(request.secure);
  request.remote_address = "10.0.0.1";
  apply_forwarding(TrustedProxies::parse({"10.0.0.1"}).value(), request);
  EXPECT_EQ(request.remote_address, "1.2.3.4");
  EXPECT_TRUE(request.secure);
}

TEST(Forwarding, takes_the_last_address_that_is_no_proxy) {
  auto request = request_from("10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 1.2.3.4"}, {"X-Forwarded-For", "10.0.0.2"}});
  apply_forwarding(TrustedProxies::parse({"10.0.0.1", "10.0.0.2"}).value(), request);
  EXPECT_EQ(request.remote_address, "1.2.3.4");
}

TEST(Forwarding, stops_at_what_is_no_address) {
  auto request = request_from("10.0.0.1", {{"X-Forwarded-For", "1.2.3.4, evil"}});
  apply_forwarding(TrustedProxies::parse({"10.0.0.1"}).value(), request);
  EXPECT_EQ(request.remote_address, "10.0.0.1");
  request = request_from("::1", {{"X-Forwarded-For", "[2001:DB8::1]"}});
  apply_forwarding(TrustedProxies::parse({"::1"}).value(), request);
  EXPECT_EQ(request.remote_address, "2001:db8::1");
}

TEST(Forwarding, believes_a_whole_network_of_proxies) {
  auto request = request_from("10.1.2.3", {{"X-Forwarded-For", "1.2.3.4, 10.200.0.9"}});
  apply_forwarding(TrustedProxies::parse({"10.0.0.0/8"}).value(), request);
  EXPECT_EQ(request.remote_address, "1.2.3.4");
}

}  // namespace
}  // namespace patchbay::net
