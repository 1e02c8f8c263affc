#include "tests/integration/scripted_service.hpp"

#include <algorithm>
#include <stdexcept>

namespace patchbay::testing {

void ScriptedService::put(const std::string& resource, const std::string& id, std::string_view json,
                          const std::string& version) {
  auto data = sdk::parse_json(json);
  if (!data.ok()) throw std::runtime_error("not JSON: " + std::string(json));
  const std::lock_guard lock(mutex_);
  store(resource, id, std::move(data).value(), version);
}

sdk::Record ScriptedService::store(const std::string& resource, const std::string& id, sdk::json::value data,
                                   const std::string& version) {
  std::vector<Entry>& entries = entries_[resource];
  auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.record.external_id == id; });
  if (found == entries.end()) found = entries.insert(entries.end(), Entry());
  found->record.resource = resource;
  found->record.external_id = id;
  found->record.version = version;
  found->record.deleted = false;
  found->record.data = std::move(data);
  found->changed_at = ++clock_;
  return found->record;
}

void ScriptedService::forget(const std::string& resource, const std::string& id) {
  const std::lock_guard lock(mutex_);
  auto& entries = entries_[resource];
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.record.external_id == id; }),
                entries.end());
}

void ScriptedService::report_deleted(const std::string& resource, const std::string& id) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_[resource]) {
    if (entry.record.external_id != id) continue;
    entry.record.deleted = true;
    entry.record.data = sdk::json::object{{"id", id}};
    entry.changed_at = ++clock_;
  }
}

const sdk::json::value* ScriptedService::find(const std::string& resource, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto entries = entries_.find(resource);
  if (entries == entries_.end()) return nullptr;
  for (const Entry& entry : entries->second) {
    if (entry.record.external_id == id && !entry.record.deleted) return &entry.record.data;
  }
  return nullptr;
}

std::size_t ScriptedService::size(const std::string& resource) const {
  const std::lock_guard lock(mutex_);
  const auto entries = entries_.find(resource);
  return entries == entries_.end() ? 0 : entries->second.size();
}

std::vector<const ScriptedService::Entry*> ScriptedService::listed(const sdk::ListRequest& request) const {
  std::vector<const Entry*> found;
  const auto entries = entries_.find(request.resource);
  if (entries == entries_.end()) return found;
  const bool incremental = request.mode == sdk::SyncMode::kIncremental;
  const std::uint64_t since = incremental && !request.checkpoint.empty() ? std::stoull(request.checkpoint) : 0;
  for (const Entry& entry : entries->second) {
    if (entry.record.deleted && !incremental) continue;
    if (entry.changed_at > since) found.push_back(&entry);
  }
  return found;
}

sdk::Result<sdk::Page> ScriptedService::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    lists_.push_back(request);
  }
  if (before_list) PATCHBAY_TRY(before_list(request));
  PATCHBAY_TRY(context.check());
  const std::lock_guard lock(mutex_);
  const auto found = listed(request);
  const std::size_t start = request.page_cursor.empty() ? 0 : std::stoull(request.page_cursor);
  const std::size_t end = std::min(found.size(), start + request.page_size);
  sdk::Page page;
  for (std::size_t at = start; at < end; ++at) page.records.push_back(found[at]->record);
  if (end < found.size()) page.next_cursor = std::to_string(end);
  page.checkpoint = std::to_string(clock_);
  return page;
}

sdk::Result<sdk::Record> ScriptedService::get(const std::string& resource, const std::string& id) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_[resource]) {
    if (entry.record.external_id == id) return entry.record;
  }
  return sdk::not_found_error("scripted.not_found", "There is no such record.");
}

sdk::Result<sdk::Record> ScriptedService::create(const sdk::WriteRequest& request) {
  if (before_write) PATCHBAY_TRY(before_write(request));
  sdk::Record record;
  {
    const std::lock_guard lock(mutex_);
    writes_.push_back(request);
    std::string& id = ids_by_key_[request.idempotency_key];
    if (id.empty()) id = "made-" + std::to_string(next_id_++);
    record = store(request.resource, id, request.data, "1");
  }
  if (after_write) after_write(record);
  return record;
}

sdk::Result<sdk::Record> ScriptedService::update(const sdk::WriteRequest& request) {
  if (before_write) PATCHBAY_TRY(before_write(request));
  sdk::Record record;
  {
    const std::lock_guard lock(mutex_);
    writes_.push_back(request);
    const auto& entries = entries_[request.resource];
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.record.external_id == request.external_id && !entry.record.deleted;
    });
    if (found == entries.end()) return sdk::not_found_error("scripted.not_found", "There is no such record.");
    const std::string version = found->record.version;
    if (!version.empty() && version != request.known_version)
      return sdk::conflict_error("scripted.version", "Another version is held.");
    sdk::json::value data = found->record.data;
    for (const auto& [name, value] : request.data.get_object()) data.get_object()[name] = value;
    record = store(request.resource, request.external_id, std::move(data),
                   version.empty() ? "" : std::to_string(std::stoi(version) + 1));
  }
  if (after_write) after_write(record);
  return record;
}

sdk::Result<void> ScriptedService::remove(const std::string& resource, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    removed_.push_back(resource + "/" + id);
  }
  forget(resource, id);
  return {};
}

std::vector<sdk::ListRequest> ScriptedService::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

std::vector<sdk::WriteRequest> ScriptedService::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

std::vector<std::string> ScriptedService::removed() const {
  const std::lock_guard lock(mutex_);
  return removed_;
}

}  // namespace patchbay::testing
