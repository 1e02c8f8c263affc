// Redis as the hub uses it. hiredis stays behind connection.cpp.
#pragma once

#include "platform/base/metrics.hpp"

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::redis {

struct RedisSettings {
  std::string url;  // redis://[user:password@]host:port[/db] or unix:///path/redis.sock; rediss:// is refused plainly
  std::string name = "main";  // keys are patchbay:<name>:…
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds command_timeout{2'000};
  std::size_t connections_max = 4;
};

/// One reply. A RESP error is an Error of class kPermanent with code "redis.reply" (kTransient for LOADING, BUSY,
/// READONLY…; code "redis.nogroup" for NOGROUP); no connection or a time-out is kTransient "redis.unavailable"; all
/// connections in use is kTransient "redis.busy".
struct Reply {
  enum class Kind { kNil, kInteger, kText, kList };
  Kind kind = Kind::kNil;
  long long integer = 0;
  std::string text;
  std::vector<Reply> items;
};

using Command = std::vector<std::string>;

/// Bounded pool of connections. Thread-safe. Any error drops the connection it happened on.
class Client {
 public:
  Client(RedisSettings settings, base::Metrics& metrics);
  ~Client();
  sdk::Result<Reply> command(const Command& command);
  /// Sends all, then reads all: one round trip. A RESP error of one command is that element's error.
  sdk::Result<std::vector<sdk::Result<Reply>>> pipeline(const std::vector<Command>& commands);
  /// "patchbay:<name>:<suffix>"
  std::string key(std::string_view suffix) const;
  const RedisSettings& settings() const;
  bool reachable();
  /// Whether the server keeps every acknowledged write: appendonly yes and appendfsync always (asked anew after a
  /// reconnect; a refused CONFIG counts as no). Asked after a write it speaks for the server that took the write.
  sdk::Result<bool> durable();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct StreamEntry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// A consumer group on one stream. Recreates a lost stream or group (with back-off by the caller's loop). read() blocks
/// on a connection of its own. One reader thread; the other methods are thread-safe.
class StreamReader {
 public:
  StreamReader(Client& client, std::string stream_key, std::string group, std::string consumer);
  ~StreamReader();
  /// Up to `count_max` new entries; empty after `block`. After a lost group it is made anew and reading goes on.
  sdk::Result<std::vector<StreamEntry>> read(std::size_t count_max, std::chrono::milliseconds block);
  /// XACK and XDEL: an acknowledged entry must not stay in memory.
  sdk::Result<void> acknowledge(const std::vector<std::string>& ids);
  /// Entries that other consumers took and did not acknowledge for `idle` (XAUTOCLAIM).
  sdk::Result<std::vector<StreamEntry>> claim_idle(std::chrono::milliseconds idle, std::size_t count_max);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Pub/Sub on a thread and a connection of its own; reconnects with back-off and subscribes again. `received` runs on
/// that thread. `reconnected` tells that messages may have been missed.
class Subscription {
 public:
  Subscription(Client& client, std::vector<std::string> channels,
               std::function<void(const std::string& channel, const std::string& message)> received,
               std::function<void()> reconnected = {});
  ~Subscription();
  /// Whether the server has confirmed all channels on the present connection.
  bool connected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::redis
