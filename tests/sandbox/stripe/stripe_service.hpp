// Plays Stripe: two accounts, each with its own data, keys and webhooks.
#pragma once

#include "tests/sandbox/service.hpp"
#include "tests/sandbox/stripe/account.hpp"
#include "tests/sandbox/stripe/idempotency.hpp"

namespace patchbay::sandbox {

class StripeService : public SandboxService {
 public:
  StripeService(const ServiceContext& context, std::string webhook_secret);

  std::string_view name() const override { return "stripe"; }
  bool serves_root_path(std::string_view path) const override { return path.starts_with("/v1/"); }
  void generate() override;
  std::string operation(const Call& call) const override;
  http::Response answer(const Call& call) override;
  http::Response failure(const Fault& fault) const override;

  std::vector<std::string> kinds() const override;
  sdk::Result<json::array> truth(const RecordKind& kind) const override;
  sdk::Result<json::value> create_record(const RecordKind& kind, const json::object& members) override;
  sdk::Result<json::value> change_record(const RecordKind& kind, std::string_view id,
                                         const json::object& members) override;
  sdk::Result<json::value> remove_record(const RecordKind& kind, std::string_view id) override;
  sdk::Result<json::value> change_random_record(const RecordKind& kind, Random& random) override;
  std::vector<Contact> contacts() const override;
  void add_hostile_records() override;
  json::object limits() const override;
  sdk::Result<void> set_limits(const json::object& limits) override;
  sdk::Result<void> set_webhook_target(const json::object& settings) override;

 private:
  struct Reply {
    int status = 200;
    std::string body;
    sdk::Headers headers;
  };
  /// The account the key of the call opens, or why it does not.
  std::variant<stripe::Account*, stripe::ApiError> authenticate(const http::Request& request);
  std::optional<Reply> refuse_for_rate(const std::string& operation, const stripe::Account& account);
  Reply run(stripe::Account& account, const Call& call, const std::string& request_id);
  Reply run_once(stripe::Account& account, const Call& call, const std::string& key, const std::string& request_id);
  sdk::Result<stripe::Account*> find_account(const RecordKind& kind) const;

  /// Calls of the present second.
  struct Window {
    std::int64_t second = 0;
    std::int64_t count = 0;
  };
  bool over(Window& window, std::int64_t most);

  const ServiceContext& context_;
  std::vector<Person> second_people_;
  std::unique_ptr<stripe::Account> main_, second_;
  stripe::IdempotencyKeys idempotency_;
  std::int64_t per_endpoint_, per_account_;
  std::map<std::string, Window> windows_;
};

}  // namespace patchbay::sandbox
