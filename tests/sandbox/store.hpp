// All records of all services, by table name ("jobber.clients"). Once the generated data is sealed, every change goes
// to the journal, so that a restart finds it. Not thread-safe: the sandbox's one lock guards it.
#pragma once

#include "tests/sandbox/journal.hpp"
#include "tests/sandbox/table.hpp"

#include <map>

namespace patchbay::sandbox {

class Store {
 public:
  /// Makes the table on first use; `indexed_members` are the members that Table::where looks up.
  Table& declare(std::string_view name, std::vector<std::string> indexed_members = {});
  /// A declared table; an unknown name is a programmer's error (throws std::out_of_range).
  const Table& table(std::string_view name) const { return tables_.at(std::string(name)); }
  const Record* find(std::string_view table_name, std::string_view id) const { return table(table_name).find(id); }

  /// Inserts or replaces; keeps the sequence of a record that was there.
  const Record& put(std::string_view table_name, std::string id, std::int64_t created_ms, std::int64_t updated_ms,
                    json::object value);
  bool erase(std::string_view table_name, std::string_view id);
  /// A number that was never given out before, also across restarts: what ids are made from.
  std::uint64_t next_number() { return ++sequence_; }

  /// From here on changes are journaled. Applies what the journal holds and compacts it. `journal` may be null.
  sdk::Result<void> seal(Journal* journal);
  /// The first write to the journal that failed, if one did: the caller ends the program rather than forget.
  const std::optional<sdk::Error>& failure() const { return failure_; }

 private:
  sdk::Result<void> apply(const json::object& change);
  void journal_change(json::object change);

  std::map<std::string, Table> tables_;
  std::uint64_t sequence_ = 0;
  Journal* journal_ = nullptr;
  std::optional<sdk::Error> failure_;
};

}  // namespace patchbay::sandbox
