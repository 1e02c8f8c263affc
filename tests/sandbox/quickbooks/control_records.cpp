// QuickBooks' side of the control calls: the truth, and changes made "in the service's screens".
#include "tests/sandbox/quickbooks/dataset.hpp"
#include "tests/sandbox/quickbooks/quickbooks_service.hpp"
#include "tests/sandbox/quickbooks/records.hpp"
#include "tests/sandbox/quickbooks/writes.hpp"

namespace patchbay::sandbox {

using quickbooks::Company;
using quickbooks::Outcome;
using quickbooks::RecordType;
using quickbooks::Refusal;

namespace {

sdk::Error not_found(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

sdk::Result<const RecordType*> type_of(const RecordKind& kind) {
  const auto* type = quickbooks::find_record_type(kind.kind);
  if (type == nullptr) return not_found("quickbooks has no kind " + kind.kind);
  return type;
}

sdk::Result<json::value> result_of(Outcome outcome) {
  if (const auto* refusal = std::get_if<Refusal>(&outcome))
    return sdk::invalid_error("sandbox.record", refusal->message + ": " + refusal->detail, refusal->element);
  return json::value(std::move(std::get<json::object>(outcome)));
}

/// "email", "phone", "name", "customerId", "invoiceId" and "total" stand for what is clumsy to write in QuickBooks'
/// way.
json::object expanded(const Company& company, const RecordType& type, json::object members) {
  const auto take = [&](const char* name) {
    const auto text = sdk::string_at(members, name);
    members.erase(name);
    return text;
  };
  if (const auto email = take("email"); !email.empty()) members["PrimaryEmailAddr"] = json::object{{"Address", email}};
  if (const auto phone = take("phone"); !phone.empty())
    members["PrimaryPhone"] = json::object{{"FreeFormNumber", phone}};
  if (const auto name = take("name"); !name.empty()) members["DisplayName"] = name;
  if (const auto customer = take("customerId"); !customer.empty())
    members["CustomerRef"] = quickbooks::reference(customer);
  const auto invoice = take("invoiceId");
  const auto* total = members.if_contains("total");
  if (total == nullptr || !total->is_number()) return members;
  const double amount = total->to_number<double>();
  members.erase("total");
  if (type.object == "Payment") {
    members["TotalAmt"] = amount;
    if (!invoice.empty()) members["Line"] = json::array{quickbooks::make_settlement(invoice, amount)};
  } else if (type.object == "Purchase" || type.object == "Bill") {
    members["Line"] = json::array{quickbooks::make_expense_line("Job Materials", amount, "Materials", "")};
  } else {
    members["Line"] = json::array{quickbooks::make_sales_line(company.find("Item", "1")->value, amount, 1)};
  }
  return members;
}

}  // namespace

sdk::Result<json::array> QuickBooksService::truth(const RecordKind& kind) const {
  PATCHBAY_ASSIGN(const auto* type, type_of(kind));
  json::array records;
  for (const auto* record : company_->table(type->object).by_created())
    records.push_back(company_->shown(type->object, *record));
  return records;
}

/// A "disconnection" is no record: the owner ends the app's access in QuickBooks.
sdk::Result<json::value> QuickBooksService::create_record(const RecordKind& kind, const json::object& members) {
  if (kind.kind == "disconnections") {
    oauth_->disconnect();
    return json::value(json::object());
  }
  PATCHBAY_ASSIGN(const auto* type, type_of(kind));
  return result_of(quickbooks::create_record(*company_, *type, expanded(*company_, *type, members)));
}

/// `{"void": true}` voids; `{"mergeInto": id}` merges a customer into another.
sdk::Result<json::value> QuickBooksService::change_record(const RecordKind& kind, std::string_view id,
                                                          const json::object& members) {
  PATCHBAY_ASSIGN(const auto* type, type_of(kind));
  const auto* known = company_->find(type->object, id);
  if (known == nullptr) return not_found("no such record");
  if (members.contains("void")) return result_of(quickbooks::void_record(*company_, *type, *known));
  if (const auto into = sdk::string_at(members, "mergeInto"); !into.empty() && type->object == "Customer") {
    if (company_->find("Customer", into) == nullptr) return not_found("no such customer to merge into");
    quickbooks::merge_customers(*company_, std::string(id), into);
    return company_->shown("Customer", *company_->find("Customer", into));
  }
  auto changes = expanded(*company_, *type, members);
  changes["Id"] = id;
  changes["SyncToken"] = sdk::string_at(known->value, "SyncToken");
  changes["sparse"] = true;
  return result_of(quickbooks::apply_write(*company_, {*type, changes, "", ""}));
}

sdk::Result<json::value> QuickBooksService::remove_record(const RecordKind& kind, std::string_view id) {
  PATCHBAY_ASSIGN(const auto* type, type_of(kind));
  const auto* known = company_->find(type->object, id);
  if (known == nullptr) return not_found("no such record");
  if (type->is_list) return change_record(kind, id, {{"Active", false}});
  return result_of(quickbooks::delete_record(*company_, *type, *known));
}

sdk::Result<json::value> QuickBooksService::change_random_record(const RecordKind& kind, Random& random) {
  PATCHBAY_ASSIGN(const auto* type, type_of(kind));
  const auto& order = company_->table(type->object).by_created();
  if (order.empty()) return not_found("there is no record to change");
  const auto* record = random.pick(order);
  const auto word = random.letters_and_digits(8);
  json::object change;
  if (type->object == "Customer")
    change["CompanyName"] = "Changed " + word;
  else if (type->is_list)
    change["Description"] = "Changed " + word;
  else
    change["PrivateNote"] = "Changed " + word;
  return change_record(kind, std::string(record->id), change);
}

std::vector<Contact> QuickBooksService::contacts() const {
  std::map<std::string, std::int64_t> numbers;
  for (const auto& person : context_.people) {
    if (quickbooks::is_customer(person))
      numbers[quickbooks::customer_id(person.number)] = static_cast<std::int64_t>(person.number);
  }
  std::vector<Contact> contacts;
  for (const auto* record : company_->table("Customer").by_created()) {
    if (record->value.at("Job") == json::value(true)) continue;  // its parent's project, nobody of its own
    const auto number_of = numbers.find(record->id);
    contacts.push_back({record->id, sdk::string_at(record->value, "PrimaryEmailAddr.Address"),
                        sdk::string_at(record->value, "PrimaryPhone.FreeFormNumber"),
                        number_of == numbers.end() ? -1 : number_of->second});
  }
  return contacts;
}

}  // namespace patchbay::sandbox
