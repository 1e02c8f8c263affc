#include "tests/sandbox/jobber/filter.hpp"

#include "tests/sandbox/jobber/records.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace patchbay::sandbox::jobber {

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
namespace {

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

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_time(Compare compare) {
  return compare == Compare::kTime || compare == Compare::kVisits;
}

}  // namespace

TimeRange::TimeRange(const json::value& input)
    : after(std::numeric_limits<std::int64_t>::min()), before(std::numeric_limits<std::int64_t>::max()) {
  if (const auto text = sdk::string_at(input, "after"); !text.empty()) after = parse_milliseconds(text);
  if (const auto text = sdk::string_at(input, "before"); !text.empty()) before = parse_milliseconds(text);
  if (const auto text = sdk::string_at(input, "eq"); !text.empty()) {
    after = parse_milliseconds(text) - 1;
    before = parse_milliseconds(text) + 1000;
  }
}

Filter::Filter(const Books& books, std::string_view kind, const json::object& arguments) : books_(books), kind_(kind) {
  const auto* filter = arguments.if_contains("filter");
  if (filter != nullptr && filter->is_object()) {
    for (const auto& member : filter->get_object()) {
      const auto* rule = find_filter(kind, std::string_view(member.key()));
      if (member.value().is_null() || rule == nullptr) continue;
      Condition condition{rule, &member.value(), std::nullopt};
      if (is_time(rule->compare)) condition.range.emplace(member.value());
      conditions_.push_back(std::move(condition));
    }
  }
  term_ = lower(sdk::string_at(arguments, "searchTerm"));
}

const TimeRange* Filter::updated_range() const {
  for (const auto& condition : conditions_) {
    if (condition.rule->member == "updatedAt") return &*condition.range;
  }
  return nullptr;
}

bool Filter::matches(const Record& record) const {
  for (const auto& condition : conditions_) {
    if (!matches_one(record, condition)) return false;
  }
  return term_.empty() || matches_term(record.value);
}

bool Filter::matches_one(const Record& record, const Condition& condition) const {
  const auto& value = record.value;
  const auto& input = *condition.input;
  const auto member = condition.rule->member;
  switch (condition.rule->compare) {
    case Compare::kTime: {
      if (member == "updatedAt") return condition.range->holds(record.updated_ms);
      if (member == "createdAt") return condition.range->holds(record.created_ms);
      const auto text = sdk::string_at(value, member);
      return !text.empty() && condition.range->holds(parse_milliseconds(text));
    }
    case Compare::kNumber:
      return number_in(number_of(value, member), input);
    case Compare::kText:
    case Compare::kFlag:
    case Compare::kLink: {
      const auto* found = value.if_contains(member);
      return found != nullptr && *found == input;
    }
    case Compare::kIds: {
      const auto& ids = input.as_array();
      return std::find(ids.begin(), ids.end(), value.at("id")) != ids.end();
    }
    case Compare::kStatus:
      return matches_status(value, std::string_view(input.as_string()));
    case Compare::kTags:
      return holds_any(value, member, input);
    case Compare::kUnscheduled:
      return input == true || !value.at("startAt").is_null();
    case Compare::kInvoiceable:
      return input == false || number_of(value, "uninvoicedTotal") > 0;
    case Compare::kRefundable:
      return (sdk::string_at(value, "adjustmentType") == "PAYMENT") == (input == true);
    case Compare::kVisits:
      return has_visit_in(record, *condition.range);
  }
  return true;
}

bool Filter::matches_status(const json::object& value, std::string_view wanted) const {
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

bool Filter::has_visit_in(const Record& job, const TimeRange& range) const {
  const auto& visits = books_.table("visits").where("_job", job.id);
  return std::any_of(visits.begin(), visits.end(), [&](const Record* visit) {
    return range.holds(parse_milliseconds(sdk::string_at(visit->value, "startAt")));
  });
}

bool Filter::matches_term(const json::object& value) const {
  for (const auto* member :
       {"name", "secondaryName", "email", "phone", "title", "subject", "quoteNumber", "invoiceNumber"}) {
    if (lower(sdk::string_at(value, member)).find(term_) != std::string::npos) return true;
  }
  return false;
}

}  // namespace patchbay::sandbox::jobber
