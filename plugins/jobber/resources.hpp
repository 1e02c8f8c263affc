// The resources that are synced: their GraphQL names, fields and how each tells what changed.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::jobber {

/// How an incremental list finds what changed.
enum class ChangeFilter {
  kUpdatedAt,   // filter: {updatedAt: {after}}
  kSortedJobs,  // no such filter: sorted by UPDATED_AT, read until older
  kEntryDate,   // filter: {entryDate: {after}}, with a window that looks back
  kStartAt,     // filter: {startAt: {after}}, with a window that looks back: visits tell no change
};

struct Resource {
  std::string name;  // "clients"
  std::string entity;
  std::vector<std::string> depends_on;
  std::string list_field;   // root field of the list: "paymentRecords"
  std::string get_field;    // root field of one: "paymentRecord"
  std::string filter_type;  // "ClientFilterAttributes"
  std::string fields;       // selection of one node
  ChangeFilter change_filter = ChangeFilter::kUpdatedAt;
  bool writable = false;
  bool removable = false;
  std::vector<std::string> scopes;
  /// Member of each node of the list that holds the records themselves ("clientProperties"), where Jobber has no list
  /// of them; `nested_fields` is the node's selection around them.
  std::string nested_list = {};
  std::string nested_fields = {};
  std::uint32_t page_max = 100;
};

const std::vector<Resource>& resources();
const Resource* find_resource(std::string_view name);

std::string list_document(const Resource& resource);
std::string get_document(const Resource& resource);
/// "ListClients", "GetClients": also the operation's name.
std::string operation_name(const char* verb, const Resource& resource);

sdk::Record make_record(const Resource& resource, sdk::json::value node);

}  // namespace patchbay::jobber
