// QuickBooks' query language: parsed and run over a table.
#pragma once

#include "tests/sandbox/quickbooks/company.hpp"

namespace patchbay::sandbox::quickbooks {

struct Condition {
  std::string field, operation;     // "=", "<", ">", "<=", ">=", "IN", "LIKE"
  std::vector<std::string> values;  // one, but for IN
};

struct Statement {
  bool counts = false;
  std::string object;
  std::vector<Condition> conditions;
  std::string order_by;
  bool descending = false;
  std::size_t start_position = 1, max_results = 100;
};

/// 4000 for what is no statement, 4001 for a field that cannot be asked for.
std::variant<Statement, Refusal> parse_statement(std::string_view text);

/// The "QueryResponse" of a statement.
Outcome run_statement(const Company& company, const Statement& statement);
/// Both in one.
Outcome run_query(const Company& company, std::string_view text);

}  // namespace patchbay::sandbox::quickbooks
