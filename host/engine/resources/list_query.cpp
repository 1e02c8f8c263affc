#include "engine/resources/list_query.hpp"

#include "engine/resources/cursor.hpp"
#include "engine/resources/field_builder.hpp"
#include "engine/resources/field_value.hpp"
#include "platform/base/yaml.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::resources {
namespace {

constexpr std::size_t kConditionsMax = 20;
constexpr std::size_t kValuesMax = 100;
constexpr std::size_t kSortKeysMax = 4;
constexpr std::size_t kPageMax = 1'000'000;
constexpr std::size_t kSearchWordsMax = 6;

const std::vector<Field>& common_fields() {
  static const std::vector<Field> kFields = {field(FieldType::kUuid, "id").not_null().filterable(),
                                             field(FieldType::kInteger, "version").not_null(),
                                             field(FieldType::kTime, "createdAt").not_null().filterable().sortable(),
                                             field(FieldType::kTime, "updatedAt").not_null().filterable().sortable()};
  return kFields;
}

std::vector<std::string> names_that(const ResourceDescription& description, bool Field::*is) {
  std::vector<std::string> names;
  for (const auto* fields : {&description.fields, &common_fields()}) {
    for (const Field& field : *fields) {
      if (!(field.*is)) continue;
      names.push_back(field.name);
      if (!field.second_name.empty()) names.push_back(field.second_name);
    }
  }
  return names;
}

std::string hint(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = base::yaml::nearest_name(name, known);
  return nearest.empty() ? "." : ", did you mean '" + nearest + "'?";
}

/// Reads one query string; collects mistakes.
class Parser {
 public:
  Parser(const ResourceDescription& description, std::string_view phone_region, std::vector<sdk::Error>& errors)
      : description_(description), phone_region_(phone_region), errors_(errors) {}

  void take(const std::string& name, const std::string& value) {
    if (name == "page") return take_number(name, value, kPageMax, query_.page);
    if (name == "pageSize") return take_number(name, value, kPageSizeMax, query_.page_size);
    if (name == "sort") return take_sort(value);
    if (name == "search") return take_search(value);
    if (name == "cursor") {
      query_.by_cursor = true;
      cursor_ = value;
      return;
    }
    if (name == "updatedSince") return take_updated_since(value);
    if (name == "count") return take_count(value);
    take_filter(name, value);
  }

  ListQuery finish() {
    if (query_.updated_since) {
      if (!query_.sort.empty()) fail("query.sort", "sort", "updatedSince has its own order; leave sort out.");
      query_.sort_text = "updatedAt";
      query_.sort = parse_sort("updatedAt");
    } else if (query_.sort.empty()) {
      query_.sort_text = description_.default_sort;
      query_.sort = parse_sort(query_.sort_text);
    }
    if (!cursor_.empty() && errors_.empty()) {
      auto after = parse_cursor(query_, cursor_);
      if (after.ok()) {
        query_.after = std::move(after).value();
      } else {
        errors_.push_back(after.error());
      }
    }
    return std::move(query_);
  }

 private:
  void fail(std::string code, const std::string& field, std::string message) {
    errors_.push_back(sdk::invalid_error(std::move(code), std::move(message), field));
  }

  void take_number(const std::string& name, const std::string& text, std::size_t maximum, std::size_t& target) {
    const auto number = gateway::parse_count(name, text, maximum);
    if (!number.ok()) return errors_.push_back(number.error());
    target = *number;
  }

  std::vector<SortKey> parse_sort(const std::string& text) {
    std::vector<SortKey> keys;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      std::string name = text.substr(begin, end - begin);
      begin = end + 1;
      const bool descending = name.starts_with('-');
      if (descending || name.starts_with('+')) name.erase(0, 1);
      const Field* field = find_queryable(description_, name);
      if (field == nullptr || !field->sortable) {
        const auto known = names_that(description_, &Field::sortable);
        fail("query.unknown_sort", "sort", "'" + name + "' cannot be sorted by" + hint(name, known));
        continue;
      }
      keys.push_back({field, descending});
    }
    return keys;
  }

  void take_sort(const std::string& text) {
    query_.sort_text = text;
    query_.sort = parse_sort(text);
    if (query_.sort.size() > kSortKeysMax) fail("query.sort", "sort", "At most 4 fields can be sorted by.");
  }

  void take_search(const std::string& text) {
    std::string word;
    bool long_enough = false;
    const auto finish_word = [&] {
      long_enough = long_enough || character_count(word) >= 3;
      if (!word.empty()) query_.search_words.push_back(std::move(word));
      word.clear();
    };
    for (const char c : text) {
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        finish_word();
      } else {
        word += c;
      }
    }
    finish_word();
    const bool searchable = std::any_of(description_.fields.begin(), description_.fields.end(),
                                        [](const Field& field) { return field.searchable; });
    if (!searchable) return fail("query.search", "search", "This list cannot be searched.");
    if (query_.search_words.empty()) return;
    if (text.size() > 200 || query_.search_words.size() > kSearchWordsMax) {
      return fail("query.search", "search", "search takes at most 6 words and 200 bytes.");
    }
    // Shorter words have no trigram: an index could not serve them.
    if (!long_enough) fail("query.search_too_short", "search", "search needs a word of at least 3 characters.");
  }

  void take_updated_since(const std::string& text) {
    const auto time = sdk::parse_time(text);
    if (!time.ok()) return fail("time.malformed", "updatedSince", "updatedSince must be an ISO 8601 time.");
    query_.updated_since = sdk::format_time(*time);
  }

  void take_count(const std::string& text) {
    if (text == "exact") {
      query_.count = ListQuery::Count::kExact;
    } else if (text == "none") {
      query_.count = ListQuery::Count::kNone;
    } else {
      fail("query.count", "count", "count must be exact or none.");
    }
  }

  void take_filter(const std::string& name, const std::string& value) {
    std::string field_name = name;
    std::string suffix;
    if (const std::size_t open = name.find('['); open != std::string::npos && name.ends_with(']')) {
      field_name = name.substr(0, open);
      suffix = name.substr(open + 1, name.size() - open - 2);
    }
    const Field* field = find_queryable(description_, field_name);
    if (field == nullptr || !field->filterable) {
      auto known = names_that(description_, &Field::filterable);
      for (const char* word : {"page", "pageSize", "cursor", "sort", "search", "updatedSince", "count"})
        known.emplace_back(word);
      return errors_.push_back(gateway::unknown_parameter(field_name, known));
    }
    if (query_.conditions.size() >= kConditionsMax)
      return fail("query.too_many", name, "At most 20 filters are possible.");
    Condition condition;
    condition.field = field;
    if (!take_operator(suffix, value, name, condition)) return;
    if (condition.op != Operator::kNull && condition.op != Operator::kNotNull) take_values(value, condition);
    if (!field->normalized_field.empty()) condition.field = description_.find_field(field->normalized_field);
    query_.conditions.push_back(std::move(condition));
  }

  bool take_operator(const std::string& suffix, const std::string& value, const std::string& name,
                     Condition& condition) {
    static const std::map<std::string, Operator, std::less<>> kOperators = {
        {"", Operator::kEqual},        {"ne", Operator::kNotEqual}, {"lt", Operator::kLess},
        {"lte", Operator::kLessEqual}, {"gt", Operator::kGreater},  {"gte", Operator::kGreaterEqual},
        {"null", Operator::kNull}};
    const auto found = kOperators.find(suffix);
    if (found == kOperators.end()) {
      fail("query.unknown_operator", name, "'[" + suffix + "]' is not known; use gte, lte, gt, lt, ne or null.");
      return false;
    }
    condition.op = found->second;
    const FieldType type = condition.field->type;
    const bool is_range =
        condition.op != Operator::kEqual && condition.op != Operator::kNotEqual && condition.op != Operator::kNull;
    const bool has_order = type == FieldType::kTime || type == FieldType::kInteger || type == FieldType::kMoney ||
                           type == FieldType::kText;
    if (is_range && !has_order) {
      fail("query.operator", name, condition.field->name + " has no order to compare by.");
      return false;
    }
    if (condition.op != Operator::kNull) return true;
    if (value != "true" && value != "false") {
      fail("query.operator", name, "[null] must be true or false.");
      return false;
    }
    if (value == "false") condition.op = Operator::kNotNull;
    return true;
  }

  void take_values(const std::string& text, Condition& condition) {
    const bool several = condition.op == Operator::kEqual || condition.op == Operator::kNotEqual;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = several ? std::min(text.find(',', begin), text.size()) : text.size();
      auto value = filter_text(*condition.field, std::string_view(text).substr(begin, end - begin), phone_region_);
      begin = end + 1;
      if (!value.ok()) return errors_.push_back(value.error());
      condition.values.push_back(std::move(value).value());
      if (condition.values.size() > kValuesMax)
        return fail("query.too_many", condition.field->name, "At most 100 values are possible.");
    }
  }

  const ResourceDescription& description_;
  const std::string_view phone_region_;
  std::vector<sdk::Error>& errors_;
  ListQuery query_;
  std::string cursor_;
};

}  // namespace

const Field* find_queryable(const ResourceDescription& description, std::string_view name) {
  for (const Field& field : common_fields()) {
    if (field.name == name) return &field;
  }
  return description.find_field(name);
}

std::optional<ListQuery> parse_list_query(const ResourceDescription& description,
                                          const std::vector<std::pair<std::string, std::string>>& parameters,
                                          std::string_view phone_region, std::vector<sdk::Error>& errors) {
  Parser parser(description, phone_region, errors);
  for (const auto& [name, value] : parameters) parser.take(name, value);
  ListQuery query = parser.finish();
  if (!errors.empty()) return std::nullopt;
  return query;
}

}  // namespace patchbay::resources
