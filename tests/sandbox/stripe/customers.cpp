#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <array>

namespace patchbay::sandbox::stripe {
namespace {

void set_address(json::object& object, std::string_view member, const json::object* address) {
  if (address == nullptr) return;
  if (address->empty()) {
    object[member] = nullptr;
    return;
  }
  if (!object[member].is_object()) object[member] = make_address();
  for (const auto& part : *address) {
    object[member].get_object()[part.key()] = part.value() == "" ? json::value(nullptr) : part.value();
  }
}

void apply(json::object& customer, Params& params) {
  for (const auto* member : {"name", "email", "phone", "description"}) set_text(customer, member, params.text(member));
  set_address(customer, "address", params.hash("address"));
  if (const auto* shipping = params.hash("shipping")) {
    customer["shipping"] = shipping->empty() ? json::value(nullptr) : json::value(*shipping);
  }
  if (const auto balance = params.integer("balance")) customer["balance"] = *balance;
  if (const auto prefix = params.text("invoice_prefix")) customer["invoice_prefix"] = *prefix;
  if (const auto exempt = params.one_of("tax_exempt", {"none", "exempt", "reverse"})) customer["tax_exempt"] = *exempt;
  merge_metadata(customer, params);
  params.ignore({"invoice_settings", "payment_method", "preferred_locales", "source", "tax"});
}

Answer create_customer(Request& request) {
  auto customer = make_customer(request.account.new_id("cus_").substr(0, 18), request.account.now());
  apply(customer, request.params);
  if (const auto clock = request.params.text("test_clock")) {
    if (request.account.find("test_clocks", *clock) == nullptr) {
      request.params.fail(resource_missing("test_clock", *clock, "test_clock"));
    }
    customer["test_clock"] = *clock;
  }
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.add("customers", std::move(customer), "customer.created"));
}

Answer get_customer(Request& request) {
  if (const auto* gone = request.account.find("deleted", request.id)) {
    if (auto error = request.params.finish()) return *error;
    return json::value(gone->value);
  }
  return get_object(request, "customers");
}

Answer update_customer(Request& request) {
  const auto* record = request.account.find("customers", request.id);
  if (record == nullptr) return resource_missing("customer", request.id);
  auto customer = record->value;
  apply(customer, request.params);
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.update("customers", std::move(customer), {"customer.updated"}));
}

Answer delete_customer(Request& request) {
  const auto* record = request.account.find("customers", request.id);
  if (record == nullptr) return resource_missing("customer", request.id);
  if (auto error = request.params.finish()) return *error;
  const auto customer = record->value;
  request.account.erase("customers", request.id);
  json::object tombstone{{"id", request.id}, {"object", "customer"}, {"deleted", true}};
  request.account.put("deleted", tombstone);
  request.account.emit("customer.deleted", customer);
  return json::value(std::move(tombstone));
}

Answer list_customers(Request& request) {
  const auto clock = request.params.text("test_clock");
  const ListRule rule{"customers", "/v1/customers", {"email"}, [clock](const json::object& customer) {
                        const auto& member = customer.at("test_clock");
                        return clock ? member == json::string_view(*clock) : member.is_null();
                      }};
  return list_objects(request.account, rule, request.params);
}

/// `name:"Ada"`, `email~"example"`, `phone:…`, joined by AND: enough of the query language to look a customer up.
struct Term {
  std::string field, text;
  bool part = false;
};

std::optional<std::vector<Term>> parse_search(std::string_view query) {
  std::vector<Term> terms;
  while (!query.empty()) {
    const auto op = query.find_first_of(":~");
    if (op == std::string_view::npos || op + 1 >= query.size()) return std::nullopt;
    const char quote = query[op + 1];
    const auto end = query.find(quote, op + 2);
    if ((quote != '"' && quote != '\'') || end == std::string_view::npos) return std::nullopt;
    terms.push_back(
        {std::string(query.substr(0, op)), std::string(query.substr(op + 2, end - op - 2)), query[op] == '~'});
    query.remove_prefix(end + 1);
    if (query.starts_with(" AND "))
      query.remove_prefix(5);
    else if (!query.empty())
      return std::nullopt;
  }
  return terms;
}

Answer search_customers(Request& request) {
  const auto query = request.params.required_text("query");
  const auto limit = request.params.integer("limit").value_or(10);
  request.params.ignore({"page"});
  const auto terms = parse_search(query);
  if (!terms) request.params.fail(invalid_state("", "We were unable to parse your search query."));
  if (auto error = request.params.finish()) return *error;
  json::array data;
  const auto& order = request.account.table("customers").by_created();
  for (auto record = order.rbegin(); record != order.rend() && data.size() < static_cast<std::size_t>(limit);
       ++record) {
    bool found = true;
    for (const auto& term : *terms) {
      const auto text = sdk::string_at((*record)->value, term.field);
      found = found && (term.part ? text.find(term.text) != std::string::npos : text == term.text);
    }
    if (found) data.push_back((*record)->value);
  }
  return json::value(json::object{{"object", "search_result"},
                                  {"data", std::move(data)},
                                  {"has_more", false},
                                  {"next_page", nullptr},
                                  {"url", "/v1/customers/search"}});
}

constexpr std::array<Route, 6> kRoutes{{{"GET", "/v1/customers/search", search_customers},
                                        {"GET", "/v1/customers", list_customers},
                                        {"POST", "/v1/customers", create_customer},
                                        {"GET", "/v1/customers/{id}", get_customer},
                                        {"POST", "/v1/customers/{id}", update_customer},
                                        {"DELETE", "/v1/customers/{id}", delete_customer}}};

}  // namespace

std::span<const Route> customer_routes() {
  return kRoutes;
}

}  // namespace patchbay::sandbox::stripe
