#include "platform/storage/statement_cache.hpp"

namespace patchbay::storage {

StatementCache::Entry StatementCache::use(std::string_view sql) {
  if (const auto found = entries_.find(sql); found != entries_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return {found->second->name, false, {}};
  }
  Entry entry{"p" + std::to_string(next_number_++), true, {}};
  if (recent_.size() >= statements_max_) entry.evicted = forget(recent_.back().sql);
  recent_.push_front({std::string(sql), entry.name});
  entries_.emplace(recent_.front().sql, recent_.begin());
  return entry;
}

std::optional<std::string> StatementCache::forget(std::string_view sql) {
  const auto found = entries_.find(sql);
  if (found == entries_.end()) return std::nullopt;
  const auto statement = found->second;
  entries_.erase(found);
  std::string name = std::move(statement->name);
  recent_.erase(statement);
  return name;
}

void StatementCache::clear() {
  entries_.clear();
  recent_.clear();
}

}  // namespace patchbay::storage
