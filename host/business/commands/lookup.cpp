#include "business/commands/lookup.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <optional>

namespace patchbay::commands {
namespace {

using sdk::string_at;

constexpr const char* kJobsMax = "30";
constexpr const char* kMatchesMax = "8";
constexpr std::string_view kBetween = " · ";

sdk::CommandReply no_permission(const std::string& what) {
  return {false, "Patchbay", {"Your role may not list " + what + "."}};
}

/// The parts that are there, with dots between them.
std::string line_of(const std::vector<std::string>& parts) {
  std::string line;
  for (const std::string& part : parts) {
    if (!part.empty()) line += (line.empty() ? "" : std::string(kBetween)) + part;
  }
  return line;
}

std::string client_of(const sdk::json::value& row, const std::map<std::string, std::string>& names) {
  const auto found = names.find(string_at(row, "clientId"));
  return found == names.end() ? std::string() : found->second;
}

/// "09:30", on the asker's clock.
std::string clock_time(const std::string& iso, std::chrono::seconds utc_offset) {
  const auto time = sdk::parse_time(iso);
  if (!time.ok()) return {};
  return sdk::format_time(*time + utc_offset).substr(11, 5);
}

std::string money_of(const sdk::json::value& row, std::string_view field) {
  const std::string amount = string_at(row, field);
  return amount.empty() ? amount : amount + " " + string_at(row, "currency");
}

}  // namespace

sdk::Result<sdk::json::array> Lookup::list(const policy::Principal& principal, const std::string& kind,
                                           const Parameters& parameters) const {
  const auto& description = *registry_.find(kind);
  std::vector<sdk::Error> errors;
  auto query = resources::parse_list_query(description, parameters, phone_region_, errors);
  if (!query) return errors.front();
  query->count = resources::ListQuery::Count::kNone;
  sdk::Result<resources::ReadPage> page = sdk::permanent_error("commands.unread", "nothing was read");
  reader_.list(std::make_shared<resources::DatabaseChannel>(database_), description, principal, *query,
               [&page](sdk::Result<resources::ReadPage> read) { page = std::move(read); });
  if (!page.ok()) return std::move(page).error();
  PATCHBAY_ASSIGN(sdk::json::value rows, sdk::parse_json(page->json));
  return std::move(rows.as_array());
}

sdk::Result<std::map<std::string, std::string>> Lookup::client_names(const sdk::json::array& rows) const {
  std::vector<std::string> ids;
  for (const auto& row : rows) {
    if (auto id = string_at(row, "clientId"); !id.empty()) ids.push_back(std::move(id));
  }
  std::map<std::string, std::string> names;
  if (ids.empty()) return names;
  PATCHBAY_ASSIGN(const auto found,
                  database_.query(storage::Lane::kInteractive,
                                  "select id, name from clients where id = any ($1::uuid[]) and deleted_at is null",
                                  {storage::array_literal(ids)}));
  for (std::size_t row = 0; row < found.size(); ++row) names[found.text(row, "id")] = found.text(row, "name");
  return names;
}

sdk::Result<sdk::CommandReply> Lookup::jobs_today(const policy::Principal& principal, sdk::SystemTime now,
                                                  std::chrono::seconds utc_offset) const {
  if (!reader_.policy().allows(principal, registry_.find("job")->read_permission)) return no_permission("jobs");
  const auto day = std::chrono::floor<std::chrono::days>(now + utc_offset);
  const auto begin = day - utc_offset;
  PATCHBAY_ASSIGN(const auto rows, list(principal, "job",
                                        {{"scheduledStart[gte]", sdk::format_time(begin)},
                                         {"scheduledStart[lt]", sdk::format_time(begin + std::chrono::hours(24))},
                                         {"status[ne]", "cancelled"},
                                         {"sort", "scheduledStart"},
                                         {"pageSize", kJobsMax}}));
  PATCHBAY_ASSIGN(const auto names, client_names(rows));
  sdk::CommandReply reply{true, "Jobs on " + sdk::format_time(day).substr(0, 10), {}};
  for (const auto& row : rows) {
    const std::string number = string_at(row, "number");
    reply.lines.push_back(line_of({clock_time(string_at(row, "scheduledStart"), utc_offset),
                                   (number.empty() ? "" : "#" + number + " ") + string_at(row, "title"),
                                   client_of(row, names), string_at(row, "status")}));
  }
  if (rows.empty()) reply.lines.emplace_back("None.");
  return reply;
}

sdk::Result<sdk::CommandReply> Lookup::clients(const policy::Principal& principal, const std::string& name) const {
  if (!reader_.policy().allows(principal, registry_.find("client")->list_permission)) return no_permission("clients");
  PATCHBAY_ASSIGN(const auto rows,
                  list(principal, "client", {{"search", name}, {"sort", "name"}, {"pageSize", kMatchesMax}}));
  sdk::CommandReply reply{true, "Clients: " + name, {}};
  for (const auto& row : rows) {
    reply.lines.push_back(
        line_of({string_at(row, "name"), string_at(row, "phone"), string_at(row, "email"),
                 string_at(row, "address.line1"), string_at(row, "address.city"), string_at(row, "lifecycleStage")}));
  }
  if (rows.empty()) reply.lines.emplace_back("Nobody of that name that you may see.");
  return reply;
}

sdk::Result<sdk::CommandReply> Lookup::invoices(const policy::Principal& principal, const std::string& number) const {
  if (!reader_.policy().allows(principal, registry_.find("invoice")->read_permission)) return no_permission("invoices");
  PATCHBAY_ASSIGN(const auto rows, list(principal, "invoice", {{"number", number}, {"pageSize", kMatchesMax}}));
  PATCHBAY_ASSIGN(const auto names, client_names(rows));
  sdk::CommandReply reply{true, "Invoice " + number, {}};
  for (const auto& row : rows) {
    const std::string balance = money_of(row, "balance");
    const std::string due = string_at(row, "dueDate").substr(0, 10);
    reply.lines.push_back(line_of({client_of(row, names), string_at(row, "status"), money_of(row, "totalAmount"),
                                   balance.empty() ? "" : "open " + balance, due.empty() ? "" : "due " + due}));
  }
  if (rows.empty()) reply.lines.emplace_back("There is none that you may see.");
  return reply;
}

}  // namespace patchbay::commands
