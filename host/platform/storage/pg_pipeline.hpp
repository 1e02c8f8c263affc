// Single-statement reads (and the grouped receipt insert) without a thread per query: libpq's pipeline mode, one
// connection an owner, prepared statements, a deadline for each query.
#pragma once

#include "platform/storage/session.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace patchbay::storage {

/// What drives the connection: the I/O thread's loop (net::HttpServer implements it through app/wiring).
class EventLoop {
 public:
  virtual ~EventLoop() = default;
  virtual std::shared_ptr<void> watch_readable(int descriptor, std::function<void()> ready) = 0;
  virtual void wait_writable(int descriptor, std::function<void()> ready) = 0;
  virtual void post(std::function<void()> work) = 0;
  virtual std::shared_ptr<void> every(std::chrono::milliseconds period, std::function<void()> tick) = 0;
};

struct PgPipelineSettings {
  std::string url;
  std::chrono::milliseconds query_timeout{5'000};
  std::size_t queries_max = 4096;  // under way; more are refused with storage.busy
};

/// Belongs to one event loop; every method is called on that loop's thread. Reconnects by itself with back-off; queries
/// while there is no connection fail at once with storage.unavailable. A query that is lost under way fails with
/// storage.unavailable when it only reads, else with storage.in_doubt; one that misses its time-out with
/// storage.timeout. Queries sent in one turn of the loop leave together.
class PgPipeline {
 public:
  PgPipeline(PgPipelineSettings settings, EventLoop& loop);
  ~PgPipeline();
  using Done = std::function<void(sdk::Result<Rows>)>;
  /// Each query is its own transaction (a sync after each). Prepared on first use, by text.
  void query(std::string_view sql, Params params, Done done);
  bool connected() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks of the loop that are still to come
};

}  // namespace patchbay::storage
