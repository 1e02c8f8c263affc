// The connection string both the pool and the pipeline connect with.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <string>

namespace patchbay::storage {

struct SessionSettings {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds statement_timeout{10'000};
  std::chrono::milliseconds idle_in_transaction_timeout{60'000};
  std::string application_name = "patchbay";
};

/// `url` (a URL or conninfo text) with what every session of the hub needs: time-outs, keepalives, UTC, ISO dates, hex
/// bytea. What the operator's text names itself (connect_timeout, keepalives, application_name …) stays. The error
/// never repeats `url`.
sdk::Result<std::string> make_conninfo(const std::string& url, const SessionSettings& settings);

}  // namespace patchbay::storage
