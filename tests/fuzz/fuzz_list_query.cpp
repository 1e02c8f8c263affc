// Query strings of lists: filters, sorting, cursors. Each is a query within its bounds or a list of mistakes.
#include "engine/mapping/mapping_test_registry.hpp"
#include "engine/resources/list_query.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto kRegistry = patchbay::mapping::testing::make_registry();
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!text.empty() && parameters.size() < 32) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parameters.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  std::vector<patchbay::sdk::Error> errors;
  const auto query = patchbay::resources::parse_list_query(*kRegistry.find("invoice"), parameters, "US", errors);
  if (query.has_value() != errors.empty()) std::abort();
  if (query && (query->page_size < 1 || query->page_size > patchbay::resources::kPageSizeMax || query->page < 1))
    std::abort();
  return 0;
}
