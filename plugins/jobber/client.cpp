#include "client.hpp"

namespace patchbay::jobber {
namespace {

constexpr std::chrono::minutes kOverlap{5};            // records that changed while the run before was reading
constexpr std::chrono::hours kPaymentWindow{24 * 35};  // payments tell only the day they were entered
constexpr std::chrono::hours kVisitWindow{24 * 14};    // visits that began before stay as they are

/// Where a run stands: the page after, what it looks for, and when it began (the next run's start).
struct Cursor {
  std::string after, since, began;
  static Cursor of(const sdk::ListRequest& request, sdk::SystemTime now) {
    const auto parsed = sdk::parse_json(request.page_cursor, {8 * 1024, 4});
    if (parsed.ok() && parsed->is_object()) {
      return {sdk::string_at(*parsed, "after"), sdk::string_at(*parsed, "since"), sdk::string_at(*parsed, "began")};
    }
    return {
        {}, request.mode == sdk::SyncMode::kIncremental ? request.checkpoint : std::string(), sdk::format_time(now)};
  }
  std::string text() const {
    return sdk::json::serialize(sdk::json::object{{"after", after}, {"since", since}, {"began", began}});
  }
};

sdk::json::object filter_of(const Resource& resource, const Cursor& cursor) {
  const auto since = sdk::parse_time(cursor.since);
  if (!since.ok()) return {};
  switch (resource.change_filter) {
    case ChangeFilter::kUpdatedAt:
      return {{"updatedAt", {{"after", sdk::format_time(*since - kOverlap)}}}};
    case ChangeFilter::kEntryDate:
      return {{"entryDate", {{"after", sdk::format_time(*since - kPaymentWindow)}}}};
    case ChangeFilter::kStartAt:
      return {{"startAt", {{"after", sdk::format_time(*since - kVisitWindow)}}}};
    case ChangeFilter::kSortedJobs:
      return {};
  }
  return {};
}

sdk::Result<const Resource*> known_resource(const std::string& name) {
  const Resource* resource = find_resource(name);
  if (resource == nullptr)
    return sdk::permanent_error("jobber.unknown_resource", "Jobber has no resource '" + name + "' here");
  return resource;
}

/// Sorted newest first, everything from here on was seen by the run before.
bool is_older(const sdk::Record& record, const Cursor& cursor) {
  const auto since = sdk::parse_time(cursor.since);
  return since.ok() && record.updated_at && *record.updated_at < *since - kOverlap;
}

/// The nodes that are records: of the list itself, or of the list inside each of its nodes.
sdk::json::array take_nodes(const Resource& resource, sdk::json::value& connection, sdk::Page& page) {
  auto* nodes = connection.as_object().if_contains("nodes");
  if (nodes == nullptr || !nodes->is_array()) return {};
  if (resource.nested_list.empty()) return std::move(nodes->as_array());
  sdk::json::array records;
  for (const auto& parent : nodes->as_array()) {
    const auto* more = sdk::find_path(parent, resource.nested_list + ".pageInfo.hasNextPage");
    if (more != nullptr && more->is_bool() && more->as_bool())
      page.problems.push_back(
          {sdk::string_at(parent, "id"), "more than 20 " + resource.name + "; the others are left out"});
    const auto* inner = sdk::find_path(parent, resource.nested_list + ".nodes");
    if (inner == nullptr || !inner->is_array()) continue;
    records.insert(records.end(), inner->as_array().begin(), inner->as_array().end());
  }
  return records;
}

}  // namespace

JobberClient::JobberClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : services_(services), graphql_(settings, services), writing_(graphql_, services.clock) {}

sdk::Result<sdk::AccountIdentity> JobberClient::authenticate(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto data, graphql_.run(context, "Account", "query Account { account { id name } }", {}));
  sdk::AccountIdentity identity;
  identity.account_id = sdk::string_at(data, "account.id");
  identity.name = sdk::string_at(data, "account.name");
  return identity;
}

sdk::Result<sdk::Page> JobberClient::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(request.resource));
  Cursor cursor = Cursor::of(request, services_.clock.now());
  sdk::json::object variables{{"first", std::min(std::max<std::uint32_t>(request.page_size, 1), resource->page_max)},
                              {"filter", filter_of(*resource, cursor)}};
  if (!cursor.after.empty()) variables["after"] = cursor.after;
  PATCHBAY_ASSIGN(auto data,
                  graphql_.run(context, operation_name("List", *resource), list_document(*resource), variables));
  auto* connection = data.as_object().if_contains(resource->list_field);
  if (connection == nullptr || !connection->is_object()) {
    return sdk::transient_error("jobber.unreadable", "Jobber answered without the list '" + resource->list_field + "'");
  }
  sdk::Page page;
  bool reached_known = false;
  for (auto& node : take_nodes(*resource, *connection, page)) {
    sdk::Record record = make_record(*resource, std::move(node));
    // An answer in part holds null where a node failed.
    if (record.external_id.empty()) {
      page.problems.push_back({"", "Jobber left out one of its " + resource->name});
      continue;
    }
    if (resource->change_filter == ChangeFilter::kSortedJobs && is_older(record, cursor)) {
      reached_known = true;
      break;
    }
    page.records.push_back(std::move(record));
  }
  const auto* more = sdk::find_path(*connection, "pageInfo.hasNextPage");
  if (more != nullptr && more->is_bool() && more->as_bool() && !reached_known) {
    const std::string end = sdk::string_at(*connection, "pageInfo.endCursor");
    // The same place again would never end.
    if (end.empty() || end == cursor.after)
      return sdk::transient_error("jobber.unreadable", "Jobber promised another page but did not say where it starts");
    cursor.after = end;
    page.next_cursor = cursor.text();
  } else {
    page.checkpoint = cursor.began;
  }
  return page;
}

sdk::Result<sdk::Record> JobberClient::get(const sdk::CallContext& context, const std::string& resource_name,
                                           const std::string& external_id) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(resource_name));
  PATCHBAY_ASSIGN(auto data, graphql_.run(context, operation_name("Get", *resource), get_document(*resource),
                                          {{"id", external_id}}));
  auto* node = data.as_object().if_contains(resource->get_field);
  // Jobber tells a deleted record by null, not by an error.
  if (node == nullptr || !node->is_object())
    return sdk::not_found_error("jobber.not_found", "Jobber has no such record");
  return make_record(*resource, std::move(*node));
}

sdk::Result<sdk::Record> JobberClient::create(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  return writing_.create(context, request);
}

sdk::Result<sdk::Record> JobberClient::update(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  return writing_.update(context, request);
}

sdk::Result<void> JobberClient::remove(const sdk::CallContext& context, const std::string& resource,
                                       const std::string& external_id) {
  if (resource != "clients")
    return sdk::permanent_error("jobber.not_removable", "Jobber's " + resource + " cannot be deleted by an app");
  return writing_.archive_client(context, external_id);
}

sdk::Result<sdk::Health> JobberClient::health_check(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto account, authenticate(context));
  sdk::Health health{true, "Jobber answers for " + account.name, {{"account", account.account_id}}, {}};
  health.details["apiVersion"] = graphql_.answered_version();
  if (!graphql_.version_warning().empty()) {
    health.notices.push_back("Jobber about the API version: " + graphql_.version_warning() +
                             " Set the option 'apiVersion' to a newer one.");
  } else if (!graphql_.answered_version().empty() && graphql_.answered_version() != graphql_.asked_version()) {
    health.notices.push_back("Jobber answers with API version " + graphql_.answered_version() + " instead of " +
                             graphql_.asked_version() + ", which it no longer has.");
  }
  return health;
}

}  // namespace patchbay::jobber
