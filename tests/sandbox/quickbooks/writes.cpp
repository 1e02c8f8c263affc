#include "tests/sandbox/quickbooks/writes.hpp"

#include "tests/sandbox/quickbooks/records.hpp"

#include <algorithm>

namespace patchbay::sandbox::quickbooks {
namespace {

constexpr std::string_view kDeletedMark = " (deleted)";

Refusal invalid(std::string code, std::string message, std::string detail, std::string element = "") {
  return Refusal{400, std::move(code), std::move(message), std::move(detail), std::move(element)};
}

Refusal stale() {
  return invalid("5010", "Stale Object Error",
                 "Stale Object Error : You and someone were working on this at the same time. They finished before you "
                 "did, so your work was not saved.");
}

Refusal not_found(const RecordType& type) {
  return invalid("610", "Object Not Found",
                 "Object Not Found : Something you're trying to use has been made inactive. Check the fields with " +
                     std::string(type.object) + ".");
}

bool is_sale(const RecordType& type) {
  return type.object == "Invoice" || type.object == "Estimate" || type.object == "SalesReceipt" ||
         type.object == "RefundReceipt";
}

/// A name is one of a kind over customers and vendors.
std::optional<Refusal> check_name(const Company& company, const json::object& record) {
  const auto name = sdk::string_at(record, "DisplayName");
  if (name.empty())
    return invalid("2020", "Required param missing, need to supply the required value for the API",
                   "Required parameter DisplayName is missing in the request", "DisplayName");
  if (name.find_first_of(":\t\n") != std::string::npos)
    return invalid("2040", "Invalid String", "DisplayName must not contain a colon, tab or line end", "DisplayName");
  const auto id = sdk::string_at(record, "Id");
  for (const auto* object : {"Customer", "Vendor"}) {
    for (const auto* other : company.table(object).where("DisplayName", name)) {
      if (other->id != id)
        return invalid("6240", "Duplicate Name Exists Error",
                       "The name supplied already exists. : Another customer, vendor or employee is already using this "
                       "name. Id=" +
                           other->id);
    }
  }
  return std::nullopt;
}

std::optional<Refusal> check_customer(const Company& company, const json::object& record, bool required) {
  const auto id = sdk::string_at(record, "CustomerRef.value");
  if (id.empty() && !required) return std::nullopt;
  if (id.empty())
    return invalid("2020", "Required param missing, need to supply the required value for the API",
                   "Required parameter CustomerRef is missing in the request", "CustomerRef");
  if (company.find("Customer", id) == nullptr)
    return invalid("2500", "Invalid Reference Id", "Invalid Reference Id : Customers element id " + id + " not found",
                   "CustomerRef");
  return std::nullopt;
}

std::optional<Refusal> check_number(const Company& company, const RecordType& type, const json::object& record) {
  const auto number = sdk::string_at(record, "DocNumber");
  if (number.empty()) return std::nullopt;
  for (const auto* other : company.table(type.object).where("DocNumber", number)) {
    if (other->id != sdk::string_at(record, "Id"))
      return invalid("6210", "Duplicate Document Number Error",
                     "Duplicate Document Number Error : You must specify a different number. This number has already "
                     "been used. DocNumber=" +
                         number);
  }
  return std::nullopt;
}

std::optional<Refusal> check(const Company& company, const RecordType& type, const json::object& record) {
  if (type.object == "Customer" || type.object == "Vendor") return check_name(company, record);
  const bool sells = is_sale(type) || type.object == "Payment";
  if (auto refusal = check_customer(company, record, sells)) return refusal;
  const auto* lines = record.if_contains("Line");
  const bool has_lines = lines != nullptr && lines->is_array() && !lines->get_array().empty();
  if (!type.is_list && type.object != "Payment" && !has_lines)
    return invalid("2020", "Required param missing, need to supply the required value for the API",
                   "Required parameter Line is missing in the request", "Line");
  if (type.object == "Payment" && !record.contains("TotalAmt"))
    return invalid("2020", "Required param missing, need to supply the required value for the API",
                   "Required parameter TotalAmt is missing in the request", "TotalAmt");
  return check_number(company, type, record);
}

/// Changes the balances of the invoices that a payment settles; `sign` -1 takes it back.
void settle(Company& company, const json::object& payment, double sign) {
  const auto* lines = payment.if_contains("Line");
  if (lines == nullptr || !lines->is_array()) return;
  for (const auto& line : lines->get_array()) {
    if (sdk::string_at(line, "LinkedTxn[0].TxnType") != "Invoice") continue;
    const auto* invoice = company.find("Invoice", sdk::string_at(line, "LinkedTxn[0].TxnId"));
    if (invoice == nullptr) continue;
    auto changed = invoice->value;
    changed["Balance"] = rounded(number_at(changed, "Balance") - sign * number_at(line, "Amount"));
    company.update("Invoice", std::move(changed));
  }
}

void settle_unapplied(json::object& payment) {
  double applied = 0;
  if (const auto* lines = payment.if_contains("Line"); lines != nullptr && lines->is_array()) {
    for (const auto& line : lines->get_array()) applied += number_at(line, "Amount");
  }
  payment["UnappliedAmt"] = rounded(number_at(payment, "TotalAmt") - applied);
}

void compute(const Company& company, const RecordType& type, json::object& record) {
  if (type.object == "Payment") return settle_unapplied(record);
  if (type.is_list) {
    if (type.object == "Customer") {
      std::string name = sdk::string_at(record, "DisplayName");
      if (const auto* parent = company.find("Customer", sdk::string_at(record, "ParentRef.value")))
        name = sdk::string_at(parent->value, "FullyQualifiedName") + ":" + name;
      record["FullyQualifiedName"] = name;
    }
    return;
  }
  const auto* known = company.find(type.object, sdk::string_at(record, "Id"));
  const double settled =
      known == nullptr ? 0 : number_at(known->value, "TotalAmt") - number_at(known->value, "Balance");
  compute_totals(type.object, record, settled);
}

/// An empty text takes a member away; null says nothing.
void merge_sparse(json::object& record, const json::object& changes) {
  for (const auto& member : changes) {
    const auto& value = member.value();
    const bool emptied = value.is_string() ? value.get_string().empty()
                                           : value.is_object() && value.get_object().size() == 1 &&
                                                 value.get_object().begin()->value().is_string() &&
                                                 value.get_object().begin()->value().get_string().empty();
    if (emptied)
      record.erase(member.key());
    else if (!value.is_null())
      record[member.key()] = value;
  }
}

void mark_inactive(json::object& record, bool was_active) {
  const auto* active = record.if_contains("Active");
  const bool is_active = active == nullptr || *active != json::value(false);
  if (!record.contains("DisplayName") || is_active == was_active) return;
  std::string name = sdk::string_at(record, "DisplayName");
  if (!is_active)
    name += kDeletedMark;
  else if (std::string_view(name).ends_with(kDeletedMark))
    name.resize(name.size() - kDeletedMark.size());
  record["DisplayName"] = name;
}

void strip_outer(json::object& body) {
  for (const auto* name : {"sparse", "domain", "MetaData", "SyncToken", "Balance"}) body.erase(name);
}

Outcome update_record(Company& company, const RecordType& type, const Record& known, const json::object& body) {
  const auto id = known.id;
  const auto* sparse = body.if_contains("sparse");
  auto changes = body;
  strip_outer(changes);
  json::object record;
  if (sparse != nullptr && *sparse == json::value(true)) {
    record = known.value;
    merge_sparse(record, changes);
  } else {
    record = changes;  // what is left out is cleared
    if (!record.contains("Active") && type.is_list) record["Active"] = true;
  }
  const auto* active = known.value.if_contains("Active");
  mark_inactive(record, active == nullptr || *active != json::value(false));
  if (auto refusal = check(company, type, record)) return *refusal;
  if (type.object == "Payment") settle(company, known.value, -1);
  compute(company, type, record);
  const auto& kept = company.update(type.object, std::move(record));
  if (type.object == "Payment") settle(company, kept, 1);
  return company.shown(type.object, *company.find(type.object, id)).as_object();
}

}  // namespace

Outcome create_record(Company& company, const RecordType& type, json::object record) {
  strip_outer(record);
  record["Id"] = company.next_id();
  if (type.object == "Customer" && sdk::string_at(record, "DisplayName").empty()) {
    const auto given = sdk::string_at(record, "GivenName"), family = sdk::string_at(record, "FamilyName");
    record["DisplayName"] = given + (given.empty() || family.empty() ? "" : " ") + family;
  }
  if (type.is_list) record["Active"] = true;
  if (type.object == "Customer") record["Job"] = record.contains("ParentRef");
  if (!type.is_list && !record.contains("TxnDate")) record["TxnDate"] = day_of(company.now_ms());
  if (auto refusal = check(company, type, record)) return *refusal;
  compute(company, type, record);
  const auto id = sdk::string_at(record, "Id");
  const auto& kept = company.add(type.object, std::move(record));
  if (type.object == "Payment") settle(company, kept, 1);
  return company.shown(type.object, *company.find(type.object, id)).as_object();
}

Outcome void_record(Company& company, const RecordType& type, const Record& record) {
  auto voided = record.value;
  const auto id = record.id;
  if (type.object == "Payment") {
    settle(company, voided, -1);
    voided["Line"] = json::array();
    voided["UnappliedAmt"] = 0;
  }
  voided["TotalAmt"] = 0;
  if (voided.contains("Balance")) voided["Balance"] = 0;
  const auto note = sdk::string_at(voided, "PrivateNote");
  voided["PrivateNote"] = note.empty() ? "Voided" : "Voided - " + note;
  if (auto* lines = voided.if_contains("Line"); lines != nullptr && lines->is_array()) {
    for (auto& line : lines->get_array()) line.as_object()["Amount"] = 0;
  }
  company.update(type.object, std::move(voided), {"Void", ""});
  return company.shown(type.object, *company.find(type.object, id)).as_object();
}

Outcome delete_record(Company& company, const RecordType& type, const Record& record) {
  if (type.is_list)
    return invalid("500", "Unsupported Operation", "Operation delete is not supported for " + std::string(type.object));
  const auto id = record.id;
  if (type.object == "Payment") settle(company, record.value, -1);
  company.remove(type.object, id);
  return json::object{{"status", "Deleted"}, {"domain", "QBO"}, {"Id", id}};
}

Outcome apply_write(Company& company, const Write& write) {
  const auto id = sdk::string_at(write.body, "Id");
  if (id.empty()) return create_record(company, write.type, write.body);
  const auto* known = company.find(write.type.object, id);
  if (known == nullptr) return not_found(write.type);
  if (sdk::string_at(write.body, "SyncToken") != sdk::string_at(known->value, "SyncToken")) return stale();
  if (write.operation == "delete") return delete_record(company, write.type, *known);
  const bool payment_void = write.operation == "update" && write.include == "void";
  if (write.type.object == "Payment" && write.operation == "void")
    return invalid("500", "Unsupported Operation", "Operation void is not supported for Payment");
  if (write.operation == "void" || payment_void) return void_record(company, write.type, *known);
  return update_record(company, write.type, *known, write.body);
}

void merge_customers(Company& company, const std::string& from, const std::string& into) {
  for (const auto* object : {"Estimate", "Invoice", "Payment", "SalesReceipt", "RefundReceipt"}) {
    auto rows = company.table(object).where("_customer", from);  // by value: updates change the order
    for (const auto* row : rows) {
      auto moved = row->value;
      moved["CustomerRef"] = reference(into);
      company.update(object, std::move(moved));
    }
  }
  company.remove("Customer", from, {"Merge", from});
  const auto kept = company.find("Customer", into)->value;
  company.update("Customer", kept, {"Merge", from});
}

}  // namespace patchbay::sandbox::quickbooks
