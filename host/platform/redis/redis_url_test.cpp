#include "platform/redis/redis_url.hpp"

#include <gtest/gtest.h>

namespace patchbay::redis {
namespace {

TEST(RedisUrl, HostPortDatabaseAndCredentials) {
  const auto plain = parse_redis_url("redis://cache.example");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->host, "cache.example");
  EXPECT_EQ(plain->port, 6379);
  EXPECT_EQ(plain->database, 0);
  const auto full = parse_redis_url("redis://hub:p%40ss%3Aword@127.0.0.1:6380/3");
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->host, "127.0.0.1");
  EXPECT_EQ(full->port, 6380);
  EXPECT_EQ(full->database, 3);
  EXPECT_EQ(full->user, "hub");
  EXPECT_EQ(full->password, "p@ss:word");
  const auto password_only = parse_redis_url("redis://:secret@[::1]:7000/");
  ASSERT_TRUE(password_only.ok());
  EXPECT_EQ(password_only->host, "::1");
  EXPECT_EQ(password_only->port, 7000);
  EXPECT_EQ(password_only->user, "");
  EXPECT_EQ(password_only->password, "secret");
}

TEST(RedisUrl, UnixSocket) {
  const auto socket = parse_redis_url("unix:///run/redis/redis.sock");
  ASSERT_TRUE(socket.ok());
  EXPECT_EQ(socket->socket_path, "/run/redis/redis.sock");
  const auto full = parse_redis_url("unix://:secret@/run/redis.sock?db=2");
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->socket_path, "/run/redis.sock");
  EXPECT_EQ(full->password, "secret");
  EXPECT_EQ(full->database, 2);
}

TEST(RedisUrl, TlsIsRefusedPlainly) {
  const auto tls = parse_redis_url("rediss://:secret@host:6379");
  ASSERT_FALSE(tls.ok());
  EXPECT_NE(tls.error().message.find("TLS"), std::string::npos);
  EXPECT_EQ(tls.error().message.find("secret"), std::string::npos);
}

TEST(RedisUrl, MalformedTextIsRefusedWithoutRepeatingIt) {
  for (const char* url :
       {"", "host:6379", "http://host", "redis://", "redis://:secret@", "redis://host:0", "redis://host:port",
        "redis://host:70000", "redis://host/x", "redis://host/-1", "redis://secret@host", "redis://[::1",
        "redis://[::1]x", "redis://:%zz@host", "unix://relative", "unix://", "unix:///s?database=secret"}) {
    const auto parsed = parse_redis_url(url);
    ASSERT_FALSE(parsed.ok()) << url;
    EXPECT_EQ(parsed.error().code, "redis.url") << url;
    EXPECT_EQ(parsed.error().message.find("secret"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace patchbay::redis
