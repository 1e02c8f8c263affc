#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::storage {

/// Names of the statements one connection has prepared, by their text; the least recently used goes when it is full.
/// Names are never used twice. Not thread-safe.
class StatementCache {
 public:
  explicit StatementCache(std::size_t statements_max) : statements_max_(statements_max) {}

  struct Entry {
    std::string name;
    bool is_new = false;                 // the caller prepares it
    std::optional<std::string> evicted;  // the caller deallocates it
  };
  Entry use(std::string_view sql);
  /// Forgets a text; its name where it was known.
  std::optional<std::string> forget(std::string_view sql);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Statement {
    std::string sql;
    std::string name;
  };
  const std::size_t statements_max_;
  std::uint64_t next_number_ = 1;
  std::list<Statement> recent_;                                                   // front: used last
  std::unordered_map<std::string_view, std::list<Statement>::iterator> entries_;  // keys point into recent_
};

}  // namespace patchbay::storage
