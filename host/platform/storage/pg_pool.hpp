#pragma once

#include "platform/base/metrics.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace patchbay::storage {

struct PgPoolSettings {
  std::string url;  // postgresql://… or a conninfo string
  std::size_t interactive_connections_max = 6;
  std::size_t worker_connections_max = 6;
  std::chrono::milliseconds interactive_statement_timeout{10'000};
  std::chrono::milliseconds worker_statement_timeout{120'000};
  std::chrono::milliseconds acquire_timeout{5'000};
  std::chrono::milliseconds connect_timeout{5'000};
  std::string application_name = "patchbay";
};

/// Bounded pool of connections in two lanes. A connection that failed is thrown away, never reused (libpqxx would
/// silently reconnect without its session state). Every connection: UTC, ISO dates, keepalives, tcp_user_timeout,
/// statement_timeout.
class PgPool : public Database {
 public:
  PgPool(PgPoolSettings settings, base::Metrics& metrics);
  ~PgPool() override;
  sdk::Result<void> transaction(Lane lane, const Work& work) override;
  sdk::Result<Rows> query(Lane lane, std::string_view sql, const Params& params = {}) override;
  bool reachable() override;
  const std::string& url() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::storage
