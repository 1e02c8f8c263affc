#include "tests/sandbox/jobber/resolver.hpp"

#include "tests/sandbox/jobber/lists.hpp"
#include "tests/sandbox/jobber/mutations.hpp"
#include "tests/sandbox/jobber/records.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <array>

namespace patchbay::sandbox::jobber {
namespace {

using graphql::Object;
using graphql::Resolved;

Resolved nothing() {
  return json::value(nullptr);
}

struct RootField {
  std::string_view field, kind;
};
constexpr std::array<RootField, 9> kSingles{{{"client", "clients"},
                                             {"job", "jobs"},
                                             {"quote", "quotes"},
                                             {"visit", "visits"},
                                             {"invoice", "invoices"},
                                             {"paymentRecord", "payments"},
                                             {"expense", "expenses"},
                                             {"request", "requests"},
                                             {"property", "properties"}}};
constexpr std::array<RootField, 9> kLists{{{"clients", "clients"},
                                           {"jobs", "jobs"},
                                           {"quotes", "quotes"},
                                           {"visits", "visits"},
                                           {"invoices", "invoices"},
                                           {"paymentRecords", "payments"},
                                           {"expenses", "expenses"},
                                           {"requests", "requests"},
                                           {"users", "users"}}};

/// Records of `kind` whose `member` names the parent.
struct Children {
  std::string_view type, field, kind, member;
};
constexpr std::array<Children, 10> kChildren{{{"Client", "clientProperties", "properties", "_client"},
                                              {"Client", "jobs", "jobs", "_client"},
                                              {"Client", "quotes", "quotes", "_client"},
                                              {"Client", "invoices", "invoices", "_client"},
                                              {"Client", "requests", "requests", "_client"},
                                              {"Job", "visits", "visits", "_job"},
                                              {"Job", "invoices", "invoices", "_job"},
                                              {"Job", "expenses", "expenses", "_linkedJob"},
                                              {"Job", "paymentRecords", "payments", "_job"},
                                              {"Invoice", "paymentRecords", "payments", "_invoice"}}};

double number(const json::object& record, std::string_view member) {
  const auto* value = record.if_contains(member);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

Object owned(std::string type, json::object value) {
  auto kept = std::make_shared<const json::object>(std::move(value));
  return {std::move(type), kept.get(), kept};
}

/// The number at the end of an id's text.
std::string number_in(const std::string& id) {
  const auto text = sdk::base64_decode(id);
  return text ? text->substr(text->rfind('/') + 1) : id;
}

}  // namespace

graphql::Resolved resolve_member(const Object& parent, const graphql::FieldDefinition& field) {
  const auto* value = parent.value->if_contains(field.name);
  if (value == nullptr) return nothing();
  const auto& type = field.type.named();
  if (value->is_object()) return Object{type, &value->get_object(), parent.owned};
  if (!value->is_array() || value->get_array().empty() || !value->get_array().front().is_object()) return *value;
  std::vector<Object> objects;
  for (const auto& element : value->get_array()) objects.push_back({type, &element.get_object(), parent.owned});
  return objects;
}

Resolved JobberResolver::find_one(std::string_view kind, std::string_view id) const {
  const auto* record = books_.find(kind, id);
  if (record == nullptr) return nothing();
  return object_of(kind, *record);
}

Resolved JobberResolver::resolve(const Object& parent, const graphql::FieldDefinition& field,
                                 const json::object& arguments) {
  if (parent.type == "Query") return resolve_root(field, arguments);
  if (parent.type == "Mutation") {
    return owned(field.type.named(), run_mutation(books_, field.name, arguments));
  }
  if (auto found = resolve_connection(parent, field, arguments)) return std::move(*found);
  if (auto found = resolve_computed(parent, field.name)) return std::move(*found);
  if (auto found = resolve_link(parent, field)) return std::move(*found);
  return resolve_member(parent, field);
}

Resolved JobberResolver::resolve_root(const graphql::FieldDefinition& field, const json::object& arguments) {
  if (field.name == "account") return owned("Account", books_.account());
  for (const auto& single : kSingles) {
    if (single.field == field.name) return find_one(single.kind, sdk::string_at(arguments, "id"));
  }
  for (const auto& list : kLists) {
    if (list.field == field.name) return list_records(books_, list.kind, arguments);
  }
  if (field.name != "similarClients") return nothing();
  Table::Order similar;
  for (const auto* record : books_.table("clients").by_created()) {
    const auto equals = [&](std::string_view argument, std::string_view member) {
      const auto wanted = sdk::string_at(arguments, argument);
      return !wanted.empty() && sdk::equals_ignoring_case(wanted, sdk::string_at(record->value, member));
    };
    bool found = equals("name", "name") || equals("companyName", "companyName");
    if (const auto* emails = arguments.if_contains("emails"); emails != nullptr && emails->is_array()) {
      for (const auto& email : emails->get_array()) {
        found = found ||
                sdk::equals_ignoring_case(std::string_view(email.as_string()), sdk::string_at(record->value, "email"));
      }
    }
    if (found && similar.size() < 10) similar.push_back(record);
  }
  return page_of("clients", similar, arguments);
}

std::optional<Resolved> JobberResolver::resolve_connection(const Object& parent, const graphql::FieldDefinition& field,
                                                           const json::object& arguments) {
  if (!field.type.named().ends_with("Connection")) return std::nullopt;
  for (const auto& children : kChildren) {
    if (children.type != parent.type || children.field != field.name) continue;
    const auto id = sdk::string_at(*parent.value, "id");
    auto page = page_of(children.kind, books_.table(children.kind).where(children.member, id), arguments);
    // Invoices and jobs show their payments as the poorer type.
    if (field.type.named() == "PaymentRecordConnection") {
      for (auto& node : page.nodes) node.type = "PaymentRecord";
    }
    return page;
  }
  const bool jobs_of_invoice = parent.type == "Invoice" && field.name == "jobs";
  if (!jobs_of_invoice && field.name != "assignedUsers") return std::nullopt;
  Table::Order found;
  const auto* link = parent.value->if_contains(jobs_of_invoice ? "_job" : "_assignedUsers");
  const auto kind = jobs_of_invoice ? "jobs" : "users";
  const auto add = [&](const json::value& target) {
    const auto* record = target.is_string() ? books_.find(kind, std::string_view(target.get_string())) : nullptr;
    if (record != nullptr) found.push_back(record);
  };
  if (link != nullptr && link->is_array()) {
    for (const auto& target : link->get_array()) add(target);
  } else if (link != nullptr) {
    add(*link);
  }
  return page_of(kind, found, arguments);
}

std::optional<Resolved> JobberResolver::resolve_computed(const Object& parent, const std::string& field) {
  const auto& record = *parent.value;
  if (field == "jobStatus") return json::value(job_status(record, books_.now_ms()));
  if (field == "visitStatus") return json::value(visit_status(record, books_.now_ms()));
  if (field == "invoiceStatus") return json::value(invoice_status(record, books_.now_ms()));
  if (field == "jobberWebUri") {
    const auto* type = find_record_type_of(parent.type);
    const auto screen = type == nullptr ? "records" : type->screen;
    return json::value("https://secure.getjobber.com/" + std::string(screen) + "/" +
                       number_in(sdk::string_at(record, "id")));
  }
  if (parent.type == "Job" && field == "jobBalanceTotals") {
    return owned("JobBalanceTotals",
                 {{"outstandingAmount", number(record, "uninvoicedTotal")}, {"totalAmount", number(record, "total")}});
  }
  if (parent.type == "Job" && field == "jobCosting") {
    double costs = 0;
    for (const auto* expense : books_.table("expenses").where("_linkedJob", sdk::string_at(record, "id"))) {
      costs += number(expense->value, "total");
    }
    const auto revenue = number(record, "total");
    return owned("JobCosting",
                 {{"id", record.at("id")},
                  {"expenseCost", rounded(costs)},
                  {"labourCost", 0.0},
                  {"labourDuration", 0},
                  {"lineItemCost", 0.0},
                  {"profitAmount", rounded(revenue - costs)},
                  {"profitPercentage",
                   revenue > 0 ? json::value(rounded(100 * (revenue - costs) / revenue)) : json::value(nullptr)},
                  {"totalCost", rounded(costs)},
                  {"totalRevenue", revenue}});
  }
  if (parent.type == "WebhookEndpoint" && field == "account") return owned("Account", books_.account());
  return std::nullopt;
}

std::optional<Resolved> JobberResolver::resolve_link(const Object& parent, const graphql::FieldDefinition& field) {
  const auto* type = find_record_type_of(field.type.named());
  const auto* link = type == nullptr ? nullptr : parent.value->if_contains("_" + field.name);
  if (link == nullptr) return std::nullopt;
  if (link->is_array()) {
    std::vector<Object> objects;
    for (const auto& id : link->get_array()) {
      if (const auto* record = books_.find(type->kind, std::string_view(id.as_string())))
        objects.push_back(object_of(type->kind, *record));
    }
    return objects;
  }
  if (!link->is_string()) return nothing();
  return find_one(type->kind, std::string_view(link->get_string()));
}

}  // namespace patchbay::sandbox::jobber
