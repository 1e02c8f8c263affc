#pragma once

#include "tests/sandbox/twilio/account.hpp"

#include <patchbay/sdk/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::sandbox {

struct Options {
  std::uint16_t port = 0;
  std::uint64_t seed = 1;
  std::size_t clients = 1000;
  std::string var;             // empty: nothing is kept
  std::string webhook_target;  // empty: no webhooks until one is set
  std::string stripe_webhook_secret = "whsec_sandbox";
  std::string jobber_client_id = "jobber-sandbox-client";
  std::string jobber_client_secret = "jobber-sandbox-secret";
  std::string quickbooks_client_id = "quickbooks-sandbox-client";
  std::string quickbooks_client_secret = "quickbooks-sandbox-secret";
  std::string quickbooks_verifier_token = "quickbooks-sandbox-verifier";
  std::string google_client_id = "google-sandbox-client";
  std::string google_client_secret = "google-sandbox-secret";
  std::string slack_client_id = "slack-sandbox-client";
  std::string slack_client_secret = "slack-sandbox-secret";
  std::string slack_signing_secret = "slack-sandbox-signing";
  twilio::Credentials twilio = twilio::sandbox_credentials();
  std::optional<std::int64_t> epoch_ms;
  bool rate_limits = false;
  bool hostile = false;
  bool sync = false;
  bool help = false;
};

/// `--name value`, `--name=value` or a flag. kInvalid names what is wrong.
sdk::Result<Options> parse_options(const std::vector<std::string>& arguments);
std::string usage();

}  // namespace patchbay::sandbox
