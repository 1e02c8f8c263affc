#include "operations.hpp"

namespace patchbay::quickbooks {
namespace {

using Arguments = sdk::json::object;

std::string argument(const Arguments& arguments, const char* name) {
  const auto* found = arguments.if_contains(name);
  return found == nullptr ? std::string() : sdk::scalar_text(*found).value_or("");
}

sdk::Result<std::string> required(const Arguments& arguments, const char* name) {
  std::string text = argument(arguments, name);
  if (text.empty()) return sdk::invalid_error("quickbooks.argument", std::string("'") + name + "' is missing", name);
  return text;
}

sdk::Result<sdk::json::value> void_invoice(const sdk::CallContext& context, Writing& writing,
                                           const Arguments& arguments) {
  PATCHBAY_ASSIGN(const std::string id, required(arguments, "id"));
  return writing.act(context, *find_resource("invoices"), id, {{"operation", "void"}}, {});
}

/// A payment is voided by another call than everything else.
sdk::Result<sdk::json::value> void_payment(const sdk::CallContext& context, Writing& writing,
                                           const Arguments& arguments) {
  PATCHBAY_ASSIGN(const std::string id, required(arguments, "id"));
  return writing.act(context, *find_resource("payments"), id, {{"operation", "update"}, {"include", "void"}},
                     {{"sparse", true}});
}

sdk::Result<sdk::json::value> send_invoice(const sdk::CallContext& context, Api& api, const Arguments& arguments) {
  PATCHBAY_ASSIGN(const std::string id, required(arguments, "id"));
  WriteCall call;
  call.path = "invoice/" + sdk::url_encode(id) + "/send";
  if (const std::string to = argument(arguments, "to"); !to.empty()) call.query = {{"sendTo", to}};
  return api.write(context, std::move(call));
}

sdk::Result<sdk::json::value> profit_and_loss(const sdk::CallContext& context, Api& api, const Arguments& arguments) {
  PATCHBAY_ASSIGN(const std::string from, required(arguments, "from"));
  PATCHBAY_ASSIGN(const std::string until, required(arguments, "until"));
  Fields query{{"start_date", from}, {"end_date", until}};
  if (const std::string by = argument(arguments, "by"); !by.empty()) query.emplace_back("summarize_column_by", by);
  return api.read(context, "reports/ProfitAndLoss", query);
}

sdk::Result<sdk::json::value> batch(const sdk::CallContext& context, Api& api, const Arguments& arguments) {
  PATCHBAY_ASSIGN(const std::string text, required(arguments, "requests"));
  const auto requests = sdk::parse_json(text, {1024 * 1024, 32});
  if (!requests.ok() || !requests->is_array())
    return sdk::invalid_error("quickbooks.argument", "'requests' must be a JSON list of batch items", "requests");
  PATCHBAY_ASSIGN(auto answers, api.batch(context, requests->as_array()));
  return sdk::json::value(std::move(answers));
}

}  // namespace

std::vector<sdk::OperationDescription> describe_operations() {
  using enum sdk::OptionKind;
  const sdk::OptionDescription id{"id", kString, "", "Id of the transaction in QuickBooks", {}};
  return {
      {"void_invoice", "Void an invoice: it stays with the amount zero", {id}},
      {"void_payment", "Void a customer's payment: it stays with the amount zero, its invoices are open again", {id}},
      {"send_invoice",
       "Have QuickBooks e-mail an invoice",
       {id, {"to", kString, "", "Address instead of the invoice's own", {}}}},
      {"profit_and_loss",
       "The profit and loss report",
       {{"from", kString, "", "First day, YYYY-MM-DD", {}},
        {"until", kString, "", "Last day, YYYY-MM-DD", {}},
        {"by", kString, "", "Column for each Days, Weeks, Month, Quarter, Year, Customers …; empty: the total", {}}}},
      {"batch",
       "Up to 25 reads and writes in one call",
       {{"requests", kString, "", "JSON list of QuickBooks' batch items, each with its bId", {}}}},
  };
}

sdk::Result<sdk::json::value> run_operation(const sdk::CallContext& context, Api& api, Writing& writing,
                                            const std::string& name, const sdk::json::object& arguments) {
  if (name == "void_invoice") return void_invoice(context, writing, arguments);
  if (name == "void_payment") return void_payment(context, writing, arguments);
  if (name == "send_invoice") return send_invoice(context, api, arguments);
  if (name == "profit_and_loss") return profit_and_loss(context, api, arguments);
  if (name == "batch") return batch(context, api, arguments);
  return sdk::permanent_error("quickbooks.unknown_operation", "QuickBooks has no operation '" + name + "' here");
}

}  // namespace patchbay::quickbooks
