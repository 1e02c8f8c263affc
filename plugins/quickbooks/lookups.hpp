// What records only point at: names of payment methods, the company's own currency, whose project a sub-customer is.
#pragma once

#include "api.hpp"

#include <map>
#include <optional>
#include <string>

namespace patchbay::quickbooks {

class Lookups {
 public:
  Lookups(Api& api, sdk::HostServices services) : api_(api), services_(services) {}

  /// Reads them unless they are known and fresh: one batch, kept for the connection's other clients too.
  sdk::Result<void> load(const sdk::CallContext& context);
  /// A customer that was just read: a new sub-customer is known before its first invoice comes.
  void learn(const sdk::json::value& customer);

  /// Empty where it is not known.
  std::string home_currency() const { return home_currency_; }
  std::string payment_method(const std::string& id) const;
  /// The customer that a sub-customer belongs to in the end; `id` itself for any other.
  std::string root_customer(const std::string& id) const;

 private:
  sdk::Result<void> read_all(const sdk::CallContext& context);
  sdk::Result<void> read_more_sub_customers(const sdk::CallContext& context);
  void take(const sdk::json::value& answer);
  bool restore();
  void store();

  Api& api_;
  sdk::HostServices services_;
  std::optional<sdk::SystemTime> loaded_at_;
  std::string home_currency_;
  std::map<std::string, std::string> payment_methods_;  // id → name
  std::map<std::string, std::string> parents_;          // sub-customer → its parent
};

}  // namespace patchbay::quickbooks
