// patchbay-sandbox: plays the services that Patchbay connects to, in one process, for development, demos and tests.
#include "platform/base/log.hpp"
#include "platform/net/http_server.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "tests/sandbox/google/google_service.hpp"
#include "tests/sandbox/jobber/jobber_service.hpp"
#include "tests/sandbox/options.hpp"
#include "tests/sandbox/quickbooks/quickbooks_service.hpp"
#include "tests/sandbox/sandbox.hpp"
#include "tests/sandbox/slack/slack_service.hpp"
#include "tests/sandbox/stripe/stripe_service.hpp"
#include "tests/sandbox/twilio/twilio_service.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <csignal>
#include <iostream>
#include <pthread.h>
#include <unistd.h>

namespace patchbay::sandbox {
namespace {

constexpr std::int64_t kDayMilliseconds = 86'400'000;
constexpr std::size_t kWebhookThreads = 4;

/// The state of a first start, or of the folder's.
struct Origin {
  std::unique_ptr<Journal> journal;  // null without --var
  std::int64_t epoch_ms = 0;
};

sdk::Result<Origin> open_origin(const Options& options, const SandboxClock& clock) {
  Origin origin;
  origin.epoch_ms = options.epoch_ms.value_or(clock.now_milliseconds() / kDayMilliseconds * kDayMilliseconds);
  if (options.var.empty()) return origin;
  json::object described{{"seed", static_cast<std::int64_t>(options.seed)},
                         {"clients", static_cast<std::int64_t>(options.clients)},
                         {"epoch", origin.epoch_ms}};
  PATCHBAY_ASSIGN(origin.journal, Journal::open({options.var, std::move(described), options.sync}));
  origin.epoch_ms = origin.journal->origin().at("epoch").to_number<std::int64_t>();
  return origin;
}

/// Signals come to sigwait() only: blocked before any thread starts.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

sdk::Result<void> run(const Options& options) {
  const auto signals = block_stop_signals();
  base::Metrics metrics;
  SandboxClock clock;
  PATCHBAY_ASSIGN(auto origin, open_origin(options, clock));
  const auto people = make_people(options.seed, options.clients, origin.epoch_ms);
  Store store;
  FaultPlan faults(options.seed);
  outbound::OutboundHttp http({}, metrics);
  WebhookSender webhooks(http, faults, kWebhookThreads);
  const ServiceContext context{
      store, clock, webhooks, people, options.seed, origin.epoch_ms, options.webhook_target, options.rate_limits};

  std::vector<std::unique_ptr<SandboxService>> services;
  services.push_back(std::make_unique<StripeService>(context, options.stripe_webhook_secret));
  services.push_back(std::make_unique<JobberService>(context, options.jobber_client_id, options.jobber_client_secret));
  services.push_back(std::make_unique<GoogleService>(context, options.google_client_id, options.google_client_secret));
  services.push_back(std::make_unique<SlackService>(
      context, slack::Secrets{options.slack_client_id, options.slack_client_secret, options.slack_signing_secret}));
  services.push_back(std::make_unique<TwilioService>(context, options.twilio));
  services.push_back(std::make_unique<QuickBooksService>(
      context, QuickBooksSecrets{options.quickbooks_client_id, options.quickbooks_client_secret,
                                 options.quickbooks_verifier_token}));
  for (const auto& service : services) service->generate();
  if (options.hostile) {
    for (const auto& service : services) service->add_hostile_records();
  }
  PATCHBAY_TRY(store.seal(origin.journal.get()));

  json::object about{
      {"seed", static_cast<std::int64_t>(options.seed)},
      {"clients", static_cast<std::int64_t>(options.clients)},
      {"epoch", sdk::format_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(origin.epoch_ms)))}};
  Sandbox sandbox({store, clock, faults, webhooks, std::move(services), about, [](const sdk::Error& error) {
                     base::log_error("sandbox", error.message);
                     ::kill(::getpid(), SIGTERM);  // to the process: sigwait() in main takes it
                   }});
  net::HttpServerSettings settings;
  settings.port = options.port;
  net::HttpServer server(settings, sandbox, nullptr, metrics);
  PATCHBAY_TRY(server.start());
  about["port"] = server.port();
  about["stripeWebhookSecret"] = options.stripe_webhook_secret;
  about["jobberClientId"] = options.jobber_client_id;
  about["quickbooksClientId"] = options.quickbooks_client_id;
  about["quickbooksRealmId"] = quickbooks::kRealm;
  about["googleClientId"] = options.google_client_id;
  about["slackClientId"] = options.slack_client_id;
  about["slackBotToken"] = slack::kBotToken;
  about["twilioAccountSid"] = options.twilio.account_sid;
  std::cout << to_wire(about) << std::endl;

  int signal = 0;
  sigwait(&signals, &signal);
  server.stop(std::chrono::milliseconds(2'000));
  sandbox.stop();
  webhooks.stop();
  if (store.failure()) return *store.failure();
  return {};
}

}  // namespace
}  // namespace patchbay::sandbox

int main(int count, char** arguments) {
  using namespace patchbay::sandbox;
  const auto options = parse_options(std::vector<std::string>(arguments + 1, arguments + count));
  if (!options) {
    std::cerr << "patchbay-sandbox: " << options.error().message << "\n\n" << usage();
    return 2;
  }
  if (options->help) {
    std::cout << usage();
    return 0;
  }
  try {
    if (const auto ran = run(*options); !ran) {
      std::cerr << "patchbay-sandbox: " << ran.error().message << "\n";
      return 1;
    }
  } catch (const std::exception& error) {
    std::cerr << "patchbay-sandbox: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
