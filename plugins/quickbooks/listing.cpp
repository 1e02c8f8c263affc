#include "listing.hpp"

#include "records.hpp"

#include <algorithm>

namespace patchbay::quickbooks {
namespace {

constexpr std::chrono::minutes kOverlap{5};             // what was being written while the run before read
constexpr std::chrono::hours kCdcReachesBack{24 * 29};  // 30 days, less one of safety
constexpr std::size_t kSeenMax = 100;                   // ids that a cursor of 4 KiB can carry

constexpr const char* kChanged = "MetaData.LastUpdatedTime";

std::string changed_at(const sdk::json::value& row) {
  return sdk::string_at(row, kChanged);
}

sdk::Error unreadable(const char* what) {
  return sdk::transient_error("quickbooks.unreadable", std::string("QuickBooks answered ") + what);
}

/// The rows of one entity in a CDC answer, which wraps them in lists of lists; empty ones are `{}`.
sdk::json::array take_changes(sdk::json::value& body, const std::string& object) {
  sdk::json::array rows;
  auto* responses = body.as_object().if_contains("CDCResponse");
  if (responses == nullptr || !responses->is_array()) return rows;
  for (auto& response : responses->as_array()) {
    auto* parts = response.is_object() ? response.as_object().if_contains("QueryResponse") : nullptr;
    if (parts == nullptr || !parts->is_array()) continue;
    for (auto& part : parts->as_array()) {
      auto* found = part.is_object() ? part.as_object().if_contains(object) : nullptr;
      if (found == nullptr || !found->is_array()) continue;
      for (auto& row : found->as_array()) rows.push_back(std::move(row));
    }
  }
  return rows;
}

bool is_deleted(const sdk::json::value& row) {
  return sdk::string_at(row, "status") == "Deleted";
}

}  // namespace

struct Listing::Cursor {
  std::string since;              // as QuickBooks wrote it; empty: from the beginning
  std::uint64_t skip = 0;         // rows of exactly that time that were read
  std::vector<std::string> seen;  // ids of that time that were handed out
  std::string checkpoint;         // where the next run begins

  static std::optional<Cursor> parse(const std::string& text) {
    const auto parsed = sdk::parse_json(text, {8 * 1024, 4});
    if (!parsed.ok() || !parsed->is_object()) return std::nullopt;
    Cursor cursor;
    cursor.since = sdk::string_at(*parsed, "since");
    cursor.checkpoint = sdk::string_at(*parsed, "checkpoint");
    if (const auto* skip = sdk::find_member(*parsed, "skip"); skip != nullptr && skip->is_int64())
      cursor.skip = static_cast<std::uint64_t>(std::max<std::int64_t>(0, skip->as_int64()));
    if (const auto* seen = sdk::find_member(*parsed, "seen"); seen != nullptr && seen->is_array()) {
      for (const auto& id : seen->as_array()) cursor.seen.push_back(sdk::scalar_text(id).value_or(""));
    }
    return cursor;
  }

  std::string text() const {
    return sdk::json::serialize(sdk::json::object{{"since", since},
                                                  {"skip", static_cast<std::int64_t>(skip)},
                                                  {"seen", sdk::json::array(seen.begin(), seen.end())},
                                                  {"checkpoint", checkpoint}});
  }

  /// Moves behind `rows`. False: QuickBooks did not keep the order, and the run would never end.
  bool advance(const sdk::json::array& rows) {
    const std::string last = changed_at(rows.back());
    const auto last_time = sdk::parse_time(last), since_time = sdk::parse_time(since);
    if (!last_time.ok() || (since_time.ok() && *last_time < *since_time)) return false;
    if (since_time.ok() && *last_time == *since_time) {
      skip += rows.size();
      seen.clear();
      return true;
    }
    since = last;
    skip = 0;
    seen.clear();
    for (const auto& row : rows) {
      if (changed_at(row) == last && seen.size() < kSeenMax) seen.push_back(sdk::string_at(row, "Id"));
    }
    return true;
  }
};

sdk::Result<sdk::Page> Listing::page(const sdk::CallContext& context, const Resource& resource,
                                     const sdk::ListRequest& request) {
  if (resource.is_money) PATCHBAY_TRY(lookups_.load(context));
  if (auto cursor = Cursor::parse(request.page_cursor)) return query_page(context, resource, request, *cursor);
  const auto began = sdk::parse_time(request.checkpoint);
  if (request.mode == sdk::SyncMode::kFull || !began.ok()) return query_page(context, resource, request, {});
  if (*began < services_.clock.now() - kCdcReachesBack) {
    services_.logger.log(sdk::LogLevel::kInfo,
                         "the last run is further back than QuickBooks' change data; everything is listed anew",
                         {{"resource", resource.name}});
    return query_page(context, resource, request, {});
  }
  return change_page(context, resource, *began - kOverlap);
}

void Listing::add_records(sdk::Page& page, const Resource& resource, sdk::json::array rows, const Cursor& cursor) {
  const auto now = services_.clock.now();
  for (auto& row : rows) {
    if (resource.name == "customers") lookups_.learn(row);
    auto record = make_record(resource, std::move(row), lookups_, now);
    if (record.external_id.empty()) {
      page.problems.push_back({"", "QuickBooks sent a " + resource.object + " without an id"});
      continue;
    }
    const bool again = changed_at(record.data) == cursor.since &&
                       std::find(cursor.seen.begin(), cursor.seen.end(), record.external_id) != cursor.seen.end();
    if (!again) page.records.push_back(std::move(record));
  }
}

sdk::Result<sdk::Page> Listing::query_page(const sdk::CallContext& context, const Resource& resource,
                                           const sdk::ListRequest& request, Cursor cursor) {
  Statement statement{resource.object, {}, std::string(kChanged).append(" ASC"), 1, kMaxResults};
  // Without this, inactive rows of a name list are left out.
  if (resource.is_list) statement.conditions.emplace_back("Active IN (true, false)");
  if (!cursor.since.empty()) statement.conditions.push_back(std::string(kChanged) + " >= " + literal(cursor.since));
  statement.start_position = cursor.skip + 1;
  statement.max_results = std::min(std::max<std::uint32_t>(request.page_size, 1), kMaxResults);
  sdk::Page page;
  const auto asked_at = services_.clock.now();
  if (cursor.checkpoint.empty()) {
    PATCHBAY_ASSIGN(page.total_estimate, api_.count(context, statement));
  }
  PATCHBAY_ASSIGN(QueryAnswer answer, api_.query(context, statement));
  // Fixed before the first row is read, by QuickBooks' clock: what changes meanwhile is seen twice, not missed.
  if (cursor.checkpoint.empty()) cursor.checkpoint = sdk::format_time(std::min(answer.at.value_or(asked_at), asked_at));
  const bool full = answer.rows.size() >= statement.max_results;
  Cursor next = cursor;
  if (full && !next.advance(answer.rows)) return unreadable("with rows out of order");
  add_records(page, resource, std::move(answer.rows), cursor);
  if (full) {
    page.next_cursor = next.text();
  } else {
    page.checkpoint = cursor.checkpoint;
  }
  return page;
}

sdk::Result<sdk::Page> Listing::change_page(const sdk::CallContext& context, const Resource& resource,
                                            sdk::SystemTime since) {
  const auto asked_at = services_.clock.now();
  PATCHBAY_ASSIGN(
      auto body, api_.read(context, "cdc", {{"entities", resource.object}, {"changedSince", sdk::format_time(since)}}));
  const auto* response = sdk::find_path(body, "CDCResponse[0]");
  if (response == nullptr) return unreadable("without change data");
  if (const auto fault = find_fault(*response)) return error_of(*fault, 0);
  const auto answered_at = sdk::parse_time(sdk::string_at(body, "time"));
  const std::string checkpoint = sdk::format_time(answered_at.ok() ? std::min(*answered_at, asked_at) : asked_at);
  sdk::json::array rows = take_changes(body, resource.object);
  sdk::Page page;
  if (rows.size() < kMaxResults) {
    add_records(page, resource, std::move(rows), {});
    page.checkpoint = checkpoint;
    return page;
  }
  // There is no second page: what was deleted is taken from here, what changed is asked for by query.
  services_.logger.log(sdk::LogLevel::kWarning,
                       "more changed than QuickBooks' change data holds; they are queried, and deletions that it left "
                       "out are found by the next full run",
                       {{"resource", resource.name}});
  sdk::json::array deleted;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(deleted), is_deleted);
  add_records(page, resource, std::move(deleted), {});
  page.next_cursor = Cursor{sdk::format_time(since), 0, {}, checkpoint}.text();
  return page;
}

}  // namespace patchbay::quickbooks
