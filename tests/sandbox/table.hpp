// Records of one kind in memory, ordered by creation and by last change, with look-ups by chosen members. Not
// thread-safe: the sandbox's one lock guards it.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchbay::sandbox {

struct Record {
  std::string id;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::uint64_t sequence = 0;  // breaks ties of creation
  json::object value;
};

class Table {
 public:
  using Order = std::vector<const Record*>;

  Table() = default;
  explicit Table(std::vector<std::string> indexed_members);
  Table(Table&&) = default;
  Table& operator=(Table&&) = default;

  const Record* find(std::string_view id) const;
  std::size_t size() const { return records_.size(); }
  /// Oldest first. Valid until the next put or erase.
  const Order& by_created() const;
  /// Longest unchanged first.
  const Order& by_updated() const;
  /// Records whose indexed member is this string, oldest first; empty for an unknown value.
  const Order& where(std::string_view member, std::string_view value) const;
  bool indexes(std::string_view member) const;
  /// Where a record stands in by_created() or one of where()'s orders.
  static std::size_t position(const Order& order, const Record& record);

  const Record& put(Record record);
  bool erase(std::string_view id);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <typename T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  /// An order that is sorted when somebody looks: bulk loading appends, and new records mostly belong at the end
  /// anyway.
  struct LazyOrder {
    Order records;
    bool sorted = true;
  };
  struct MemberIndex {
    std::string member;
    ByText<LazyOrder> values;
  };

  void link(const Record& record);
  void unlink(const Record& record);

  ByText<std::unique_ptr<Record>> records_;
  mutable LazyOrder created_;
  mutable LazyOrder updated_;
  mutable std::vector<MemberIndex> indexes_;
};

}  // namespace patchbay::sandbox
