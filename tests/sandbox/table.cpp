#include "tests/sandbox/table.hpp"

#include <algorithm>
#include <tuple>

namespace patchbay::sandbox {
namespace {

bool created_before(const Record* left, const Record* right) {
  return std::tie(left->created_ms, left->sequence) < std::tie(right->created_ms, right->sequence);
}

bool updated_before(const Record* left, const Record* right) {
  return std::tie(left->updated_ms, left->sequence) < std::tie(right->updated_ms, right->sequence);
}

template <typename Lazy, typename Before>
void append(Lazy& order, const Record& record, Before before) {
  if (order.sorted && !order.records.empty() && before(&record, order.records.back())) order.sorted = false;
  order.records.push_back(&record);
}

template <typename Lazy, typename Before>
const Table::Order& sorted(Lazy& order, Before before) {
  if (!order.sorted) {
    std::sort(order.records.begin(), order.records.end(), before);
    order.sorted = true;
  }
  return order.records;
}

template <typename Lazy, typename Before>
void remove(Lazy& order, const Record& record, Before before) {
  sorted(order, before);
  auto place = std::lower_bound(order.records.begin(), order.records.end(), &record, before);
  if (place != order.records.end() && *place == &record) order.records.erase(place);
}

std::string_view indexed_text(const Record& record, std::string_view member) {
  const auto* value = record.value.if_contains(member);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

}  // namespace

Table::Table(std::vector<std::string> indexed_members) {
  for (auto& member : indexed_members) indexes_.push_back(MemberIndex{std::move(member), {}});
}

const Record* Table::find(std::string_view id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : found->second.get();
}

const Table::Order& Table::by_created() const {
  return sorted(created_, created_before);
}
const Table::Order& Table::by_updated() const {
  return sorted(updated_, updated_before);
}

bool Table::indexes(std::string_view member) const {
  return std::any_of(indexes_.begin(), indexes_.end(), [&](const auto& index) { return index.member == member; });
}

const Table::Order& Table::where(std::string_view member, std::string_view value) const {
  static const Order kNone;
  for (auto& index : indexes_) {
    if (index.member != member) continue;
    const auto found = index.values.find(value);
    return found == index.values.end() ? kNone : sorted(found->second, created_before);
  }
  return kNone;
}

std::size_t Table::position(const Order& order, const Record& record) {
  return static_cast<std::size_t>(std::lower_bound(order.begin(), order.end(), &record, created_before) -
                                  order.begin());
}

void Table::link(const Record& record) {
  append(created_, record, created_before);
  append(updated_, record, updated_before);
  for (auto& index : indexes_) {
    const auto text = indexed_text(record, index.member);
    if (text.empty()) continue;
    append(index.values.try_emplace(std::string(text)).first->second, record, created_before);
  }
}

void Table::unlink(const Record& record) {
  remove(created_, record, created_before);
  remove(updated_, record, updated_before);
  for (auto& index : indexes_) {
    const auto found = index.values.find(indexed_text(record, index.member));
    if (found != index.values.end()) remove(found->second, record, created_before);
  }
}

const Record& Table::put(Record record) {
  auto& place = records_[record.id];
  if (place) {
    unlink(*place);
    *place = std::move(record);
  } else {
    place = std::make_unique<Record>(std::move(record));
  }
  link(*place);
  return *place;
}

bool Table::erase(std::string_view id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  unlink(*found->second);
  records_.erase(found);
  return true;
}

}  // namespace patchbay::sandbox
