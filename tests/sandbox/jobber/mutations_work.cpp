// Jobs, quotes, visits, invoices, expenses.
#include "tests/sandbox/jobber/mutations.hpp"
#include "tests/sandbox/jobber/records.hpp"

#include <array>

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::int64_t kDayMilliseconds = 86'400'000;

double number(const json::object& object, std::string_view member, double fallback = 0) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_number() ? value->to_number<double>() : fallback;
}

double line_total(const json::object& input) {
  double total = 0;
  const auto* lines = input.if_contains("lineItems");
  if (lines == nullptr || !lines->is_array()) return 0;
  for (const auto& line : lines->get_array()) {
    total += number(line.get_object(), "unitPrice") * number(line.get_object(), "quantity", 1);
  }
  return rounded(total);
}

/// One more than the highest number there is.
std::int64_t next_number(const Books& books, std::string_view kind, std::string_view member) {
  std::int64_t highest = 0;
  for (const auto* record : books.table(kind).by_created()) {
    const auto& value = record->value.at(member);
    const auto used =
        value.is_number() ? value.to_number<std::int64_t>() : std::atoll(sdk::string_at(record->value, member).c_str());
    highest = std::max<std::int64_t>(highest, used);
  }
  return highest + 1;
}

void set_schedule(json::object& job, const json::object& input) {
  const auto* frame = input.if_contains("timeframe");
  if (frame == nullptr || !frame->is_object()) return;
  const auto date = sdk::string_at(*frame, "startAt");
  if (date.empty()) return;
  const auto* scheduling = input.if_contains("scheduling");
  const auto time = scheduling == nullptr ? std::string() : sdk::string_at(*scheduling, "startTime");
  const auto start =
      parse_milliseconds(date.substr(0, 10) + "T" + (time.size() >= 8 ? time.substr(0, 8) : "09:00:00") + "Z");
  job["startAt"] = format_seconds(start);
  job["endAt"] = format_seconds(start + 2 * 3'600'000 +
                                (static_cast<std::int64_t>(number(frame->get_object(), "durationValue", 1)) - 1) *
                                    kDayMilliseconds);
}

json::object create_job(Books& books, const json::object& arguments) {
  const auto& input = arguments.at("input").as_object();
  const auto property_id = sdk::string_at(input, "propertyId");
  const auto* property = books.find("properties", property_id);
  if (property == nullptr) return user_error("Property not found", "input.propertyId");
  const auto quote_id = sdk::string_at(input, "quoteId");
  const auto* quote = quote_id.empty() ? nullptr : books.find("quotes", quote_id);
  if (!quote_id.empty() && quote == nullptr) return user_error("Quote not found", "input.quoteId");
  auto job = make_job(books.new_id("Job"), sdk::string_at(property->value, "_client"), property_id,
                      next_number(books, "jobs", "jobNumber"));
  copy_given(job, input, {"title", "instructions"});
  if (number(input, "jobNumber") > 0) job["jobNumber"] = input.at("jobNumber");
  job["billingType"] = sdk::string_at(input, "invoicing.invoicingType");
  job["total"] = quote != nullptr && line_total(input) == 0 ? number(quote->value.at("amounts").as_object(), "total")
                                                            : line_total(input);
  job["uninvoicedTotal"] = job["total"];
  set_schedule(job, input);
  if (quote != nullptr) {
    job["_quote"] = quote_id;
    auto converted = quote->value;
    converted["quoteStatus"] = "converted";
    converted["transitionedAt"] = books.now();
    converted["lastTransitioned"].as_object()["convertedAt"] = books.now();
    books.update("quotes", std::move(converted));
  }
  const auto kept = books.add("jobs", std::move(job));
  const auto* scheduling = input.if_contains("scheduling");
  if (!kept.at("startAt").is_null() && (scheduling == nullptr || scheduling->at("createVisits") == true)) {
    auto visit = make_visit(books.new_id("Visit"), kept);
    if (scheduling != nullptr && scheduling->get_object().contains("assignedTo"))
      visit["_assignedUsers"] = scheduling->at("assignedTo");
    books.add("visits", std::move(visit));
  }
  return payload("_job", kept.at("id"));
}

/// The record an argument names, or the payload that says there is none.
const Record* record_of(const Books& books, std::string_view kind, const json::object& arguments,
                        std::string_view argument) {
  return books.find(kind, sdk::string_at(arguments, argument));
}

json::object edit_job(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "jobs", arguments, "jobId");
  if (record == nullptr) return user_error("Job not found", "jobId");
  const auto& input = arguments.at("input").as_object();
  auto job = record->value;
  copy_given(job, input, {"title", "instructions"});
  if (number(input, "jobNumber") > 0) job["jobNumber"] = input.at("jobNumber");
  set_schedule(job, input);
  return payload("_job", books.update("jobs", std::move(job)).at("id"));
}

json::object close_job(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "jobs", arguments, "jobId");
  if (record == nullptr) return user_error("Job not found", "jobId");
  auto job = record->value;
  if (sdk::string_at(job, "jobStatus") == "archived") return user_error("Job is already closed", "jobId");
  const bool destroy_all = sdk::string_at(arguments, "input.modifyIncompleteVisitsBy") == "DESTROY_ALL";
  for (const auto* visit : Table::Order(books.table("visits").where("_job", record->id))) {
    if (visit->value.at("isComplete") == true) continue;
    if (destroy_all || parse_milliseconds(sdk::string_at(visit->value, "startAt")) > books.now_ms()) {
      books.remove("visits", std::string(visit->id));
      continue;
    }
    auto completed = visit->value;
    completed["isComplete"] = true;
    completed["completedAt"] = books.now();
    books.update("visits", std::move(completed), {"VISIT_COMPLETE"});
  }
  job["jobStatus"] = number(job, "uninvoicedTotal") > 0 ? "requires_invoicing" : "archived";
  job["completedAt"] = books.now();
  return payload("_job", books.update("jobs", std::move(job), {"JOB_CLOSED"}).at("id"));
}

json::object reopen_job(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "jobs", arguments, "jobId");
  if (record == nullptr) return user_error("Job not found", "jobId");
  auto job = record->value;
  job["jobStatus"] = "scheduled";
  job["completedAt"] = nullptr;
  return payload("_job", books.update("jobs", std::move(job)).at("id"));
}

json::object create_quote(Books& books, const json::object& arguments) {
  const auto& input = arguments.at("attributes").as_object();
  const auto client = sdk::string_at(input, "clientId");
  const auto* property = books.find("properties", sdk::string_at(input, "propertyId"));
  if (books.find("clients", client) == nullptr) return user_error("Client not found", "attributes.clientId");
  if (property == nullptr || sdk::string_at(property->value, "_client") != client) {
    return user_error("Property not found for this client", "attributes.propertyId");
  }
  if (input.at("lineItems").as_array().empty())
    return user_error("At least one line item is required", "attributes.lineItems");
  auto number_text = sdk::string_at(input, "quoteNumber");
  if (number_text.empty()) number_text = std::to_string(next_number(books, "quotes", "quoteNumber"));
  auto quote = make_quote(books.new_id("Quote"), client, property->id, number_text, line_total(input));
  copy_given(quote, input, {"title", "message"});
  quote["transitionedAt"] = books.now();
  const bool sent = sdk::string_at(input, "transitionQuoteTo") == "AWAITING_RESPONSE";
  if (sent) {
    quote["quoteStatus"] = "awaiting_response";
    quote["sentAt"] = books.now();
  }
  const auto id = books.add("quotes", std::move(quote)).at("id");
  if (sent) books.announce("QUOTE_SENT", std::string(id.as_string()));
  return payload("_quote", id);
}

json::object edit_quote(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "quotes", arguments, "quoteId");
  if (record == nullptr) return user_error("Quote not found", "quoteId");
  auto quote = record->value;
  copy_given(quote, arguments.at("attributes").as_object(), {"title", "message", "quoteNumber", "sentAt"});
  return payload("_quote", books.update("quotes", std::move(quote)).at("id"));
}

json::object complete_visit(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "visits", arguments, "visitId");
  if (record == nullptr) return user_error("Visit not found", "visitId");
  auto visit = record->value;
  const auto at = sdk::string_at(arguments, "input.completedAt");
  visit["isComplete"] = true;
  visit["completedAt"] = at.empty() ? books.now() : at;
  return payload("_visit", books.update("visits", std::move(visit), {"VISIT_COMPLETE"}).at("id"));
}

json::object close_invoice(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "invoices", arguments, "id");
  if (record == nullptr) return user_error("Invoice not found", "id");
  auto invoice = record->value;
  if (sdk::string_at(arguments, "input.closeOption") == "BAD_DEBT") {
    invoice["invoiceStatus"] = "bad_debt";
  } else {
    invoice["invoiceStatus"] = "paid";
    invoice["receivedDate"] = books.now();
    invoice["amounts"].as_object()["invoiceBalance"] = 0.0;
  }
  return payload("_invoice", books.update("invoices", std::move(invoice)).at("id"));
}

json::object create_expense(Books& books, const json::object& arguments) {
  const auto& input = arguments.at("input").as_object();
  const auto job = sdk::string_at(input, "linkedJobId");
  if (!job.empty() && books.find("jobs", job) == nullptr) return user_error("Job not found", "input.linkedJobId");
  auto expense =
      make_expense(books.new_id("Expense"), sdk::string_at(input, "title"), 0, sdk::string_at(input, "date"));
  copy_given(expense, input, {"description", "total"});
  if (!job.empty()) expense["_linkedJob"] = job;
  return payload("_expense", books.add("expenses", std::move(expense)).at("id"));
}

json::object edit_expense(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "expenses", arguments, "expenseId");
  if (record == nullptr) return user_error("Expense not found", "expenseId");
  auto expense = record->value;
  copy_given(expense, arguments.at("input").as_object(), {"title", "description", "date", "total"});
  return payload("_expense", books.update("expenses", std::move(expense)).at("id"));
}

json::object delete_expense(Books& books, const json::object& arguments) {
  const auto* record = record_of(books, "expenses", arguments, "expenseId");
  if (record == nullptr) return user_error("Expense not found", "expenseId");
  const auto expense = record->value;
  books.remove("expenses", sdk::string_at(expense, "id"));
  return payload("deletedExpense", expense);
}

constexpr std::array<NamedMutation, 11> kMutations{{{"jobCreate", create_job},
                                                    {"jobEdit", edit_job},
                                                    {"jobClose", close_job},
                                                    {"jobReopen", reopen_job},
                                                    {"quoteCreate", create_quote},
                                                    {"quoteEdit", edit_quote},
                                                    {"visitComplete", complete_visit},
                                                    {"invoiceClose", close_invoice},
                                                    {"expenseCreate", create_expense},
                                                    {"expenseEdit", edit_expense},
                                                    {"expenseDelete", delete_expense}}};

}  // namespace

std::span<const NamedMutation> work_mutations() {
  return kMutations;
}

}  // namespace patchbay::sandbox::jobber
