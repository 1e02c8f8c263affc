// A connector's library, loaded as the hub loads it, connected to its service in the sandbox as an owner would.
#pragma once

#include "engine/oauth/token_endpoint.hpp"
#include "engine/plugins/loader.hpp"
#include "platform/base/metrics.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "tests/support/sandbox_process.hpp"

#include <patchbay/sdk/testing/fake_host.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace patchbay::testing {

/// Tokens got from the sandbox, renewed there. Thread-safe.
class SandboxTokens : public sdk::TokenSource {
 public:
  SandboxTokens(sdk::HttpClient& http, oauth::OAuthClient client) : http_(http), client_(std::move(client)) {}
  void start(sdk::TokenGrant grant) { grant_ = std::move(grant); }
  sdk::Result<std::string> current(const sdk::CallContext& context) override;
  sdk::Result<std::string> renew(const sdk::CallContext& context, std::string_view rejected) override;

 private:
  sdk::HttpClient& http_;
  const oauth::OAuthClient client_;
  std::mutex mutex_;
  sdk::TokenGrant grant_;
};

/// The real time: the sandbox's tokens and signatures live by it.
class WallClock : public sdk::Clock {
 public:
  sdk::SystemTime now() const override { return std::chrono::system_clock::now(); }
};

/// Throws std::runtime_error where the connection cannot be made.
class ConnectedService {
 public:
  /// `connection` is the body of POST /connections.
  ConnectedService(const SandboxProcess& sandbox, const sdk::json::object& connection);

  const sdk::Description& description() const { return loaded_->description; }
  const sdk::Plugin& plugin() const { return *loaded_->plugin; }
  const sdk::ConnectionSettings& settings() const { return settings_; }
  /// Another client of the same connection.
  std::unique_ptr<sdk::ServiceClient> client();

 private:
  void authorize(const SandboxProcess& sandbox);

  std::optional<plugins::LoadedPlugin> loaded_;
  sdk::ConnectionSettings settings_;
  base::Metrics metrics_;
  outbound::OutboundHttp http_{outbound::OutboundSettings{}, metrics_};
  WallClock clock_;
  sdk::testing::CapturingLogger logger_;
  sdk::testing::MemoryState state_;
  std::unique_ptr<SandboxTokens> tokens_;
};

}  // namespace patchbay::testing
