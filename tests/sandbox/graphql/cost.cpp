#include "tests/sandbox/graphql/executor.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::sandbox::graphql {
namespace {

constexpr std::int64_t kPageDefault = 100;
constexpr std::int64_t kCostMax = 1'000'000'000'000;

class CostCounter {
 public:
  CostCounter(const Schema& schema, const Document& document, const json::object& variables)
      : schema_(schema), document_(document), variables_(variables) {}

  std::int64_t count(const TypeDefinition& type, const std::vector<Selection>& selections) {
    std::int64_t sum = 0;
    for (const auto& selection : selections) sum = std::min(kCostMax, sum + cost_of(type, selection));
    return sum;
  }

 private:
  std::int64_t cost_of(const TypeDefinition& type, const Selection& selection) {
    if (selection.kind != Selection::Kind::kField) {
      const bool spread = selection.kind == Selection::Kind::kFragmentSpread;
      const auto* fragment = spread ? &document_.fragments.at(selection.name) : nullptr;
      const auto& condition = spread ? fragment->type_condition : selection.type_condition;
      const auto* inner = condition.empty() ? &type : schema_.find(condition);
      return count(*inner, spread ? fragment->selections : selection.selections);
    }
    const auto* field = type.find_field(selection.name);
    if (field == nullptr) return 0;  // __typename
    const bool structure = selection.name == "nodes" || selection.name == "edges" || selection.name == "node";
    const auto* inner = schema_.find(field->type.named());
    const auto below = inner->is_leaf() ? 0 : count(*inner, selection.selections);
    const auto times = inner->is_connection() ? page_size(selection) : 1;
    return std::min(kCostMax, (structure ? 0 : 1) + times * std::min(below, kCostMax / kPageDefault));
  }

  std::int64_t page_size(const Selection& selection) const {
    for (const auto* name : {"first", "last"}) {
      const auto* argument = selection.find_argument(name);
      if (argument == nullptr) continue;
      std::int64_t number = kPageDefault;
      if (argument->value.kind == Value::Kind::kVariable) {
        const auto* given = variables_.if_contains(argument->value.text);
        if (given == nullptr || !given->is_int64()) continue;
        number = given->get_int64();
      } else {
        std::from_chars(argument->value.text.data(), argument->value.text.data() + argument->value.text.size(), number);
      }
      return std::clamp<std::int64_t>(number, 0, kPageDefault);
    }
    return kPageDefault;
  }

  const Schema& schema_;
  const Document& document_;
  const json::object& variables_;
};

}  // namespace

std::int64_t requested_cost(const Schema& schema, const Document& document, const Operation& operation,
                            const json::object& variables) {
  CostCounter counter(schema, document, variables);
  return counter.count(*schema.find(operation.kind == "mutation" ? "Mutation" : "Query"), operation.selections);
}

}  // namespace patchbay::sandbox::graphql
