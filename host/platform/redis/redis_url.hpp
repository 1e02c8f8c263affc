#pragma once

#include <patchbay/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::redis {

/// Where Redis is and how to log in.
struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string socket_path;  // instead of host and port
  std::string user;
  std::string password;
  int database = 0;
};

/// redis://[user:password@]host[:port][/database] or unix://[user:password@]/path[?db=N]. The error never repeats the
/// text.
sdk::Result<Endpoint> parse_redis_url(std::string_view url);

}  // namespace patchbay::redis
