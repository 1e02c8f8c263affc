#include "statement.hpp"

namespace patchbay::quickbooks {
namespace {

std::string where(const std::vector<std::string>& conditions) {
  std::string text;
  for (const std::string& condition : conditions) text += (text.empty() ? " WHERE " : " AND ") + condition;
  return text;
}

}  // namespace

std::string literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string Statement::text() const {
  std::string statement = "SELECT * FROM " + entity + where(conditions);
  if (!order_by.empty()) statement += " ORDERBY " + order_by;
  return statement + " STARTPOSITION " + std::to_string(start_position) + " MAXRESULTS " + std::to_string(max_results);
}

std::string Statement::count_text() const {
  return "SELECT COUNT(*) FROM " + entity + where(conditions);
}

}  // namespace patchbay::quickbooks
