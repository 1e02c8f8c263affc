#include "platform/net/trusted_proxies.hpp"

#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

TrustedProxies proxies(const std::vector<std::string>& entries) {
  return TrustedProxies::parse(entries).value();
}

TEST(TrustedProxies, holds_addresses_in_any_spelling) {
  EXPECT_TRUE(proxies({"10.0.0.1"}).contains("10.0.0.1"));
  EXPECT_TRUE(proxies({"10.0.0.1"}).contains("::ffff:10.0.0.1"));
  EXPECT_TRUE(proxies({"2001:db8:0:0::1"}).contains("2001:db8::1"));
  EXPECT_TRUE(proxies({"[::1]"}).contains("::1"));
  EXPECT_FALSE(proxies({"10.0.0.1"}).contains("10.0.0.2"));
  EXPECT_FALSE(proxies({"10.0.0.1"}).contains("nonsense"));
  EXPECT_FALSE(TrustedProxies().contains("127.0.0.1"));
}

TEST(TrustedProxies, holds_networks) {
  const TrustedProxies both = proxies({"10.0.0.0/8", "172.16.0.0/12", "fd00::/8"});
  EXPECT_TRUE(both.contains("10.255.0.7"));
  EXPECT_FALSE(both.contains("11.0.0.1"));
  EXPECT_TRUE(both.contains("172.31.255.255"));
  EXPECT_FALSE(both.contains("172.32.0.0"));
  EXPECT_TRUE(both.contains("fdab::1"));
  EXPECT_FALSE(both.contains("fe80::1"));
  EXPECT_TRUE(proxies({"10.9.8.7/8"}).contains("10.0.0.1")) << "bits beyond the prefix say nothing";
  EXPECT_TRUE(proxies({"0.0.0.0/0"}).contains("1.2.3.4"));
  EXPECT_FALSE(proxies({"0.0.0.0/0"}).contains("2001:db8::1")) << "all of IPv4 is not all of IPv6";
  EXPECT_TRUE(proxies({"::/0"}).contains("2001:db8::1"));
}

TEST(TrustedProxies, refuses_what_is_neither_and_names_it) {
  for (const char* entry : {"10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0", "proxy",
                            "", "/8", "10.0.0.0/8/8", "10.0.0.0 /8", "*"}) {
    const auto parsed = TrustedProxies::parse({"127.0.0.1", entry});
    ASSERT_FALSE(parsed.ok()) << entry;
    EXPECT_NE(parsed.error().message.find(std::string("'") + entry + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace patchbay::net
