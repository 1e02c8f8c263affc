#include "tests/sandbox/stripe/lists.hpp"

#include "tests/sandbox/stripe/objects.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace patchbay::sandbox::stripe {
namespace {

/// Creation times, both ends included.
struct CreatedRange {
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

std::int64_t timestamp(const json::value& value, Params& params, std::string_view name) {
  std::int64_t number = 0;
  const std::string text = value.is_string() ? std::string(value.get_string()) : std::string();
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) {
    ApiError error;
    error.code = "parameter_invalid_integer";
    error.message = "Invalid timestamp: " + text + ". Must be an integer Unix timestamp in the past or future.";
    error.param = name;
    params.fail(std::move(error));
  }
  return number;
}

CreatedRange read_created(Params& params, const json::value* form_value) {
  CreatedRange range;
  if (form_value == nullptr) return range;
  if (!form_value->is_object()) {
    range.low = range.high = timestamp(*form_value, params, "created");
    return range;
  }
  for (const auto& member : form_value->get_object()) {
    const std::string name(member.key());
    const auto time = timestamp(member.value(), params, "created[" + name + "]");
    if (name == "gte") range.low = std::max(range.low, time);
    if (name == "gt") range.low = std::max(range.low, time + 1);
    if (name == "lte") range.high = std::min(range.high, time);
    if (name == "lt") range.high = std::min(range.high, time - 1);
    if (name != "gte" && name != "gt" && name != "lte" && name != "lt") {
      ApiError error;
      error.code = "parameter_unknown";
      error.message = "Received unknown parameter: created[" + name + "]";
      error.param = "created";
      params.fail(std::move(error));
    }
  }
  return range;
}

struct Filter {
  std::vector<std::pair<std::string_view, std::string>> equals;
  CreatedRange created;
  const std::function<bool(const json::object&)>* keep = nullptr;

  bool matches(const Record& record) const {
    const auto created_seconds = record.created_ms / 1000;
    if (created_seconds < created.low || created_seconds > created.high) return false;
    for (const auto& [name, text] : equals) {
      const auto* member = record.value.if_contains(name);
      if (member == nullptr || *member != json::string_view(text)) return false;
    }
    return !*keep || (*keep)(record.value);
  }
};

struct Cursor {
  std::string after, before;  // ids
};

/// Walks from the cursor to older records (or to newer ones with `before`), until the page and one more are found.
json::array walk(const Table::Order& order, const Table& table, const Filter& filter, const Cursor& cursor,
                 std::size_t limit, bool& has_more) {
  std::vector<const Record*> page;
  const auto add = [&](const Record* record) {
    if (!filter.matches(*record)) return true;
    has_more = page.size() == limit;
    if (!has_more) page.push_back(record);
    return !has_more;
  };
  if (!cursor.before.empty()) {
    const auto* from = table.find(cursor.before);
    for (auto i = Table::position(order, *from); i < order.size(); ++i) {
      if (order[i] != from && !add(order[i])) break;
    }
    std::reverse(page.begin(), page.end());
  } else {
    auto end = order.size();
    if (!cursor.after.empty())
      end = Table::position(order, *table.find(cursor.after));
    else if (filter.created.high < std::numeric_limits<std::int64_t>::max() / 1000) {
      const auto high_ms = filter.created.high * 1000 + 999;
      end = static_cast<std::size_t>(
          std::upper_bound(order.begin(), order.end(), high_ms,
                           [](std::int64_t time, const Record* record) { return time < record->created_ms; }) -
          order.begin());
    }
    for (auto i = end; i > 0; --i) {
      if (order[i - 1]->created_ms / 1000 < filter.created.low || !add(order[i - 1])) break;
    }
  }
  json::array data;
  data.reserve(page.size());
  for (const auto* record : page) data.push_back(record->value);
  return data;
}

}  // namespace

Answer list_objects(const Account& account, const ListRule& rule, Params& params) {
  const auto limit = params.integer("limit").value_or(10);
  if (limit < 1 || limit > 100) {
    ApiError error;
    error.code = "parameter_invalid_integer";
    error.message = "Invalid integer: limit must be between 1 and 100";
    error.param = "limit";
    params.fail(std::move(error));
  }
  const Cursor cursor{params.text("starting_after").value_or(""), params.text("ending_before").value_or("")};
  Filter filter;
  filter.keep = &rule.keep;
  filter.created = read_created(params, params.value("created"));
  for (const auto name : rule.equals) {
    if (auto text = params.text(name)) filter.equals.emplace_back(name, *std::move(text));
  }
  if (auto error = params.finish()) return *error;

  const auto& table = account.table(rule.kind);
  for (const auto* id : {&cursor.after, &cursor.before}) {
    if (!id->empty() && table.find(*id) == nullptr) {
      return resource_missing(noun_of(rule.kind), *id, id == &cursor.after ? "starting_after" : "ending_before");
    }
  }
  const Table::Order* order = &table.by_created();
  for (const auto& [name, text] : filter.equals) {
    if (table.indexes(name)) order = &table.where(name, text);
  }
  bool has_more = false;
  auto data = walk(*order, table, filter, cursor, static_cast<std::size_t>(limit), has_more);
  return json::value(make_list(rule.url, std::move(data), has_more));
}

}  // namespace patchbay::sandbox::stripe
