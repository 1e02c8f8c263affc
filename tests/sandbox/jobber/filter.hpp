// The filter and search arguments of Jobber's lists.
#pragma once

#include "tests/sandbox/jobber/books.hpp"

namespace patchbay::sandbox::jobber {

/// `{after, before, eq}`, both ends excluded; eq means the whole second.
struct TimeRange {
  explicit TimeRange(const json::value& input);
  bool holds(std::int64_t milliseconds) const { return milliseconds > after && milliseconds < before; }

  std::int64_t after, before;
};

struct FilterRule;

class Filter {
 public:
  /// `arguments` outlives the filter.
  Filter(const Books& books, std::string_view kind, const json::object& arguments);

  bool empty() const { return conditions_.empty() && term_.empty(); }
  /// The time of change that is asked for, if one is: what a look into the order by change can skip.
  const TimeRange* updated_range() const;
  bool matches(const Record& record) const;

 private:
  struct Condition {
    const FilterRule* rule;
    const json::value* input;
    std::optional<TimeRange> range;
  };
  bool matches_one(const Record& record, const Condition& condition) const;
  bool matches_status(const json::object& value, std::string_view wanted) const;
  bool has_visit_in(const Record& job, const TimeRange& range) const;
  bool matches_term(const json::object& value) const;

  const Books& books_;
  std::string_view kind_;
  std::vector<Condition> conditions_;
  std::string term_;
};

}  // namespace patchbay::sandbox::jobber
