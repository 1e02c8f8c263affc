#include "hub/sync/writeback.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

/// A connection that may be written to.
struct Target {
  std::string id;
  std::string mode;  // all, linked
  std::shared_ptr<const mapping::Mapping> mapping;
};

sdk::Result<std::vector<Target>> load_targets(storage::Session& session, const mapping::MappingCatalog& mappings) {
  // One that needs its owner takes part too: its work waits until it is authorised again.
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          "select id, connector, coalesce(nullif(options->>'writeBack', ''), 'all') as mode from connections"
          " where deleted_at is null and state in ('connected', 'unreachable', 'needs_reconnect') order by id"));
  std::vector<Target> targets;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Target target{rows.text(row, "id"), rows.text(row, "mode"), mappings.find(rows.text(row, "connector"))};
    if (target.mode != "none" && target.mapping != nullptr) targets.push_back(std::move(target));
  }
  return targets;
}

/// The changed fields that the service is told of.
std::vector<std::string> written_fields(const mapping::ResourceMapping& rules,
                                        const std::vector<std::string>& changed) {
  std::vector<std::string> fields;
  for (const std::string& field : changed) {
    const mapping::FieldRule* rule = rules.find_field(field);
    if (rule != nullptr && !rule->to.empty()) fields.push_back(field);
  }
  return fields;
}

std::int64_t version_of(const events::StoredEvent& event) {
  const auto* version = sdk::find_member(event.data, "version");
  return version != nullptr && version->is_int64() ? version->get_int64() : 0;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

queue::NewWork make_work(const events::StoredEvent& event, const Target& target, std::string_view operation,
                         const std::vector<std::string>& fields) {
  sdk::json::array names;
  for (const std::string& field : fields) names.emplace_back(field);
  queue::NewWork work;
  work.kind = "writeback";
  work.connection_id = target.id;
  work.lane_key = "writeback:" + target.id + ":" + event.entity_kind + ":" + event.entity_id;
  work.dedupe_key = event.position + ":" + target.id;
  work.payload = {{"operation", operation},
                  {"entityKind", event.entity_kind},
                  {"entityId", event.entity_id},
                  {"version", version_of(event)},
                  {"fields", std::move(names)}};
  return work;
}

/// A row that the service does not have and that has just come to meet what the mapping asks of new records.
bool becomes_creatable(const mapping::ResourceMapping& rules, const events::StoredEvent& event) {
  if (!rules.create_from_hub || !rules.create_when || !rules.create_when->holds(event.data)) return false;
  const auto& changed = event.changed_fields;
  return std::find(changed.begin(), changed.end(), rules.create_when->path) != changed.end();
}

/// What one event means for one connection; nullopt: nothing.
sdk::Result<std::optional<queue::NewWork>> plan(storage::Session& session, const events::StoredEvent& event,
                                                const Target& target) {
  const mapping::ResourceMapping* rules = target.mapping->find_writable(event.entity_kind);
  if (rules == nullptr) return std::optional<queue::NewWork>();
  PATCHBAY_ASSIGN(const auto link,
                  find_outbound_link(session, target.id, rules->resource, event.entity_kind, event.entity_id));
  if (ends_with(event.action, ".deleted")) {
    if (!link || !rules->remove_from_hub) return std::optional<queue::NewWork>();
    return std::optional(make_work(event, target, "remove", {}));
  }
  if (ends_with(event.action, ".created")) {
    if (link || !rules->create_from_hub || target.mode != "all") return std::optional<queue::NewWork>();
    if (rules->create_when && !rules->create_when->holds(event.data)) return std::optional<queue::NewWork>();
    return std::optional(make_work(event, target, "create", {}));
  }
  if (!link && target.mode == "all" && becomes_creatable(*rules, event))
    return std::optional(make_work(event, target, "create", {}));
  const std::vector<std::string> fields = written_fields(*rules, event.changed_fields);
  if (fields.empty() || !rules->update_from_hub) return std::optional<queue::NewWork>();
  if (link) PATCHBAY_TRY(add_pending(session, target.id, rules->resource, event.entity_id, fields, version_of(event)));
  // Without a link yet the entity may just be being created there: then this follows in the same lane.
  return std::optional(make_work(event, target, "update", fields));
}

}  // namespace

sdk::Result<void> WritebackSink::deliver(storage::Session& session, const std::vector<events::StoredEvent>& events) {
  enqueued_.clear();
  const bool any = std::any_of(events.begin(), events.end(), [](const auto& event) { return event.origin == "api"; });
  if (!any) return {};
  PATCHBAY_ASSIGN(const auto targets, load_targets(session, mappings_));
  std::vector<queue::NewWork> work;
  for (const events::StoredEvent& event : events) {
    if (event.origin != "api") continue;
    for (const Target& target : targets) {
      PATCHBAY_ASSIGN(auto planned, plan(session, event, target));
      if (planned) work.push_back(std::move(*planned));
    }
  }
  if (work.empty()) return {};
  PATCHBAY_ASSIGN(enqueued_, queue_.enqueue(session, work));
  return {};
}

void WritebackSink::committed() {
  if (!enqueued_.empty()) queue_.announce("writeback", enqueued_);
  enqueued_.clear();
}

}  // namespace patchbay::sync
