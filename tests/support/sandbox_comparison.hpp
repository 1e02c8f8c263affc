#pragma once

#include "tests/support/hub_api.hpp"
#include "tests/support/sandbox_process.hpp"

#include <map>
#include <string>
#include <vector>

namespace patchbay::testing {

/// What a hub's API shows against what the sandbox knows: each client with exactly the records that are one person,
/// each estimate, job, invoice and payment once, with the values and the client that its record has.
class SandboxComparison {
 public:
  SandboxComparison(const HubApi& api, const SandboxProcess& sandbox) : api_(api), sandbox_(sandbox) {}

  /// What differs, in words, at most the first thirty differences; nothing where all is equal. Both services must have
  /// been synced.
  std::vector<std::string> differences();

 private:
  using Rows = std::map<std::string, sdk::json::value>;
  /// One value of a row, and how it is told by the record.
  struct Field {
    const char* name;
    std::string (*expected)(const sdk::json::value& record);
  };

  void compare_clients();
  void compare_client(const Rows& stripe, const Rows& jobber, const std::string& customer_id,
                      const std::string& client_id);
  void compare_records(const std::string& list, const std::string& service, const std::string& kind,
                       const std::vector<Field>& fields);
  void compare_counts();
  void expect_equal(const std::string& what, const std::string& expected, const std::string& found);
  void report(const std::string& difference);

  const HubApi& api_;
  const SandboxProcess& sandbox_;
  std::vector<std::string> differences_;
  std::map<std::string, std::map<std::string, const sdk::json::value*>> linked_;  // list → "service/external id" → row
  std::map<std::string, std::vector<sdk::json::value>> lists_;
  std::map<std::string, std::size_t> expected_counts_;           // by list
  std::map<std::string, const sdk::json::value*> client_by_id_;  // the hub's id
  std::map<std::string, Rows> truths_;                           // "service/kind" → by external id
};

}  // namespace patchbay::testing
