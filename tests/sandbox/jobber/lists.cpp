#include "tests/sandbox/jobber/lists.hpp"

#include "tests/sandbox/jobber/filter.hpp"
#include "tests/sandbox/jobber/records.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::size_t kPageMax = 100;

struct Sort {
  std::string key;
  bool descending = false;
};

Sort read_sort(const json::object& arguments) {
  const auto* sort = arguments.if_contains("sort");
  if (sort != nullptr && sort->is_array()) sort = sort->get_array().empty() ? nullptr : &sort->get_array().front();
  if (sort == nullptr || !sort->is_object()) return {};
  return {sdk::string_at(*sort, "key"), sdk::string_at(*sort, "direction") == "DESCENDING"};
}

/// The member that a sort key means, where it is neither creation nor change.
std::string sort_member(std::string_view kind, const std::string& key) {
  struct Key {
    std::string_view kind, key, member;
  };
  static constexpr std::array<Key, 22> kKeys{{{"clients", "PRIMARY_NAME", "name"},
                                              {"clients", "FIRST_NAME", "firstName"},
                                              {"clients", "LAST_NAME", "lastName"},
                                              {"jobs", "JOB_NUMBER", "jobNumber"},
                                              {"jobs", "TOTAL_COST", "total"},
                                              {"jobs", "JOB_STATUS", "jobStatus"},
                                              {"jobs", "SCHEDULE", "startAt"},
                                              {"jobs", "VISIT_START_DATE", "startAt"},
                                              {"quotes", "QUOTE_NUMBER", "quoteNumber"},
                                              {"quotes", "QUOTE_STATUS", "quoteStatus"},
                                              {"quotes", "QUOTE_TOTAL", "amounts.total"},
                                              {"quotes", "LAST_SENT_AT", "sentAt"},
                                              {"quotes", "APPROVED_AT", "lastTransitioned.approvedAt"},
                                              {"quotes", "CONVERTED_AT", "lastTransitioned.convertedAt"},
                                              {"visits", "START_AT", "startAt"},
                                              {"invoices", "INVOICE_NUMBER", "invoiceNumber"},
                                              {"invoices", "ISSUED_DATE", "issuedDate"},
                                              {"invoices", "DUE_DATE", "dueDate"},
                                              {"invoices", "INVOICE_TOTAL", "amounts.total"},
                                              {"payments", "ENTRY_DATE", "entryDate"},
                                              {"expenses", "DATE", "date"},
                                              {"requests", "TITLE", "title"}}};
  for (const auto& entry : kKeys) {
    if (entry.kind == kind && entry.key == key) return std::string(entry.member);
  }
  return {};
}

bool less_by(const json::object& left, const json::object& right, const std::string& member) {
  const auto* a = sdk::find_path(left, member);
  const auto* b = sdk::find_path(right, member);
  const bool a_empty = a == nullptr || a->is_null();
  const bool b_empty = b == nullptr || b->is_null();
  if (a_empty || b_empty) return a_empty && !b_empty;
  if (a->is_number() && b->is_number()) return a->to_number<double>() < b->to_number<double>();
  return sdk::scalar_text(*a).value_or("") < sdk::scalar_text(*b).value_or("");
}

std::size_t size_argument(const json::object& arguments, std::string_view name, std::size_t fallback) {
  const auto* value = arguments.if_contains(name);
  if (value == nullptr || !value->is_int64()) return fallback;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(value->get_int64(), 0, kPageMax));
}

/// Cuts the page out of an order; `reversed` reads it from its end.
graphql::Connection cut(std::string_view kind, const Table::Order& order, bool reversed,
                        const json::object& arguments) {
  graphql::Connection page;
  page.total = order.size();
  std::size_t begin = 0;
  std::size_t end = order.size();
  if (const auto cursor = graphql::parse_cursor(sdk::string_at(arguments, "after"))) begin = std::min(*cursor + 1, end);
  if (const auto cursor = graphql::parse_cursor(sdk::string_at(arguments, "before"))) end = std::min(*cursor, end);
  begin = std::min(begin, end);
  const bool backwards = arguments.contains("last") && !arguments.contains("first");
  if (backwards)
    begin = end - std::min(end - begin, size_argument(arguments, "last", kPageMax));
  else
    end = begin + std::min(end - begin, size_argument(arguments, "first", kPageMax));
  page.offset = begin;
  page.nodes.reserve(end - begin);
  for (auto i = begin; i < end; ++i) page.nodes.push_back(object_of(kind, *order[reversed ? order.size() - 1 - i : i]));
  return page;
}

Table::Order filtered(const Table& table, const Filter& filter, const Table::Order& order, bool by_creation) {
  Table::Order found;
  const auto* range = filter.updated_range();
  const auto& source = range != nullptr ? table.by_updated() : order;
  auto from = source.begin();
  if (range != nullptr) {
    from = std::upper_bound(source.begin(), source.end(), range->after,
                            [](std::int64_t time, const Record* record) { return time < record->updated_ms; });
  }
  std::copy_if(from, source.end(), std::back_inserter(found),
               [&](const Record* record) { return filter.matches(*record); });
  if (range != nullptr && by_creation) {
    std::sort(found.begin(), found.end(), [](const Record* left, const Record* right) {
      return std::tie(left->created_ms, left->sequence) < std::tie(right->created_ms, right->sequence);
    });
  }
  return found;
}

}  // namespace

graphql::Object object_of(std::string_view kind, const Record& record) {
  auto type = sdk::string_at(record.value, "_type");
  if (type.empty()) type = find_record_type(kind)->type;
  return {std::move(type), &record.value};
}

graphql::Connection page_of(std::string_view kind, const Table::Order& records, const json::object& arguments) {
  return cut(kind, records, false, arguments);
}

graphql::Connection list_records(const Books& books, std::string_view kind, const json::object& arguments) {
  const auto& table = books.table(kind);
  const auto sort = read_sort(arguments);
  const bool by_change = sort.key == "UPDATED_AT";
  const auto member = sort_member(kind, sort.key);
  const auto& order = by_change ? table.by_updated() : table.by_created();
  const Filter filter(books, kind, arguments);
  if (filter.empty() && member.empty()) return cut(kind, order, sort.descending, arguments);
  auto found = filtered(table, filter, order, !by_change);
  if (!member.empty()) {
    std::stable_sort(found.begin(), found.end(), [&](const Record* left, const Record* right) {
      return less_by(left->value, right->value, member);
    });
  }
  return cut(kind, found, sort.descending, arguments);
}

}  // namespace patchbay::sandbox::jobber
