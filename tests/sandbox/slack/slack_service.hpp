// Plays Slack: the Web API, OAuth v2 with and without rotation, uploads in three steps, events, commands, interactions.
#pragma once

#include "tests/sandbox/slack/methods.hpp"
#include "tests/sandbox/slack/oauth.hpp"
#include "tests/sandbox/slack/rate_limits.hpp"

namespace patchbay::sandbox {

class SlackService : public SandboxService {
 public:
  SlackService(const ServiceContext& context, slack::Secrets secrets);

  std::string_view name() const override { return "slack"; }
  void generate() override;
  std::string operation(const Call& call) const override;
  http::Response answer(const Call& call) override;
  http::Response failure(const Fault& fault) const override;

  std::vector<std::string> kinds() const override { return {"users", "channels", "messages", "files"}; }
  sdk::Result<json::array> truth(const RecordKind& kind) const override;
  /// Besides the kinds: "commands", "interactions" and "uninstalls", which people give; nothing is kept of them.
  sdk::Result<json::value> create_record(const RecordKind& kind, const json::object& members) override;
  sdk::Result<json::value> change_record(const RecordKind& kind, std::string_view id,
                                         const json::object& members) override;
  sdk::Result<json::value> remove_record(const RecordKind& kind, std::string_view id) override;
  sdk::Result<json::value> change_random_record(const RecordKind& kind, Random& random) override;
  /// People of a workspace are its own staff, not clients.
  std::vector<Contact> contacts() const override { return {}; }
  void add_hostile_records() override;
  json::object limits() const override;
  sdk::Result<void> set_limits(const json::object& limits) override;
  sdk::Result<void> set_webhook_target(const json::object& settings) override;

 private:
  http::Response call_method(const Call& call, const std::string& method);
  sdk::Result<json::value> give_command(const json::object& members);
  sdk::Result<json::value> interact(const json::object& members);
  sdk::Result<json::value> change_message(const json::object& message, const json::object& members);

  const ServiceContext& context_;
  slack::Workspace workspace_;
  slack::OAuth oauth_;
  slack::Methods methods_;
  slack::RateLimits rate_limits_;
  bool unlisted_ = false;  // an app outside the Marketplace: one page of 15 messages a minute
};

}  // namespace patchbay::sandbox
