// What is read of a company beyond queries: change data, the report, the company itself.
#include "tests/sandbox/quickbooks/quickbooks_service.hpp"

namespace patchbay::sandbox {

using quickbooks::Outcome;
using quickbooks::Refusal;

namespace {

constexpr std::int64_t kChangeDataReach = 30LL * 86'400'000;

std::string parameter(const http::Request& request, std::string_view name) {
  return std::string(request.query_value(name).value_or(""));
}

}  // namespace

Outcome QuickBooksService::change_data(const Call& call) const {
  const auto since = quickbooks::parse_milliseconds(parameter(call.request, "changedSince"));
  if (since == 0 || since < company_->now_ms() - kChangeDataReach)
    return Refusal{400, "2040", "Invalid changedSince", "changedSince must be within the last 30 days", "changedSince"};
  const auto names = parameter(call.request, "entities");
  json::array parts;
  std::int64_t left = windows_.change_data_objects;  // over all entities, and there is no second page
  for (std::size_t at = 0; at <= names.size();) {
    const auto comma = std::min(names.find(',', at), names.size());
    const auto* type = quickbooks::find_record_type_of(std::string_view(names).substr(at, comma - at));
    at = comma + 1;
    if (type == nullptr)
      return Refusal{400, "2030", "Invalid entity", "Change data capture does not know an entity", "entities"};
    json::array rows = company_->deleted_since(type->object, since);
    const auto& order = company_->table(type->object).by_updated();
    for (auto row = order.rbegin(); row != order.rend() && (*row)->updated_ms >= since; ++row)
      rows.push_back(company_->shown(type->object, **row));
    if (static_cast<std::int64_t>(rows.size()) > left) rows.resize(static_cast<std::size_t>(left));
    left -= static_cast<std::int64_t>(rows.size());
    const auto count = static_cast<std::int64_t>(rows.size());
    parts.push_back(
        count == 0
            ? json::object()
            : json::object{
                  {type->object, std::move(rows)}, {"startPosition", 1}, {"maxResults", count}, {"totalCount", count}});
  }
  return json::object{{"CDCResponse", json::array{json::object{{"QueryResponse", std::move(parts)}}}}};
}

Outcome QuickBooksService::profit_and_loss(const Call& call) const {
  const auto from = parameter(call.request, "start_date"), until = parameter(call.request, "end_date");
  const auto sum = [&](const char* object) {
    double total = 0;
    for (const auto* record : company_->table(object).by_created()) {
      const auto day = sdk::string_at(record->value, "TxnDate");
      const auto* credit = record->value.if_contains("Credit");
      const bool back = credit != nullptr && *credit == json::value(true);
      if (day >= from && day <= until) total += (back ? -1 : 1) * quickbooks::number_at(record->value, "TotalAmt");
    }
    return total;
  };
  const double income = sum("Invoice") + sum("SalesReceipt") - sum("RefundReceipt");
  const double expenses = sum("Purchase") + sum("Bill");
  const auto row = [](const char* group, double amount) {
    json::array columns{json::object{{"value", group}},
                        json::object{{"value", std::to_string(quickbooks::rounded(amount))}}};
    return json::object{
        {"Summary", json::object{{"ColData", std::move(columns)}}}, {"type", "Section"}, {"group", group}};
  };
  return json::object{
      {"Header",
       json::object{{"ReportName", "ProfitAndLoss"}, {"StartPeriod", from}, {"EndPeriod", until}, {"Currency", "USD"}}},
      {"Rows", json::object{{"Row", json::array{row("Income", income), row("Expenses", expenses),
                                                row("NetIncome", income - expenses)}}}}};
}

json::object QuickBooksService::company_info() const {
  return {{"Id", "1"},
          {"SyncToken", "4"},
          {"CompanyName", "Sandbox Services Ltd."},
          {"LegalName", "Sandbox Services Ltd."},
          {"Country", "US"},
          {"domain", "QBO"},
          {"sparse", false}};
}

}  // namespace patchbay::sandbox
