// Jobber's side of the control calls: the truth, and changes made "in the service's screens".
#include "tests/sandbox/graphql/executor.hpp"
#include "tests/sandbox/graphql/parser.hpp"
#include "tests/sandbox/jobber/dataset.hpp"
#include "tests/sandbox/jobber/lists.hpp"
#include "tests/sandbox/jobber/records.hpp"
#include "tests/sandbox/jobber/resolver.hpp"
#include "tests/sandbox/jobber/truth_query.hpp"

namespace patchbay::sandbox {
namespace {

sdk::Error not_found(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

std::string selection_of(const graphql::Schema& schema, const std::string& type_name, int depth) {
  const auto* type = schema.find(type_name);
  std::string out;
  for (const auto& field : type->fields) {
    const auto* inner = schema.find(field.type.named());
    if (inner->is_connection()) continue;
    if (inner->is_leaf()) {
      out += field.name + " ";
    } else if (jobber::find_record_type_of(inner->name) != nullptr) {
      out += field.name + " { id } ";
    } else if (depth > 0) {
      out += field.name + " { " + selection_of(schema, inner->name, depth - 1) + "} ";
    }
  }
  return out;
}

/// Plain members as they are; "clientId" and the like become links.
void merge(json::object& record, const json::object& members) {
  for (const auto& member : members) {
    const std::string name(member.key());
    if (name == "id") continue;
    const auto link = name.ends_with("Id") ? "_" + name.substr(0, name.size() - 2) : std::string();
    if (!link.empty() && record.contains(link))
      record[link] = member.value();
    else
      record[name] = member.value();
  }
}

/// For clients: one address in `email` or `phone` stands for the whole list.
void set_shortcuts(const jobber::Books& books, json::object& client, const json::object& members) {
  if (const auto email = sdk::string_at(members, "email"); !email.empty()) {
    client["emails"] = json::array{jobber::make_email(books.new_id("Email"), email, true)};
  }
  if (const auto phone = sdk::string_at(members, "phone"); !phone.empty()) {
    client["phones"] = json::array{jobber::make_phone(books.new_id("ClientPhoneNumber"), phone, true)};
  }
  jobber::refresh_client(client);
}

}  // namespace

JobberService::TruthQuery::TruthQuery(const graphql::Schema& schema, const std::string& kind) {
  const std::string type(jobber::find_record_type(kind)->type);
  std::string text = "query { " + selection_of(schema, type, 3);
  for (const auto* concrete : {"CheckPaymentRecord", "JobberPaymentsRefundPaymentRecord"}) {
    if (kind != "payments") break;
    text += "... on " + std::string(concrete) + " { " + selection_of(schema, concrete, 3) + "} ";
  }
  if (kind == "payments") text += "__typename ";
  document = graphql::parse_document(text + "}").value();
}

json::value JobberService::shown(std::string_view kind, std::string_view id) const {
  const auto* record = books_->find(kind, id);
  if (record == nullptr) return nullptr;
  const auto& query = *truth_queries_.at(std::string(kind));
  jobber::JobberResolver resolver(*books_);
  return graphql::execute_on(schema_, query.document, jobber::object_of(kind, *record), resolver);
}

sdk::Result<json::array> JobberService::truth(const RecordKind& kind) const {
  if (jobber::find_record_type(kind.kind) == nullptr) return not_found("jobber has no kind " + kind.kind);
  json::array records;
  for (const auto* record : books_->table(kind.kind).by_created()) records.push_back(shown(kind.kind, record->id));
  return records;
}

sdk::Result<json::object> JobberService::new_record(const RecordKind& kind, const json::object& members) const {
  const auto linked = [&](std::string_view table, std::string_view member) {
    return books_->find(table, sdk::string_at(members, member));
  };
  const auto needs = [](std::string_view member) {
    return sdk::invalid_error("sandbox.record", "must name a record that exists", std::string(member));
  };
  const auto id = books_->new_id(jobber::find_record_type(kind.kind)->type);
  const auto total_value = members.contains("total") ? members.at("total") : json::value(100.0);
  const auto total = total_value.is_number() ? total_value.to_number<double>() : 100.0;
  const auto number = std::to_string(context_.store.next_number());
  if (kind.kind == "clients") return jobber::make_client(id);
  if (kind.kind == "expenses") return jobber::make_expense(id, "Expense", total, books_->now());
  if (kind.kind == "visits") {
    const auto* job = linked("jobs", "jobId");
    if (job == nullptr) return needs("jobId");
    return jobber::make_visit(id, job->value);
  }
  const auto* client = linked("clients", "clientId");
  if (client == nullptr) return needs("clientId");
  if (kind.kind == "properties") return jobber::make_property(id, client->id, jobber::make_address(Address{}));
  if (kind.kind == "requests") return jobber::make_request(id, client->value, "Request");
  if (kind.kind == "payments") {
    auto payment =
        jobber::make_payment(id, client->id, sdk::string_at(members, "invoiceId"), "CashPaymentRecord", total);
    payment["entryDate"] = books_->now();
    return payment;
  }
  if (kind.kind == "invoices") return jobber::make_invoice(id, client->id, number, total);
  const auto& properties = books_->table("properties").where("_client", client->id);
  if (properties.empty()) return sdk::invalid_error("sandbox.record", "the client has no property", "clientId");
  if (kind.kind == "jobs")
    return jobber::make_job(id, client->id, properties.front()->id, static_cast<std::int64_t>(std::stoll(number)));
  if (kind.kind == "quotes") {
    auto quote = jobber::make_quote(id, client->id, properties.front()->id, number, total);
    quote["transitionedAt"] = books_->now();
    return quote;
  }
  return sdk::invalid_error("sandbox.record", "records of this kind cannot be made");
}

sdk::Result<json::value> JobberService::create_record(const RecordKind& kind, const json::object& members) {
  if (jobber::find_record_type(kind.kind) == nullptr) return not_found("jobber has no kind " + kind.kind);
  PATCHBAY_ASSIGN(auto record, new_record(kind, members));
  merge(record, members);
  if (kind.kind == "clients") set_shortcuts(*books_, record, members);
  const auto id = sdk::string_at(books_->add(kind.kind, std::move(record)), "id");
  return shown(kind.kind, id);
}

sdk::Result<json::value> JobberService::change_record(const RecordKind& kind, std::string_view id,
                                                      const json::object& members) {
  if (jobber::find_record_type(kind.kind) == nullptr) return not_found("jobber has no kind " + kind.kind);
  const auto* known = books_->find(kind.kind, id);
  if (known == nullptr) return not_found("no such record");
  auto record = known->value;
  merge(record, members);
  if (kind.kind == "clients") set_shortcuts(*books_, record, members);
  books_->update(kind.kind, std::move(record));
  return shown(kind.kind, id);
}

sdk::Result<json::value> JobberService::remove_record(const RecordKind& kind, std::string_view id) {
  if (jobber::find_record_type(kind.kind) == nullptr) return not_found("jobber has no kind " + kind.kind);
  auto last = shown(kind.kind, id);
  if (last.is_null()) return not_found("no such record");
  books_->remove(kind.kind, std::string(id));
  return last;
}

sdk::Result<json::value> JobberService::change_random_record(const RecordKind& kind, Random& random) {
  if (jobber::find_record_type(kind.kind) == nullptr) return not_found("jobber has no kind " + kind.kind);
  const auto& order = books_->table(kind.kind).by_created();
  if (order.empty()) return not_found("there is no record to change");
  const auto* record = random.pick(order);
  const auto word = random.letters_and_digits(8);
  json::object change;
  if (kind.kind == "clients")
    change["lastName"] = sdk::string_at(record->value, "lastName").substr(0, 30) + " " + word;
  else if (kind.kind == "invoices")
    change["subject"] = "Changed " + word;
  else if (kind.kind == "payments")
    change["details"] = "Changed " + word;
  else if (kind.kind == "properties")
    change["name"] = "Changed " + word;
  else
    change["title"] = "Changed " + word;
  return change_record(kind, std::string(record->id), change);
}

std::vector<Contact> JobberService::contacts() const {
  std::map<std::string, std::int64_t> numbers;
  for (const auto& person : context_.people) {
    if (person.in_jobber) numbers[jobber::client_id(person.number)] = static_cast<std::int64_t>(person.number);
  }
  std::vector<Contact> contacts;
  for (const auto* record : books_->table("clients").by_created()) {
    const auto number_of = numbers.find(record->id);
    contacts.push_back({record->id, sdk::string_at(record->value, "email"), sdk::string_at(record->value, "phone"),
                        number_of == numbers.end() ? -1 : number_of->second});
  }
  return contacts;
}

}  // namespace patchbay::sandbox
