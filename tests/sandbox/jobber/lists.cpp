#include "tests/sandbox/jobber/lists.hpp"

#include "tests/sandbox/jobber/records.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::size_t kPageMax = 100;

enum class Compare {
  kTime,
  kNumber,
  kText,
  kFlag,
  kLink,
  kIds,
  kStatus,
  kTags,
  kUnscheduled,
  kInvoiceable,
  kRefundable,
  kVisits
};

struct FilterRule {
  std::string_view kind, input;
  Compare compare;
  std::string_view member;
};
constexpr std::array<FilterRule, 43> kFilters{{{"clients", "isCompany", Compare::kFlag, "isCompany"},
                                               {"clients", "isLead", Compare::kFlag, "isLead"},
                                               {"clients", "isArchived", Compare::kFlag, "isArchived"},
                                               {"clients", "updatedAt", Compare::kTime, "updatedAt"},
                                               {"clients", "createdAt", Compare::kTime, "createdAt"},
                                               {"clients", "tags", Compare::kTags, "_tags"},
                                               {"jobs", "jobType", Compare::kText, "jobType"},
                                               {"jobs", "createdAt", Compare::kTime, "createdAt"},
                                               {"jobs", "startAt", Compare::kTime, "startAt"},
                                               {"jobs", "endAt", Compare::kTime, "endAt"},
                                               {"jobs", "completedAt", Compare::kTime, "completedAt"},
                                               {"jobs", "visitsScheduledBetween", Compare::kVisits, ""},
                                               {"jobs", "includeUnscheduled", Compare::kUnscheduled, ""},
                                               {"jobs", "onlyInvoiceable", Compare::kInvoiceable, ""},
                                               {"jobs", "ids", Compare::kIds, ""},
                                               {"jobs", "status", Compare::kStatus, ""},
                                               {"quotes", "clientId", Compare::kLink, "_client"},
                                               {"quotes", "quoteNumber", Compare::kNumber, "quoteNumber"},
                                               {"quotes", "status", Compare::kText, "quoteStatus"},
                                               {"quotes", "cost", Compare::kNumber, "amounts.total"},
                                               {"quotes", "sentAt", Compare::kTime, "sentAt"},
                                               {"quotes", "updatedAt", Compare::kTime, "updatedAt"},
                                               {"quotes", "createdAt", Compare::kTime, "createdAt"},
                                               {"quotes", "salespersonId", Compare::kLink, "_salesperson"},
                                               {"visits", "status", Compare::kStatus, ""},
                                               {"visits", "createdAt", Compare::kTime, "createdAt"},
                                               {"visits", "startAt", Compare::kTime, "startAt"},
                                               {"visits", "endAt", Compare::kTime, "endAt"},
                                               {"visits", "completedAt", Compare::kTime, "completedAt"},
                                               {"visits", "assignedTo", Compare::kTags, "_assignedUsers"},
                                               {"visits", "ids", Compare::kIds, ""},
                                               {"invoices", "clientId", Compare::kLink, "_client"},
                                               {"invoices", "invoiceNumber", Compare::kText, "invoiceNumber"},
                                               {"invoices", "total", Compare::kNumber, "amounts.total"},
                                               {"invoices", "issuedDate", Compare::kTime, "issuedDate"},
                                               {"invoices", "dueDate", Compare::kTime, "dueDate"},
                                               {"invoices", "status", Compare::kStatus, ""},
                                               {"payments", "entryDate", Compare::kTime, "entryDate"},
                                               {"payments", "adjustmentType", Compare::kText, "adjustmentType"},
                                               {"payments", "paymentType", Compare::kText, "paymentType"},
                                               {"payments", "refundable", Compare::kRefundable, ""},
                                               {"payments", "clientId", Compare::kLink, "_client"},
                                               {"expenses", "date", Compare::kTime, "date"}}};
/// What every list of the rest shares.
constexpr std::array<FilterRule, 7> kCommonFilters{{{"", "updatedAt", Compare::kTime, "updatedAt"},
                                                    {"", "createdAt", Compare::kTime, "createdAt"},
                                                    {"", "enteredById", Compare::kLink, "_enteredBy"},
                                                    {"", "reimbursableToId", Compare::kLink, "_reimbursableTo"},
                                                    {"", "clientId", Compare::kLink, "_client"},
                                                    {"", "propertyId", Compare::kLink, "_property"},
                                                    {"", "status", Compare::kText, "requestStatus"}}};

const FilterRule* find_filter(std::string_view kind, std::string_view input) {
  for (const auto& rule : kFilters) {
    if (rule.kind == kind && rule.input == input) return &rule;
  }
  for (const auto& rule : kCommonFilters) {
    if (rule.input == input) return &rule;
  }
  return nullptr;
}

struct TimeRange {
  std::int64_t after = std::numeric_limits<std::int64_t>::min();
  std::int64_t before = std::numeric_limits<std::int64_t>::max();

  explicit TimeRange(const json::value& input) {
    if (const auto text = sdk::string_at(input, "after"); !text.empty()) after = parse_milliseconds(text);
    if (const auto text = sdk::string_at(input, "before"); !text.empty()) before = parse_milliseconds(text);
    if (const auto text = sdk::string_at(input, "eq"); !text.empty()) {
      after = parse_milliseconds(text) - 1;
      before = parse_milliseconds(text) + 1000;
    }
  }
  bool holds(std::int64_t time) const { return time > after && time < before; }
};

double number_of(const json::object& record, std::string_view path) {
  const auto* value = sdk::find_path(record, path);
  if (value == nullptr) return 0;
  if (value->is_number()) return value->to_number<double>();
  return value->is_string() ? std::atof(value->get_string().c_str()) : 0;
}

bool number_in(double number, const json::value& range) {
  const auto bound = [&](std::string_view name, double fallback) {
    const auto* value = sdk::find_member(range, name);
    return value != nullptr && value->is_number() ? value->to_number<double>() : fallback;
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto equal = bound("eq", kInfinity);
  if (equal != kInfinity) return number == equal;
  return number >= bound("min", -kInfinity) && number <= bound("max", kInfinity);
}

bool holds_any(const json::object& record, std::string_view member, const json::value& wanted) {
  const auto* values = record.if_contains(member);
  if (values == nullptr || !values->is_array()) return false;
  const auto has = [&](const json::value& one) {
    return std::find(values->get_array().begin(), values->get_array().end(), one) != values->get_array().end();
  };
  if (!wanted.is_array()) return has(wanted);
  return std::any_of(wanted.get_array().begin(), wanted.get_array().end(), has);
}

class Filter {
 public:
  Filter(const Books& books, std::string_view kind, const json::object& arguments) : books_(books), kind_(kind) {
    if (const auto* filter = arguments.if_contains("filter"); filter != nullptr && filter->is_object()) {
      for (const auto& member : filter->get_object()) {
        if (member.value().is_null()) continue;
        if (const auto* rule = find_filter(kind, std::string_view(member.key())))
          conditions_.emplace_back(rule, &member.value());
      }
    }
    term_ = lower(sdk::string_at(arguments, "searchTerm"));
  }

  bool empty() const { return conditions_.empty() && term_.empty(); }

  /// The narrowest time of change that is asked for: what a look into the order by change can skip.
  std::optional<TimeRange> updated_range() const {
    for (const auto& [rule, input] : conditions_) {
      if (rule->member == "updatedAt") return TimeRange(*input);
    }
    return std::nullopt;
  }

  bool matches(const Record& record) const {
    for (const auto& [rule, input] : conditions_) {
      if (!matches_one(record, *rule, *input)) return false;
    }
    return term_.empty() || matches_term(record.value);
  }

 private:
  static std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
  }

  bool matches_one(const Record& record, const FilterRule& rule, const json::value& input) const {
    const auto& value = record.value;
    switch (rule.compare) {
      case Compare::kTime:
        if (rule.member == "updatedAt") return TimeRange(input).holds(record.updated_ms);
        if (rule.member == "createdAt") return TimeRange(input).holds(record.created_ms);
        {
          const auto text = sdk::string_at(value, rule.member);
          return !text.empty() && TimeRange(input).holds(parse_milliseconds(text));
        }
      case Compare::kNumber:
        return number_in(number_of(value, rule.member), input);
      case Compare::kText:
      case Compare::kFlag:
      case Compare::kLink: {
        const auto* member = value.if_contains(rule.member);
        return member != nullptr && *member == input;
      }
      case Compare::kIds:
        return input.is_array() &&
               std::find(input.get_array().begin(), input.get_array().end(), value.at("id")) != input.get_array().end();
      case Compare::kStatus:
        return matches_status(value, std::string(input.as_string()));
      case Compare::kTags:
        return holds_any(value, rule.member, input);
      case Compare::kUnscheduled:
        return input == true || !value.at("startAt").is_null();
      case Compare::kInvoiceable:
        return input == false || number_of(value, "uninvoicedTotal") > 0;
      case Compare::kRefundable:
        return (sdk::string_at(value, "adjustmentType") == "PAYMENT") == (input == true);
      case Compare::kVisits:
        return has_visit_in(record, TimeRange(input));
    }
    return true;
  }

  bool matches_status(const json::object& value, const std::string& wanted) const {
    const auto now = books_.now_ms();
    if (kind_ == "visits") {
      const auto status = visit_status(value, now);
      return status == wanted || (wanted == "ACTIVE" && status != "COMPLETED");
    }
    if (kind_ == "invoices") return invoice_status(value, now) == wanted;
    const auto status = job_status(value, now);
    if (wanted == "active") return status != "archived";
    return status == (wanted == "on_hold" ? "action_required" : wanted);
  }

  bool has_visit_in(const Record& job, const TimeRange& range) const {
    const auto& visits = books_.table("visits").where("_job", job.id);
    return std::any_of(visits.begin(), visits.end(), [&](const Record* visit) {
      return range.holds(parse_milliseconds(sdk::string_at(visit->value, "startAt")));
    });
  }

  bool matches_term(const json::object& value) const {
    for (const auto* member :
         {"name", "secondaryName", "email", "phone", "title", "subject", "quoteNumber", "invoiceNumber"}) {
      if (lower(sdk::string_at(value, member)).find(term_) != std::string::npos) return true;
    }
    return false;
  }

  const Books& books_;
  std::string_view kind_;
  std::vector<std::pair<const FilterRule*, const json::value*>> conditions_;
  std::string term_;
};

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
  const auto range = filter.updated_range();
  const auto& source = range ? table.by_updated() : order;
  auto from = source.begin();
  if (range) {
    from = std::upper_bound(source.begin(), source.end(), range->after,
                            [](std::int64_t time, const Record* record) { return time < record->updated_ms; });
  }
  std::copy_if(from, source.end(), std::back_inserter(found),
               [&](const Record* record) { return filter.matches(*record); });
  if (range && by_creation) {
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
