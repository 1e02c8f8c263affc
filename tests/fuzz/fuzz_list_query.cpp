// Query strings of lists: filters, sorting, cursors. Each is a query within its bounds or a list of mistakes.
#include "engine/resources/list_query.hpp"

#include <cstdlib>

namespace {

using patchbay::resources::FieldType;

/// A kind with a field of every type that can be asked for.
patchbay::resources::ResourceDescription make_kind() {
  patchbay::resources::ResourceDescription kind;
  kind.kind = "invoice";
  kind.path = kind.table = "invoices";
  for (const auto& [name, type] : std::vector<std::pair<std::string, FieldType>>{{"title", FieldType::kText},
                                                                                 {"email", FieldType::kEmail},
                                                                                 {"phone", FieldType::kPhone},
                                                                                 {"clientId", FieldType::kUuid},
                                                                                 {"total", FieldType::kMoney},
                                                                                 {"dueDate", FieldType::kTime},
                                                                                 {"count", FieldType::kInteger},
                                                                                 {"open", FieldType::kBoolean},
                                                                                 {"status", FieldType::kEnum}}) {
    patchbay::resources::Field field;
    field.name = field.column = name;
    field.type = type;
    field.filterable = field.sortable = true;
    kind.fields.push_back(field);
  }
  kind.fields.back().values = {"draft", "sent"};
  return kind;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto kKind = make_kind();
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!text.empty() && parameters.size() < 32) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parameters.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  std::vector<patchbay::sdk::Error> errors;
  const auto query = patchbay::resources::parse_list_query(kKind, parameters, "US", errors);
  if (query.has_value() != errors.empty()) std::abort();
  if (query && (query->page_size < 1 || query->page_size > patchbay::resources::kPageSizeMax || query->page < 1))
    std::abort();
  return 0;
}
