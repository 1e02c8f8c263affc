#include "engine/gateway/list_page.hpp"

#include "platform/base/ids.hpp"
#include "platform/base/yaml.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::gateway {
namespace {

constexpr std::size_t kFilterBytesMax = 255;

sdk::Result<void> check_filter(const ListFilter& filter, const std::string& value) {
  if (value.size() > kFilterBytesMax)
    return sdk::invalid_error("query.filter", filter.name + " is longer than 255 bytes.", filter.name);
  if (filter.kind == ListFilter::Kind::kId && !base::is_uuid(value))
    return sdk::invalid_error("query.filter", filter.name + " must be a UUID.", filter.name);
  const auto& words = filter.words;
  if (filter.kind != ListFilter::Kind::kWord || std::find(words.begin(), words.end(), value) != words.end()) return {};
  std::string known;
  for (const std::string& word : words) known += (known.empty() ? "" : ", ") + word;
  return sdk::invalid_error("query.filter", filter.name + " must be one of " + known + ".", filter.name);
}

}  // namespace

std::string ListPage::filter(std::string_view name) const {
  for (const auto& [known, value] : filters) {
    if (known == name) return value;
  }
  return {};
}

sdk::Result<ListPage> parse_list_page(const http::Request& request, const std::vector<ListFilter>& filters) {
  ListPage page;
  for (const auto& [name, value] : request.query) {
    const auto filter =
        std::find_if(filters.begin(), filters.end(), [&](const ListFilter& known) { return known.name == name; });
    if (name == "pageSize") {
      PATCHBAY_ASSIGN(page.page_size, parse_count(name, value, kPageSizeMax));
    } else if (name == "cursor") {
      page.cursor = value;
    } else if (filter == filters.end()) {
      std::vector<std::string> known{"pageSize", "cursor"};
      for (const ListFilter& one : filters) known.push_back(one.name);
      return unknown_parameter(name, known);
    } else if (!value.empty()) {
      PATCHBAY_TRY(check_filter(*filter, value));
      page.filters.emplace_back(name, value);
    }
  }
  return page;
}

sdk::Result<std::size_t> parse_count(const std::string& name, std::string_view text, std::size_t most) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= most) return number;
  return sdk::invalid_error("query.number", name + " must be a number from 1 to " + std::to_string(most) + ".", name);
}

sdk::Error unknown_parameter(const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = base::yaml::nearest_name(name, known);
  return sdk::invalid_error(
      "query.unknown_parameter",
      "'" + name + "' is not a parameter of this list" + (nearest.empty() ? "." : ", did you mean '" + nearest + "'?"),
      name);
}

}  // namespace patchbay::gateway
