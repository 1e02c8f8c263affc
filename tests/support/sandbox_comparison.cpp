#include "tests/support/sandbox_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace patchbay::testing {
namespace {

constexpr std::size_t kReportedMax = 30;

using sdk::json::value;

std::string text_at(const value& record, std::string_view path) {
  const auto* found = sdk::find_path(record, path);
  return found == nullptr ? "" : sdk::scalar_text(*found).value_or("");
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// "12.30" of 1230.
std::string money(std::int64_t minor) {
  const auto cents = std::to_string(std::llabs(minor) % 100);
  return (minor < 0 ? "-" : "") + std::to_string(std::llabs(minor) / 100) + "." + (cents.size() < 2 ? "0" : "") + cents;
}

std::string minor_at(const value& record, std::string_view path, std::int64_t sign = 1) {
  const auto* found = sdk::find_path(record, path);
  return found != nullptr && found->is_int64() ? money(sign * found->get_int64()) : "";
}

std::string major_at(const value& record, std::string_view path) {
  const auto* found = sdk::find_path(record, path);
  return found != nullptr && found->is_number() ? money(std::llround(found->to_number<double>() * 100)) : "";
}

std::string stripe_invoice_status(const value& record) {
  const auto status = text_at(record, "status");
  return status == "open" ? "sent" : status == "uncollectible" ? "void" : status;
}

std::string charge_status(const value& record) {
  if (text_at(record, "refunded") == "true") return "refunded";
  const auto back = minor_at(record, "amount_refunded");
  return back.empty() || back == "0.00" ? text_at(record, "status") : "partially_refunded";
}

}  // namespace

void SandboxComparison::report(const std::string& difference) {
  if (differences_.size() < kReportedMax) differences_.push_back(difference);
}

void SandboxComparison::expect_equal(const std::string& what, const std::string& expected, const std::string& found) {
  if (expected != found) report(what + ": expected \"" + expected + "\", the hub shows \"" + found + "\"");
}

std::vector<std::string> SandboxComparison::differences() {
  for (const char* list : {"clients", "estimates", "jobs", "invoices", "payments"}) {
    auto& rows = lists_[list] = api_.list("/" + std::string(list));
    for (const auto& row : rows) {
      for (const auto& [service, id] : row.at("externalIds").as_object()) {
        const std::string key = std::string(service) + "/" + std::string(id.as_string());
        if (!linked_[list].emplace(key, &row).second) report(std::string(list) + " shows " + key + " twice");
      }
    }
  }
  for (const auto& row : lists_["clients"]) client_by_id_[text_at(row, "id")] = &row;
  compare_clients();
  compare_records("estimates", "jobber", "quotes",
                  {{"number", [](const value& record) { return text_at(record, "quoteNumber"); }},
                   {"total", [](const value& record) { return major_at(record, "amounts.total"); }}});
  compare_records("jobs", "jobber", "jobs",
                  {{"number", [](const value& record) { return text_at(record, "jobNumber"); }},
                   {"serviceStatus", [](const value& record) { return text_at(record, "jobStatus"); }},
                   {"estimatedRevenue", [](const value& record) { return major_at(record, "total"); }}});
  compare_records("invoices", "jobber", "invoices",
                  {{"number", [](const value& record) { return text_at(record, "invoiceNumber"); }},
                   {"subject", [](const value& record) { return text_at(record, "subject"); }},
                   {"totalAmount", [](const value& record) { return major_at(record, "amounts.total"); }},
                   {"balance", [](const value& record) { return major_at(record, "amounts.invoiceBalance"); }}});
  compare_records("invoices", "stripe", "invoices",
                  {{"number", [](const value& record) { return text_at(record, "number"); }},
                   {"subject", [](const value& record) { return text_at(record, "description"); }},
                   {"status", stripe_invoice_status},
                   {"totalAmount", [](const value& record) { return minor_at(record, "total"); }},
                   {"balance", [](const value& record) { return minor_at(record, "amount_remaining"); }}});
  compare_records("payments", "jobber", "payments",
                  {{"amount", [](const value& record) { return major_at(record, "rawAmount"); }}});
  compare_records("payments", "stripe", "charges",
                  {{"status", charge_status},
                   {"amount", [](const value& record) { return minor_at(record, "amount_captured"); }},
                   {"refundedAmount", [](const value& record) { return minor_at(record, "amount_refunded"); }}});
  compare_records("payments", "stripe", "refunds",
                  {{"kind", [](const value&) { return std::string("refund"); }},
                   {"amount", [](const value& record) { return minor_at(record, "amount", -1); }}});
  compare_counts();
  return differences_;
}

void SandboxComparison::compare_clients() {
  auto& stripe = truths_["stripe/customers"];
  for (auto& record : sandbox_.truth("stripe", "customers")) stripe.emplace(text_at(record, "id"), std::move(record));
  auto& jobber = truths_["jobber/clients"];
  for (auto& record : sandbox_.truth("jobber", "clients")) jobber.emplace(text_at(record, "id"), std::move(record));
  for (const auto& group : sandbox_.identity_truth()) {
    ++expected_counts_["clients"];
    compare_client(stripe, jobber, text_at(group, "stripe[0]"), text_at(group, "jobber[0]"));
  }
}

void SandboxComparison::compare_client(const Rows& stripe, const Rows& jobber, const std::string& customer_id,
                                       const std::string& client_id) {
  const std::string what = "client " + customer_id + (client_id.empty() ? "" : " " + client_id);
  const auto& rows = linked_["clients"];
  const auto by_customer = rows.find("stripe/" + customer_id);
  const auto by_client = rows.find("jobber/" + client_id);
  if (!customer_id.empty() && by_customer == rows.end()) return report(what + ": not in the hub (stripe)");
  if (!client_id.empty() && by_client == rows.end()) return report(what + ": not in the hub (jobber)");
  const value& row = customer_id.empty() ? *by_client->second : *by_customer->second;
  expect_equal(what + " stripe id", customer_id, text_at(row, "externalIds.stripe"));
  expect_equal(what + " jobber id", client_id, text_at(row, "externalIds.jobber"));
  // Names and phones are the field service's where both know them, the e-mail is Stripe's (the mappings' ranks).
  const value customer = customer_id.empty() ? value() : stripe.at(customer_id);
  const value client = client_id.empty() ? value() : jobber.at(client_id);
  const auto preferred = [](std::string first, std::string second) { return first.empty() ? second : first; };
  expect_equal(what + " name", preferred(text_at(client, "name"), text_at(customer, "name")), text_at(row, "name"));
  expect_equal(what + " email", lower(preferred(text_at(customer, "email"), text_at(client, "email"))),
               text_at(row, "email"));
  expect_equal(what + " phone", preferred(text_at(client, "phone"), text_at(customer, "phone")), text_at(row, "phone"));
}

void SandboxComparison::compare_records(const std::string& list, const std::string& service, const std::string& kind,
                                        const std::vector<Field>& fields) {
  const auto& rows = linked_[list];
  for (const auto& record : sandbox_.truth(service, kind)) {
    ++expected_counts_[list];
    const std::string key = service + "/" + text_at(record, "id");
    const auto found = rows.find(key);
    if (found == rows.end()) {
      report(kind + " " + key + ": not in the hub");
      continue;
    }
    const value& row = *found->second;
    for (const Field& field : fields)
      expect_equal(kind + " " + key + " " + field.name, field.expected(record), text_at(row, field.name));
    if (kind == "refunds") continue;
    const auto client = client_by_id_.find(text_at(row, "clientId"));
    expect_equal(kind + " " + key + " client", text_at(record, service == "stripe" ? "customer" : "client.id"),
                 client == client_by_id_.end() ? "" : text_at(*client->second, "externalIds." + service));
  }
}

void SandboxComparison::compare_counts() {
  for (const auto& [list, expected] : expected_counts_) {
    expect_equal(list + " rows", std::to_string(expected), std::to_string(lists_[list].size()));
    expect_equal(list + " totalCount", std::to_string(expected), std::to_string(api_.exact_count("/" + list)));
  }
}

}  // namespace patchbay::testing
