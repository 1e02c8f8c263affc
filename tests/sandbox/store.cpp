#include "tests/sandbox/store.hpp"

namespace patchbay::sandbox {
namespace {

json::object change_of(std::string_view table, const Record& record) {
  return {{"t", table},           {"id", record.id},  {"c", record.created_ms}, {"u", record.updated_ms},
          {"s", record.sequence}, {"v", record.value}};
}

json::object erasure_of(std::string_view table, std::string_view id, std::uint64_t sequence) {
  return {{"t", table}, {"id", id}, {"s", sequence}, {"v", nullptr}};
}

template <typename Number>
Number number_member(const json::object& change, std::string_view name) {
  const auto* value = change.if_contains(name);
  boost::system::error_code code;
  return value == nullptr ? Number{0} : value->to_number<Number>(code);
}

}  // namespace

Table& Store::declare(std::string_view name, std::vector<std::string> indexed_members) {
  return tables_.try_emplace(std::string(name), std::move(indexed_members)).first->second;
}

const Record& Store::put(std::string_view table_name, std::string id, std::int64_t created_ms, std::int64_t updated_ms,
                         json::object value) {
  auto& table = tables_.at(std::string(table_name));
  const auto* known = table.find(id);
  const auto sequence = known != nullptr ? known->sequence : next_number();
  const auto& record = table.put(Record{std::move(id), created_ms, updated_ms, sequence, std::move(value)});
  if (journal_ != nullptr) journal_change(change_of(table_name, record));
  return record;
}

bool Store::erase(std::string_view table_name, std::string_view id) {
  const std::string kept_id(id);
  if (!tables_.at(std::string(table_name)).erase(kept_id)) return false;
  if (journal_ != nullptr) journal_change(erasure_of(table_name, kept_id, sequence_));
  return true;
}

void Store::journal_change(json::object change) {
  if (auto written = journal_->append(change); !written && !failure_) failure_ = written.error();
}

sdk::Result<void> Store::apply(const json::object& change) {
  const auto name = sdk::string_at(change, "t");
  const auto table = tables_.find(name);
  if (table == tables_.end())
    return sdk::permanent_error("sandbox.journal", "the journal names an unknown table: " + name);
  Record record;
  record.id = sdk::string_at(change, "id");
  record.sequence = number_member<std::uint64_t>(change, "s");
  sequence_ = std::max(sequence_, record.sequence);
  const auto* value = change.if_contains("v");
  if (value == nullptr || !value->is_object()) {
    table->second.erase(record.id);
    return {};
  }
  record.created_ms = number_member<std::int64_t>(change, "c");
  record.updated_ms = number_member<std::int64_t>(change, "u");
  record.value = with_raw_fragments(*value).as_object();
  table->second.put(std::move(record));
  return {};
}

sdk::Result<void> Store::seal(Journal* journal) {
  if (journal == nullptr) return {};
  std::map<std::pair<std::string, std::string>, json::object> last_changes;
  PATCHBAY_TRY(journal->replay([&](const json::object& change) -> sdk::Result<void> {
    last_changes[{sdk::string_at(change, "t"), sdk::string_at(change, "id")}] = change;
    return apply(change);
  }));
  std::vector<json::object> snapshot;
  for (auto& [key, change] : last_changes) snapshot.push_back(std::move(change));
  PATCHBAY_TRY(journal->rewrite(snapshot));
  journal_ = journal;
  return {};
}

}  // namespace patchbay::sandbox
