#include "tests/sandbox/options.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox {
namespace {

sdk::Error usage_error(const std::string& name, const std::string& what) {
  return sdk::invalid_error("sandbox.usage", name + " " + what, name);
}

template <typename Number>
sdk::Result<void> read_number(const std::string& name, const std::string& text, Number most, Number& out) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number > most) {
    return usage_error(name, "must be a number from 0 to " + std::to_string(most));
  }
  out = static_cast<Number>(number);
  return {};
}

sdk::Result<void> read_switch(const std::string& name, const std::string& text, bool& out) {
  if (text != "on" && text != "off") return usage_error(name, "must be on or off");
  out = text == "on";
  return {};
}

sdk::Result<void> read_value(Options& options, const std::string& name, const std::string& text) {
  if (name == "--port") return read_number<std::uint16_t>(name, text, 65'535, options.port);
  if (name == "--seed") return read_number<std::uint64_t>(name, text, INT64_MAX, options.seed);
  if (name == "--clients") return read_number<std::size_t>(name, text, 200'000, options.clients);
  if (name == "--rate-limits") return read_switch(name, text, options.rate_limits);
  if (name == "--epoch") {
    PATCHBAY_ASSIGN(auto time, sdk::parse_time(text));
    options.epoch_ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    return {};
  }
  if (name == "--var") {
    options.var = text;
  } else if (name == "--webhook-target") {
    options.webhook_target = text;
  } else if (name == "--stripe-webhook-secret") {
    options.stripe_webhook_secret = text;
  } else if (name == "--jobber-client-id") {
    options.jobber_client_id = text;
  } else if (name == "--jobber-client-secret") {
    options.jobber_client_secret = text;
  } else if (name == "--quickbooks-client-id") {
    options.quickbooks_client_id = text;
  } else if (name == "--quickbooks-client-secret") {
    options.quickbooks_client_secret = text;
  } else if (name == "--quickbooks-verifier-token") {
    options.quickbooks_verifier_token = text;
  } else if (name == "--google-client-id") {
    options.google_client_id = text;
  } else if (name == "--google-client-secret") {
    options.google_client_secret = text;
  } else if (name == "--slack-client-id") {
    options.slack_client_id = text;
  } else if (name == "--slack-client-secret") {
    options.slack_client_secret = text;
  } else if (name == "--slack-signing-secret") {
    options.slack_signing_secret = text;
  } else if (name == "--twilio-account-sid") {
    options.twilio.account_sid = text;
  } else if (name == "--twilio-auth-token") {
    options.twilio.auth_token = text;
  } else {
    return usage_error(name, "is not an option");
  }
  return {};
}

}  // namespace

sdk::Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
    } else if (name == "--hostile") {
      options.hostile = true;
    } else if (name == "--fsync") {
      options.sync = true;
    } else if (const auto equals = name.find('='); equals != std::string::npos) {
      PATCHBAY_TRY(read_value(options, name.substr(0, equals), name.substr(equals + 1)));
    } else if (i + 1 < arguments.size()) {
      PATCHBAY_TRY(read_value(options, name, arguments[++i]));
    } else {
      return usage_error(name, "needs a value or is not an option");
    }
  }
  return options;
}

std::string usage() {
  return R"(patchbay-sandbox plays Stripe, Jobber, Google, QuickBooks, Slack and Twilio (/stripe, /jobber, /google, /quickbooks, /slack, /twilio) on 127.0.0.1 for development, demos and tests.
When it is ready it prints one line of JSON: {"port": …}. Tests steer it below /_sandbox (tests/sandbox/README.md).

  --port N                      port to listen on; 0 (default) takes a free one
  --seed N                      what the generated data depends on (default 1)
  --clients N                   people and companies behind the data (default 1000)
  --epoch TIME                  where the generated data ends, ISO 8601 (default: today, 00:00 UTC)
  --var DIR                     keep changes here, so that a restart finds them (default: keep nothing)
  --fsync                       flush every change to the disk
  --webhook-target URL          base address of webhooks: events go to URL/<service>
  --stripe-webhook-secret TEXT  default whsec_sandbox
  --jobber-client-id TEXT       default jobber-sandbox-client
  --jobber-client-secret TEXT   default jobber-sandbox-secret; also signs Jobber's webhooks
  --quickbooks-client-id TEXT   default quickbooks-sandbox-client
  --quickbooks-client-secret TEXT  default quickbooks-sandbox-secret
  --quickbooks-verifier-token TEXT  default quickbooks-sandbox-verifier; signs QuickBooks' webhooks
  --google-client-id TEXT       default google-sandbox-client
  --google-client-secret TEXT   default google-sandbox-secret
  --slack-client-id TEXT        default slack-sandbox-client
  --slack-client-secret TEXT    default slack-sandbox-secret
  --slack-signing-secret TEXT   default slack-sandbox-signing
  --twilio-account-sid TEXT     default AC and 31 zeros and a 1
  --twilio-auth-token TEXT      default twilio-sandbox-token; also signs Twilio's webhooks
  --rate-limits on|off          on: the services' true rate limits (default off: generous ones)
  --hostile                     add records with text that no JSON library would write
  --help

Exit codes: 0 ended by SIGTERM or SIGINT, 1 failed, 2 usage.
)";
}

}  // namespace patchbay::sandbox
