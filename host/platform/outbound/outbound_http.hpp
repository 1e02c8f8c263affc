// The one way out of the house: libcurl behind sdk::HttpClient, with address guard, limits, deadline and cancellation.
#pragma once

#include "platform/base/metrics.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::outbound {

struct OutboundSettings {
  std::size_t connections_max = 32;  // concurrent requests; more wait within their deadline
  std::size_t connections_per_host_max = 16;
  std::uint64_t response_bytes_max = 32ull * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{5'000};
  /// Whether private, loopback and link-local addresses may be called (an operator's switch; on where base URLs are the
  /// operator's own, as in development).
  bool allow_private_addresses = true;
  std::string user_agent = "Patchbay/0.1";
};

/// Thread-safe. One multi-interface thread; send() blocks the caller. Resolves once and connects to the checked address
/// (DNS rebinding), follows no redirects, never logs bodies or authorization headers.
class OutboundHttp : public sdk::HttpClient {
 public:
  OutboundHttp(OutboundSettings settings, base::Metrics& metrics);
  ~OutboundHttp() override;
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest& request) override;
  /// Ends what is under way with kCancelled and refuses what comes. Idempotent; called by the destructor, before which
  /// no thread may be inside send() any more.
  void shut_down();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::outbound
