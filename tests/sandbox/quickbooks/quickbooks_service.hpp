// Plays QuickBooks Online: OAuth, the accounting API of one company, webhooks in both forms.
#pragma once

#include "tests/sandbox/quickbooks/call_windows.hpp"
#include "tests/sandbox/quickbooks/oauth.hpp"

namespace patchbay::sandbox {

struct QuickBooksSecrets {
  std::string client_id, client_secret, verifier_token;
};

class QuickBooksService : public SandboxService {
 public:
  QuickBooksService(const ServiceContext& context, QuickBooksSecrets secrets);

  std::string_view name() const override { return "quickbooks"; }
  void generate() override;
  std::string operation(const Call& call) const override;
  http::Response answer(const Call& call) override;
  http::Response failure(const Fault& fault) const override;

  std::vector<std::string> kinds() const override { return quickbooks::record_kinds(); }
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
  http::Response company_call(const Call& call, const std::vector<std::string>& segments);
  quickbooks::Outcome run(const Call& call, const std::vector<std::string>& segments);
  quickbooks::Outcome read(const Call& call, const std::vector<std::string>& segments);
  quickbooks::Outcome write(const Call& call, const std::vector<std::string>& segments);
  quickbooks::Outcome write_record(const quickbooks::RecordType& type, const Call& call, const json::object& body);
  quickbooks::Outcome batch(const json::object& body);
  json::object batch_item(const json::object& item);
  quickbooks::Outcome change_data(const Call& call) const;
  quickbooks::Outcome profit_and_loss(const Call& call) const;
  json::object company_info() const;
  http::Response refusal(const quickbooks::Refusal& refusal) const;

  const ServiceContext& context_;
  std::unique_ptr<quickbooks::Company> company_;
  std::unique_ptr<quickbooks::OAuth> oauth_;
  quickbooks::CallWindows windows_;
  bool honours_request_id_ = true;
};

}  // namespace patchbay::sandbox
