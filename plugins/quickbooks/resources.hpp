// The resources that are synced: what QuickBooks calls them, and how each is written and removed.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::quickbooks {

enum class Removal {
  kNever,
  kDeactivate,  // name lists: nothing of them is ever deleted
  kDelete,      // transactions
};

struct Resource {
  std::string name;    // "sales_receipts"
  std::string object;  // "SalesReceipt": in queries and answers
  std::string path;    // "salesreceipt": in addresses
  std::string entity;  // of the unified model; empty: kept as records only
  std::vector<std::string> depends_on;
  bool is_list = false;   // a name list: has `Active`
  bool is_money = false;  // a transaction: never to be made twice
  Removal removal = Removal::kNever;
  /// Members that QuickBooks leaves out when they are empty. They are filled in with null, since the hub takes what is
  /// not there for "nothing said" and would keep an e-mail that was cleared.
  std::vector<std::string> optional_members;
};

const std::vector<Resource>& resources();
const Resource* find_resource(std::string_view name);
/// By the name of webhooks: "Customer", or in lower case "customer".
const Resource* find_resource_of_object(std::string_view object);

}  // namespace patchbay::quickbooks
