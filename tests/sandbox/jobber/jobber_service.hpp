// Plays Jobber: OAuth, one GraphQL endpoint, webhooks.
#pragma once

#include "tests/sandbox/graphql/schema.hpp"
#include "tests/sandbox/jobber/books.hpp"
#include "tests/sandbox/jobber/oauth.hpp"
#include "tests/sandbox/jobber/query_budget.hpp"

namespace patchbay::sandbox {

class JobberService : public SandboxService {
 public:
  JobberService(const ServiceContext& context, std::string client_id, std::string client_secret);
  ~JobberService() override;

  std::string_view name() const override { return "jobber"; }
  void generate() override;
  std::string operation(const Call& call) const override;
  http::Response answer(const Call& call) override;
  http::Response failure(const Fault& fault) const override;

  std::vector<std::string> kinds() const override { return jobber::record_kinds(); }
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
  struct TruthQuery;

  http::Response graphql(const http::Request& request);
  std::optional<http::Response> refuse(const http::Request& request);
  http::Response run(const json::object& body, const std::string& version);
  json::object cost(std::int64_t requested, std::int64_t actual) const;
  /// One record as the API shows it: all its own fields, and the ids of what it is linked to.
  json::value shown(std::string_view kind, std::string_view id) const;
  sdk::Result<json::object> new_record(const RecordKind& kind, const json::object& members) const;

  const ServiceContext& context_;
  std::unique_ptr<jobber::Books> books_;
  std::unique_ptr<jobber::OAuth> oauth_;
  graphql::Schema schema_;
  mutable jobber::QueryBudget budget_;
  std::map<std::string, std::unique_ptr<TruthQuery>> truth_queries_;  // by kind
};

}  // namespace patchbay::sandbox
