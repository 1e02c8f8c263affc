#include "records.hpp"

#include <charconv>
#include <set>

namespace patchbay::quickbooks {
namespace {

// Due dates are days of the company's own zone: over for certain when the day has ended everywhere.
constexpr std::chrono::hours kDayOverEverywhere{36};
constexpr double kHalfCent = 0.005;

std::optional<double> number_at(const sdk::json::value& value, std::string_view path) {
  const auto* found = sdk::find_path(value, path);
  const auto text = found == nullptr ? std::nullopt : sdk::scalar_text(*found);
  if (!text) return std::nullopt;
  double number = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (failure != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

bool is_zero(double amount) {
  return amount > -kHalfCent && amount < kHalfCent;
}

bool is_true_at(const sdk::json::value& value, const char* name) {
  const auto* found = sdk::find_member(value, name);
  return found != nullptr && found->is_bool() && found->as_bool();
}

const sdk::json::array& lines_of(const sdk::json::value& transaction) {
  static const sdk::json::array kNone;
  const auto* lines = sdk::find_member(transaction, "Line");
  return lines != nullptr && lines->is_array() ? lines->as_array() : kNone;
}

/// The value that all have in common; empty where there is none or more than one.
std::string only_one(const std::set<std::string>& values) {
  return values.size() == 1 ? *values.begin() : std::string();
}

/// A payment may settle several invoices: then it belongs to none of them alone.
std::string settled_invoice(const sdk::json::value& payment) {
  std::set<std::string> invoices;
  for (const auto& line : lines_of(payment)) {
    const auto* linked = sdk::find_member(line, "LinkedTxn");
    if (linked == nullptr || !linked->is_array()) continue;
    for (const auto& transaction : linked->as_array()) {
      if (sdk::string_at(transaction, "TxnType") == "Invoice") invoices.insert(sdk::string_at(transaction, "TxnId"));
    }
  }
  return only_one(invoices);
}

std::string linked_estimate(const sdk::json::value& invoice) {
  return sdk::string_at(invoice, "LinkedTxn[TxnType=Estimate].TxnId");
}

/// What the lines of an expense agree on.
struct ExpenseLines {
  std::string customer, category;
};

ExpenseLines read_expense_lines(const sdk::json::value& expense) {
  std::set<std::string> customers, categories;
  for (const auto& line : lines_of(expense)) {
    for (const char* detail : {"AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"}) {
      const auto* found = sdk::find_member(line, detail);
      if (found == nullptr) continue;
      customers.insert(sdk::string_at(*found, "CustomerRef.value"));
      std::string category = sdk::string_at(*found, "AccountRef.name");
      categories.insert(category.empty() ? sdk::string_at(*found, "ItemRef.name") : category);
    }
  }
  return {only_one(customers), only_one(categories)};
}

std::string first_email(const std::string& addresses) {
  const std::string first = addresses.substr(0, addresses.find_first_of(",;"));
  const auto begin = first.find_first_not_of(' ');
  return begin == std::string::npos ? std::string() : first.substr(begin, first.find_last_not_of(' ') - begin + 1);
}

/// QuickBooks writes " (deleted)" behind the name of what is made inactive.
std::string plain_name(const sdk::json::value& customer) {
  constexpr std::string_view kMark = " (deleted)";
  std::string name = sdk::string_at(customer, "DisplayName");
  const bool marked = name.size() > kMark.size() && std::string_view(name).ends_with(kMark);
  if (marked && !is_true_at(customer, "Active")) name.resize(name.size() - kMark.size());
  return name;
}

void set_text(sdk::json::object& object, const char* name, const std::string& text) {
  object[name] = text.empty() ? sdk::json::value(nullptr) : sdk::json::value(text);
}

std::string bill_status(const sdk::json::value& bill) {
  const double total = number_at(bill, "TotalAmt").value_or(0), balance = number_at(bill, "Balance").value_or(0);
  if (is_zero(balance)) return "paid";
  return balance < total - kHalfCent ? "partially_paid" : "unpaid";
}

/// A purchase that is a credit is money that came back.
std::string signed_amount(const sdk::json::value& purchase) {
  const auto* total = sdk::find_member(purchase, "TotalAmt");
  const std::string amount = total == nullptr ? std::string() : sdk::scalar_text(*total).value_or("");
  if (amount.empty() || !is_true_at(purchase, "Credit")) return amount;
  return amount.front() == '-' ? amount.substr(1) : "-" + amount;
}

void add_expense(const Resource& resource, const sdk::json::value& object, const Lookups& lookups,
                 sdk::json::object& added) {
  const ExpenseLines lines = read_expense_lines(object);
  set_text(added, "customer", lookups.root_customer(lines.customer));
  set_text(added, "category", lines.category);
  added["status"] = resource.name == "bills" ? bill_status(object) : "paid";
  set_text(added, "amount", signed_amount(object));
}

void add_sale(const Resource& resource, const sdk::json::value& object, const Lookups& lookups, sdk::SystemTime now,
              sdk::json::object& added) {
  set_text(added, "customer", lookups.root_customer(sdk::string_at(object, "CustomerRef.value")));
  if (resource.name == "invoices") {
    added["status"] = invoice_status(object, now);
    set_text(added, "estimate", linked_estimate(object));
  } else if (resource.entity == "payment") {
    added["status"] = is_voided(object) ? "failed" : "succeeded";
    set_text(added, "method", lookups.payment_method(sdk::string_at(object, "PaymentMethodRef.value")));
    set_text(added, "invoice", settled_invoice(object));
  }
}

sdk::json::object added_members(const Resource& resource, const sdk::json::value& object, const Lookups& lookups,
                                sdk::SystemTime now) {
  sdk::json::object added;
  if (resource.name == "customers") {
    set_text(added, "name", plain_name(object));
    set_text(added, "email", first_email(sdk::string_at(object, "PrimaryEmailAddr.Address")));
    return added;
  }
  if (!resource.is_money) return added;
  // Where a company knows one currency only, QuickBooks does not name it.
  std::string currency = sdk::string_at(object, "CurrencyRef.value");
  set_text(added, "currency", currency.empty() ? lookups.home_currency() : currency);
  if (resource.entity == "expense") {
    add_expense(resource, object, lookups, added);
  } else {
    add_sale(resource, object, lookups, now, added);
  }
  return added;
}

}  // namespace

bool is_voided(const sdk::json::value& transaction) {
  const auto total = number_at(transaction, "TotalAmt");
  return total && is_zero(*total) && sdk::string_at(transaction, "PrivateNote").find("Voided") != std::string::npos;
}

std::string invoice_status(const sdk::json::value& invoice, sdk::SystemTime now) {
  if (is_voided(invoice)) return "void";
  const double total = number_at(invoice, "TotalAmt").value_or(0), balance = number_at(invoice, "Balance").value_or(0);
  if (is_zero(balance)) return is_zero(total) ? "sent" : "paid";
  if (const auto due = sdk::parse_time(sdk::string_at(invoice, "DueDate")); due.ok() && *due + kDayOverEverywhere < now)
    return "overdue";
  return balance < total - kHalfCent ? "partially_paid" : "sent";
}

sdk::Record make_record(const Resource& resource, sdk::json::value object, const Lookups& lookups,
                        sdk::SystemTime now) {
  sdk::Record record;
  record.resource = resource.name;
  record.external_id = sdk::string_at(object, "Id");
  record.version = sdk::string_at(object, "SyncToken");
  // Lower case `status`, only in change data capture.
  record.deleted = sdk::string_at(object, "status") == "Deleted";
  if (const auto at = sdk::parse_time(sdk::string_at(object, "MetaData.LastUpdatedTime")); at.ok())
    record.updated_at = *at;
  if (object.is_object() && !record.deleted) {
    auto added = added_members(resource, object, lookups, now);
    for (const std::string& name : resource.optional_members) {
      if (!object.as_object().contains(name)) object.as_object()[name] = nullptr;
    }
    if (!added.empty()) object.as_object()["patchbay"] = std::move(added);
  }
  record.data = std::move(object);
  return record;
}

}  // namespace patchbay::quickbooks
