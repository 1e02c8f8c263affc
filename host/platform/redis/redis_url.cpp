#include "platform/redis/redis_url.hpp"

#include "platform/http/message.hpp"

#include <charconv>

namespace patchbay::redis {
namespace {

sdk::Error malformed(std::string_view what) {
  return sdk::permanent_error("redis.url",
                              "The Redis URL is malformed: " + std::string(what) +
                                  ". Expected redis://[user:password@]host:port[/database] or unix:///path.");
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Takes "user:password@" off the front of `rest`.
sdk::Result<void> take_credentials(std::string_view& rest, Endpoint& endpoint) {
  const auto authority = rest.substr(0, rest.find('/'));
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto credentials = authority.substr(0, at);
  rest.remove_prefix(at + 1);
  const auto colon = credentials.find(':');
  if (colon == std::string_view::npos) return malformed("credentials are user:password or :password");
  const auto user = http::url_decode(credentials.substr(0, colon), false);
  const auto password = http::url_decode(credentials.substr(colon + 1), false);
  if (!user || !password) return malformed("its credentials are not percent-encoded text");
  endpoint.user = *user;
  endpoint.password = *password;
  return {};
}

sdk::Result<Endpoint> parse_socket(std::string_view rest, Endpoint endpoint) {
  const auto question = rest.find('?');
  if (question != std::string_view::npos) {
    const auto query = rest.substr(question + 1);
    if (!query.starts_with("db=") || !parse_number(query.substr(3), endpoint.database) || endpoint.database < 0) {
      return malformed("after the socket's path only ?db=<number> may follow");
    }
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/') || rest.size() < 2) return malformed("the socket's path is not absolute");
  if (rest.size() > 107) return malformed("the socket's path is longer than 107 bytes");
  endpoint.socket_path = rest;
  return endpoint;
}

sdk::Result<Endpoint> parse_host(std::string_view rest, Endpoint endpoint) {
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    if (!parse_number(rest.substr(slash + 1), endpoint.database) || endpoint.database < 0) {
      return malformed("the database is not a number");
    }
  }
  rest = rest.substr(0, slash);
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return malformed("the address has no ]");
    endpoint.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') return malformed("after ] a port must follow");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const auto colon = rest.find(':');
    endpoint.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (endpoint.host.empty()) return malformed("it names no host");
  if (!port.empty() && (!parse_number(port, endpoint.port) || endpoint.port == 0))
    return malformed("the port is not a number");
  return endpoint;
}

}  // namespace

sdk::Result<Endpoint> parse_redis_url(std::string_view url) {
  const auto take_scheme = [&](std::string_view scheme) {
    if (!url.starts_with(scheme)) return false;
    url.remove_prefix(scheme.size());
    return true;
  };
  if (url.starts_with("rediss://")) {
    return sdk::permanent_error(
        "redis.url",
        "rediss:// (TLS) is not supported. Use redis:// on a trusted network, a Unix socket, or a TLS "
        "tunnel beside the hub.");
  }
  Endpoint endpoint;
  const bool is_socket = take_scheme("unix://");
  if (!is_socket && !take_scheme("redis://")) return malformed("it begins with neither redis:// nor unix://");
  PATCHBAY_TRY(take_credentials(url, endpoint));
  return is_socket ? parse_socket(url, std::move(endpoint)) : parse_host(url, std::move(endpoint));
}

}  // namespace patchbay::redis
