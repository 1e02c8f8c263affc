#pragma once

#include "tests/support/http_client.hpp"
#include "tests/support/program.hpp"

#include <string>
#include <vector>

namespace patchbay::testing {

/// patchbay-sandbox as a child, and what it knows to be true. Calls throw std::runtime_error where it refuses.
class SandboxProcess {
 public:
  /// `options` in addition to the port, which is a free one.
  explicit SandboxProcess(const std::vector<std::string>& options);

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path) const;
  /// All records of a kind as the service shows them.
  sdk::json::array truth(const std::string& service, const std::string& kind) const;
  /// The groups of records that are one client, for a hub that is connected to these services.
  sdk::json::array identity_truth(const std::string& services = "stripe,jobber") const {
    return truth("identity", "clients?services=" + services);
  }
  /// A control call below /_sandbox; its "data".
  sdk::json::value control(const std::string& method, const std::string& path, const sdk::json::value& body) const;
  /// The whole answer of a control call.
  sdk::json::value look(const std::string& path) const;
  Program& program() { return program_; }

  /// Body of POST /connections for the services as this sandbox plays them.
  sdk::json::object stripe_connection(const std::string& name = "main") const;
  sdk::json::object jobber_connection(const std::string& name = "main") const;
  /// `push_url`: where Gmail's Pub/Sub pushes to, which is also their audience.
  sdk::json::object google_connection(const std::string& push_url, const std::string& name = "main") const;
  sdk::json::object quickbooks_connection(const std::string& name = "main") const;
  sdk::json::object twilio_connection(const std::string& name = "main") const;
  /// With the bot token; without it the owner authorises it.
  sdk::json::object slack_connection(bool with_token = true, const std::string& name = "main") const;
  /// Opens the authorisation page as the owner's browser does and agrees; where it is sent back to.
  std::string approve(const std::string& authorize_url) const;
  /// Limits of Jobber that no test comes near.
  void lift_limits() const;

 private:
  HttpAnswer send(HttpCall call) const;

  Program program_{"patchbay-sandbox"};
  std::uint16_t port_ = 0;
};

}  // namespace patchbay::testing
