// Plays Twilio's Programmable Messaging: one account with its messages, webhooks signed with its auth token.
#pragma once

#include "tests/sandbox/service.hpp"
#include "tests/sandbox/twilio/routes.hpp"

namespace patchbay::sandbox {

class TwilioService : public SandboxService {
 public:
  TwilioService(const ServiceContext& context, twilio::Credentials credentials);

  std::string_view name() const override { return "twilio"; }
  bool serves_root_path(std::string_view path) const override { return path.starts_with("/2010-04-01/"); }
  void generate() override;
  std::string operation(const Call& call) const override;
  http::Response answer(const Call& call) override;
  http::Response failure(const Fault& fault) const override;

  std::vector<std::string> kinds() const override { return {"messages", "media"}; }
  sdk::Result<json::array> truth(const RecordKind& kind) const override;
  /// messages: `from` and `body` of a person (direction inbound), or `to` and `body` of somebody at the account's own
  /// screens.
  sdk::Result<json::value> create_record(const RecordKind& kind, const json::object& members) override;
  /// messages: `status` (its callback is sent), `error_code`, `body`.
  sdk::Result<json::value> change_record(const RecordKind& kind, std::string_view id,
                                         const json::object& members) override;
  sdk::Result<json::value> remove_record(const RecordKind& kind, std::string_view id) override;
  sdk::Result<json::value> change_random_record(const RecordKind& kind, Random& random) override;
  /// Twilio knows numbers, not clients.
  std::vector<Contact> contacts() const override { return {}; }
  void add_hostile_records() override;
  json::object limits() const override { return {{"callsPerSecond", per_second_}}; }
  sdk::Result<void> set_limits(const json::object& limits) override;
  sdk::Result<void> set_webhook_target(const json::object& settings) override;

 private:
  std::optional<twilio::ApiError> check_access(const http::Request& request, std::string_view account_sid,
                                               bool account_itself) const;
  bool over_limit();
  twilio::Reply run(const Call& call);

  const ServiceContext& context_;
  twilio::Account account_;
  std::int64_t per_second_;
  std::int64_t second_ = 0, calls_ = 0;  // of the present second
};

}  // namespace patchbay::sandbox
