#include "engine/resources/reader.hpp"

#include "engine/resources/cursor.hpp"
#include "platform/base/ids.hpp"

#include <algorithm>

namespace patchbay::resources {
namespace {

sdk::Error not_found(const ResourceDescription& description) {
  return sdk::not_found_error("resources.not_found", description.title + " not found.");
}

storage::Param sort_value(const storage::Rows& rows, std::size_t row, const ResourceDescription& description,
                          const Field& field) {
  std::size_t column = sql::kFieldColumns;
  if (field.name == "createdAt") {
    column = sql::kCreatedColumn;
  } else if (field.name == "updatedAt") {
    column = sql::kUpdatedColumn;
  } else {
    column += static_cast<std::size_t>(&field - description.fields.data());
  }
  const auto value = rows.at(row, column);
  return value ? storage::Param(std::string(*value)) : storage::Param();
}

std::string cursor_after(const storage::Rows& rows, std::size_t row, const ResourceDescription& description,
                         const ListQuery& query) {
  storage::Params values;
  for (const SortKey& key : query.sort) values.push_back(sort_value(rows, row, description, *key.field));
  values.emplace_back(rows.at(row, sql::kIdColumn).value_or(""));
  return make_cursor(query.sort_text, values);
}

/// Who sees the same rows by the same filter has the same count.
std::string count_key(const ResourceDescription& description, const RowScope& scope, const ListQuery& query) {
  const sql::Statement statement = sql::count(description, scope, query, 0);
  std::string key = scope.key() + '\n' + statement.text;
  for (const storage::Param& param : statement.params) key += '\n' + param.value_or("");
  return key;
}

std::optional<std::uint64_t> planned_rows(const storage::Rows& rows) {
  const auto text = rows.empty() ? std::nullopt : rows.at(0, std::size_t{0});
  if (!text) return std::nullopt;
  const auto document = sdk::parse_json(*text);
  if (!document.ok()) return std::nullopt;
  const sdk::json::value* number = nullptr;
  if (document->is_array() && !document->get_array().empty()) {
    number = sdk::find_path(document->get_array().front(), "Plan.Plan Rows");
  }
  if (number == nullptr || !number->is_int64() || number->get_int64() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(number->get_int64());
}

}  // namespace

/// One list on its way: the page first, then as much counting as it needs.
struct Reader::ListWork {
  std::shared_ptr<ReadChannel> channel;
  const ResourceDescription* description = nullptr;
  RowScope scope;
  ListQuery query;
  std::string key;
  ReadPage page;
  PageDone done;
};

Reader::Reader(const Registry& registry, const policy::Policy& policy)
    : policy_(policy), views_(registry, policy.roles()) {}

void Reader::get(const std::shared_ptr<ReadChannel>& channel, const ResourceDescription& description,
                 const policy::Principal& principal, const std::string& id, RowDone done) const {
  if (!base::is_uuid(id)) return done(not_found(description));
  const auto statement = sql::select_one(description, row_scope(policy_, description, principal), id);
  const JsonView& view = views_.of(description, principal.role);
  channel->query(statement, [&view, &description, done = std::move(done)](sdk::Result<storage::Rows> rows) {
    if (!rows.ok()) return done(std::move(rows).error());
    if (rows->empty()) return done(not_found(description));
    ReadRow row;
    row.json.reserve(1'024);
    view.append(row.json, *rows, 0, sql::Shape::kSingle);
    row.version = std::string(rows->at(0, sql::kVersionColumn).value_or(""));
    done(std::move(row));
  });
}

void Reader::check_exists(const std::shared_ptr<ReadChannel>& channel, const ResourceDescription& description,
                          const policy::Principal& principal, const std::string& id,
                          std::function<void(sdk::Result<void>)> done) const {
  if (!base::is_uuid(id)) return done(not_found(description));
  const auto statement = sql::exists(description, row_scope(policy_, description, principal), id);
  channel->query(statement, [&description, done = std::move(done)](sdk::Result<storage::Rows> rows) {
    if (!rows.ok()) return done(std::move(rows).error());
    done(rows->empty() ? sdk::Result<void>(not_found(description)) : sdk::Result<void>());
  });
}

void Reader::list(const std::shared_ptr<ReadChannel>& channel, const ResourceDescription& description,
                  const policy::Principal& principal, ListQuery query, PageDone done) const {
  auto work = std::make_shared<ListWork>();
  work->channel = channel;
  work->description = &description;
  work->scope = row_scope(policy_, description, principal);
  work->query = std::move(query);
  work->done = std::move(done);
  const JsonView& view = views_.of(description, principal.role);
  const auto statement = sql::select_list(description, work->scope, work->query);
  channel->query(statement, [this, work, &view](sdk::Result<storage::Rows> rows) {
    if (!rows.ok()) return work->done(std::move(rows).error());
    ReadPage& page = work->page;
    page.row_count = std::min(rows->size(), work->query.page_size);
    page.has_next = rows->size() > page.row_count;
    page.json.reserve(page.row_count * 700 + 2);
    page.json = "[";
    for (std::size_t i = 0; i < page.row_count; ++i) {
      if (i > 0) page.json += ',';
      view.append(page.json, *rows, i, sql::Shape::kListed);
    }
    page.json += ']';
    if (page.has_next) page.next_cursor = cursor_after(*rows, page.row_count - 1, *work->description, work->query);
    count(work);
  });
}

void Reader::count(std::shared_ptr<ListWork> work) const {
  const ListQuery& query = work->query;
  ReadPage& page = work->page;
  if (query.count == ListQuery::Count::kNone) return work->done(std::move(page));
  // The last page tells the total by itself.
  const bool is_last = !query.by_cursor && !page.has_next && (page.row_count > 0 || query.page == 1);
  if (is_last) {
    page.total = RowCount{query.offset() + page.row_count, false};
    return work->done(std::move(page));
  }
  const bool exact = query.count == ListQuery::Count::kExact;
  work->key = count_key(*work->description, work->scope, query);
  if (!exact) {
    page.total = counts_.find(work->key, RowCountCache::Clock::now());
    if (page.total) return work->done(std::move(page));
  }
  const auto statement = sql::count(*work->description, work->scope, query, exact ? 0 : kExactCountMax + 1);
  const auto channel = work->channel;
  channel->query(statement, [this, work, exact](sdk::Result<storage::Rows> rows) {
    if (!rows.ok()) return work->done(std::move(rows).error());
    const auto counted = static_cast<std::uint64_t>(rows->integer(0, "count"));
    if (!exact && counted > kExactCountMax) return estimate(work);
    work->page.total = RowCount{counted, false};
    work->done(std::move(work->page));
  });
}

void Reader::estimate(std::shared_ptr<ListWork> work) const {
  const auto statement = sql::estimate(*work->description, work->scope, work->query);
  const auto channel = work->channel;
  channel->query(statement, [this, work](sdk::Result<storage::Rows> rows) {
    if (!rows.ok()) return work->done(std::move(rows).error());
    // Never less than what has been seen. An empty page has seen nothing, however far out it was asked for.
    const ReadPage& page = work->page;
    const std::uint64_t seen = page.row_count > 0 ? work->query.offset() + page.row_count + (page.has_next ? 1 : 0) : 0;
    const std::uint64_t least = std::max<std::uint64_t>(kExactCountMax + 1, seen);
    work->page.total = RowCount{std::max(planned_rows(*rows).value_or(least), least), true};
    counts_.put(work->key, *work->page.total, RowCountCache::Clock::now());
    work->done(std::move(work->page));
  });
}

}  // namespace patchbay::resources
