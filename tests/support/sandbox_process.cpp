#include "tests/support/sandbox_process.hpp"

#include "tests/support/wait.hpp"

#include <stdexcept>

namespace patchbay::testing {

using namespace std::chrono_literals;

SandboxProcess::SandboxProcess(const std::vector<std::string>& options) {
  std::vector<std::string> arguments{built_program("patchbay-sandbox"), "--port", "0"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  program_.start(arguments);
  const bool ready = wait_until(
      [&] {
        const std::string line = program_.log();
        const auto begin = line.find('{');
        const auto end = begin == std::string::npos ? begin : line.find('\n', begin);
        if (end == std::string::npos) return !program_.running();
        const auto said = sdk::parse_json(line.substr(begin, end - begin));
        if (said.ok()) port_ = said->at("port").to_number<std::uint16_t>();
        return true;
      },
      60s);
  if (!ready || port_ == 0) throw std::runtime_error("the sandbox did not start: " + program_.log_tail());
}

std::string SandboxProcess::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

HttpAnswer SandboxProcess::send(HttpCall call) const {
  call.limit = 60s;
  auto answer = send_http(port_, call);
  if (answer.status < 200 || answer.status > 399) {
    throw std::runtime_error("the sandbox answers " + call.method + " " + call.target + " with " + answer.text());
  }
  return answer;
}

sdk::json::array SandboxProcess::truth(const std::string& service, const std::string& kind) const {
  return look("/truth/" + service + "/" + kind).at("data").as_array();
}

sdk::json::value SandboxProcess::look(const std::string& path) const {
  return send({"GET", "/_sandbox" + path, {}, {}, {}}).json();
}

sdk::json::value SandboxProcess::control(const std::string& method, const std::string& path,
                                         const sdk::json::value& body) const {
  return send({method, "/_sandbox" + path, {{"Content-Type", "application/json"}}, sdk::json::serialize(body), {}})
      .json()
      .at("data");
}

sdk::json::object SandboxProcess::stripe_connection(const std::string& name) const {
  return {{"connector", "stripe"},
          {"name", name},
          {"options", {{"apiBase", url("/stripe")}}},
          {"credentials", {{"secretKey", "sk_test_sandbox"}, {"webhookSecret", "whsec_sandbox"}}}};
}

sdk::json::object SandboxProcess::jobber_connection(const std::string& name) const {
  return {{"connector", "jobber"},
          {"name", name},
          {"options",
           {{"apiBase", url("/jobber")},
            {"authorizeUrl", url("/jobber/api/oauth/authorize")},
            {"tokenUrl", url("/jobber/api/oauth/token")}}},
          {"credentials", {{"clientId", "jobber-sandbox-client"}, {"clientSecret", "jobber-sandbox-secret"}}}};
}

sdk::json::object SandboxProcess::quickbooks_connection(const std::string& name) const {
  return {{"connector", "quickbooks"},
          {"name", name},
          {"options",
           {{"apiBase", url("/quickbooks")},
            {"authorizeUrl", url("/quickbooks/connect/oauth2")},
            {"tokenUrl", url("/quickbooks/oauth2/v1/tokens/bearer")}}},
          {"credentials",
           {{"clientId", "quickbooks-sandbox-client"},
            {"clientSecret", "quickbooks-sandbox-secret"},
            {"webhookVerifierToken", "quickbooks-sandbox-verifier"}}}};
}

sdk::json::object SandboxProcess::twilio_connection(const std::string& name) const {
  const std::string number = std::string(31, '0') + "1";
  return {{"connector", "twilio"},
          {"name", name},
          {"options", {{"apiBase", url("/twilio")}, {"from", "+15005550006"}}},
          {"credentials",
           {{"accountSid", "AC" + number},
            {"authToken", "twilio-sandbox-token"},
            {"apiKeySid", "SK" + number},
            {"apiKeySecret", "twilio-sandbox-secret"}}}};
}

sdk::json::object SandboxProcess::slack_connection(bool with_token, const std::string& name) const {
  sdk::json::object credentials{{"clientId", "slack-sandbox-client"},
                                {"clientSecret", "slack-sandbox-secret"},
                                {"signingSecret", "slack-sandbox-signing"}};
  if (with_token) credentials["botToken"] = "xoxb-sandbox";
  return {{"connector", "slack"},
          {"name", name},
          {"options",
           {{"apiBase", url("/slack")},
            {"authorizeUrl", url("/slack/oauth/v2/authorize")},
            {"tokenUrl", url("/slack/api/oauth.v2.access")}}},
          {"credentials", std::move(credentials)}};
}

sdk::json::object SandboxProcess::google_connection(const std::string& push_url, const std::string& name) const {
  return {{"connector", "google"},
          {"name", name},
          {"options",
           {{"apiBase", url("/google")},
            {"authorizeUrl", url("/google/o/oauth2/v2/auth")},
            {"tokenUrl", url("/google/token")},
            {"oidcKeysUrl", url("/google/oauth2/v3/certs")},
            {"pubsubTopic", "projects/sandbox/topics/gmail"}}},
          {"credentials",
           {{"clientId", "google-sandbox-client"},
            {"clientSecret", "google-sandbox-secret"},
            {"channelToken", "sandbox-channel-token"},
            {"pubsubAudience", push_url},
            {"pubsubServiceAccount", "gmail-push@sandbox.iam.gserviceaccount.com"}}}};
}

std::string SandboxProcess::approve(const std::string& authorize_url) const {
  const std::string base = url("");
  if (!authorize_url.starts_with(base)) throw std::runtime_error("not a page of the sandbox: " + authorize_url);
  const std::string target = authorize_url.substr(base.size());
  const auto page = send({"GET", target, {}, {}, {}});
  if (page.body.find("Allow access") == std::string::npos)
    throw std::runtime_error("the authorisation page does not ask the owner: " + page.text());
  const auto query = target.find('?');
  const auto sent = send({"POST",
                          target.substr(0, query),
                          {{"Content-Type", "application/x-www-form-urlencoded"}},
                          target.substr(query + 1) + "&decision=approve",
                          {}});
  const auto location = sent.header("Location");
  if (location.empty()) throw std::runtime_error("the authorisation page sends nobody back: " + sent.text());
  return location;
}

void SandboxProcess::lift_limits() const {
  control("POST", "/limits",
          {{"jobber",
            {{"maximumAvailable", 10'000'000}, {"restoreRate", 1'000'000}, {"requestsPerFiveMinutes", 10'000'000}}}});
}

}  // namespace patchbay::testing
