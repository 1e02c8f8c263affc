#include "app/cli/serve.hpp"

#include "app/hub.hpp"
#include "app/signal_wait.hpp"
#include "platform/base/log.hpp"

#include <cstdio>

namespace patchbay::app::cli {
namespace {

/// What a person who has just started the hub wants to know.
void print_welcome(const Hub& hub, const Platform& platform) {
  const std::string url = platform.settings.config.integer("http.port") == 0
                              ? "http://127.0.0.1:" + std::to_string(hub.port())
                              : platform.settings.public_url;
  std::string text = "\nPatchbay is ready.\n  API       " + url + "/api/v1   (described at " + url +
                     "/docs)\n  health    " + url + "/health/ready\n";
  if (!platform.servers.note().empty()) text += "  note      " + platform.servers.note() + "\n";
  if (!hub.admin_email().empty()) {
    text += "  sign in   " + hub.admin_email() +
            (hub.generated_password().empty() ? "  (the password you configured)"
                                              : "  password " + hub.generated_password()) +
            "\n";
    if (!hub.generated_password().empty()) {
      text +=
          "            This password is shown once; it must be changed at the first sign-in (POST "
          "/api/v1/auth/change-password).\n";
    }
  }
  text +=
      "  next      sign in and connect a service:\n"
      "            curl -s " +
      url +
      "/api/v1/auth/login -H 'Content-Type: application/json' \\\n"
      "              -d '{\"email\":\"…\",\"password\":\"…\"}'\n"
      "            (the README goes on from here; Ctrl-C stops the hub)\n\n";
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

sdk::Result<void> run(Settings settings, SignalWait& signals) {
  const auto given_up = std::make_shared<base::StopSignal>();
  signals.on_signal([given_up] { given_up->stop(); });
  PATCHBAY_ASSIGN(const auto platform, open_platform(std::move(settings), Servers::Ownership::kHub, *given_up));
  PATCHBAY_ASSIGN(auto model, load_model(platform->settings));
  PATCHBAY_ASSIGN(const auto hub, Hub::make(*platform, std::move(model)));
  PATCHBAY_TRY(hub->start(Hub::Door::kOpen));
  base::log_info("serve", "ready", {{"port", hub->port()}});
  print_welcome(*hub, *platform);
  signals.wait();
  base::log_info("serve", "stopping");
  hub->stop();
  platform->servers.stop();
  base::log_info("serve", "stopped");
  return {};
}

}  // namespace

int serve(const Arguments& arguments) {
  SignalWait signals;
  auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = run(std::move(*settings), signals);
  if (!done.ok() && done.error().error_class == sdk::ErrorClass::kCancelled) return kOk;
  return done.ok() ? kOk : report(done.error());
}

}  // namespace patchbay::app::cli
