#include "hub/sync/page_run.hpp"

#include "platform/base/ids.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

LinkState state_of(const PageItem& item) {
  return {item.record.external_id,
          item.entity_id,
          item.record.remote_version,
          item.record.fingerprint,
          item.kind == PageItem::Kind::kDelete,
          item.record.updated_at};
}

}  // namespace

PageRun::PageRun(const ApplyTools& tools, storage::Session& session, const ApplyRequest& request,
                 const mapping::ResourceMapping& rules)
    : tools_(tools),
      session_(session),
      request_(request),
      rules_(rules),
      description_(*tools.registry.find(rules.entity_kind)),
      links_(request.connection->id, request.connection->connector, rules.resource, rules.entity_kind) {}

void PageRun::fail(const mapping::MappedRecord& record, const sdk::Error& error, const std::string& operation) {
  ++counts_.failed;
  log_.push_back({operation, rules_.resource, record.external_id, "", "failed", error.message, {{"code", error.code}}});
  error_ids_.push_back(record.external_id);
  error_texts_.push_back(error.message);
}

void PageRun::map_records(const std::vector<const sdk::Record*>& records, std::vector<mapping::MappedRecord>& mapped) {
  sources_.reserve(records.size());
  for (const sdk::Record* record : records) {
    const sdk::Record*& kept = sources_[record->external_id];
    const bool older =
        kept != nullptr && kept->updated_at && record->updated_at && *record->updated_at < *kept->updated_at;
    if (!older) kept = record;
  }
  mapped.reserve(records.size());
  for (const sdk::Record* record : records) {
    if (sources_.at(record->external_id) != record) {
      ++counts_.unchanged;  // the page has a later state of the same record
      continue;
    }
    auto result = request_.mapper->to_entity(*record);
    if (!result.ok()) {
      mapping::MappedRecord broken;
      broken.external_id = record->external_id;
      fail(broken, result.error(), record->deleted ? "delete" : "update");
      continue;
    }
    if (!result.value().skipped) mapped.push_back(std::move(result).value());
  }
}

void PageRun::classify(mapping::MappedRecord record, LinksById& links) {
  const auto found = links.find(record.external_id);
  PageItem item;
  if (found == links.end()) {
    if (record.deleted) {
      ++counts_.unchanged;  // never known here
      return;
    }
    item.kind = PageItem::Kind::kNew;
  } else {
    LinkRow& link = found->second;
    const bool stale = record.updated_at && link.state_at && *record.updated_at < *link.state_at;
    const bool same =
        record.deleted ? link.deleted : !link.deleted && link.fingerprint == storage::bytea_literal(record.fingerprint);
    if (stale || same) {
      ++counts_.unchanged;
      return;
    }
    item.kind = record.deleted ? PageItem::Kind::kDelete : PageItem::Kind::kUpdate;
    item.entity_id = link.entity_id;
    item.link = std::move(link);
  }
  item.record = std::move(record);
  items_.push_back(std::move(item));
}

sdk::Result<void> PageRun::prepare(const std::vector<const sdk::Record*>& records) {
  std::vector<mapping::MappedRecord> mapped;
  map_records(records, mapped);
  std::vector<std::string> external_ids;
  external_ids.reserve(mapped.size());
  for (const auto& record : mapped) external_ids.push_back(record.external_id);
  PATCHBAY_ASSIGN(LinksById links, links_.load(session_, external_ids));
  for (auto& record : mapped) classify(std::move(record), links);
  return {};
}

sdk::Result<void> PageRun::identify() {
  std::vector<const mapping::MappedRecord*> new_records;
  std::vector<PageItem*> new_items;
  for (PageItem& item : items_) {
    if (item.kind != PageItem::Kind::kNew) continue;
    new_records.push_back(&item.record);
    new_items.push_back(&item);
  }
  if (new_items.empty()) return {};
  if (rules_.create_from_hub) {
    PATCHBAY_TRY(check_no_create_under_way(session_, request_.connection->id, rules_.resource, new_records));
  }
  if (rules_.match_by.empty()) {
    for (PageItem* item : new_items) {
      item->entity_id = base::new_uuid();
      item->makes_entity = true;
    }
    return {};
  }
  const auto matches_by = [&](std::string_view key) {
    return std::find(rules_.match_by.begin(), rules_.match_by.end(), key) != rules_.match_by.end();
  };
  const bool by_email = matches_by("email"), by_phone = matches_by("phone");
  for (const auto* record : new_records) {
    identity_records_.push_back({record->external_id, by_email ? record->email : "", by_phone ? record->phone : ""});
  }
  const identity::IdentityScope scope{request_.connection->id, rules_.resource, &description_, by_email, by_phone,
                                      request_.contested};
  PATCHBAY_ASSIGN(resolutions_, tools_.linker.resolve(session_, scope, identity_records_));
  for (std::size_t at = 0; at < new_items.size(); ++at) {
    const identity::Resolution& resolution = resolutions_[at];
    new_items[at]->entity_id = resolution.entity_id;
    new_items[at]->makes_entity = resolution.kind != identity::Resolution::Kind::kLink;
    new_items[at]->ambiguous = resolution.kind == identity::Resolution::Kind::kAmbiguous;
    if (!new_items[at]->makes_entity) new_items[at]->matched_by = resolution.matched_by;
  }
  return request_.defer_matches ? set_matches_aside() : sdk::Result<void>();
}

sdk::Result<void> PageRun::set_matches_aside() {
  std::vector<DeferredRecord> aside;
  std::vector<PageItem> items;
  std::vector<identity::IdentityRecord> identity_records;
  std::vector<identity::Resolution> resolutions;
  std::size_t at = 0;
  for (PageItem& item : items_) {
    if (item.kind == PageItem::Kind::kNew) {
      const std::size_t index = at++;
      const identity::Resolution& resolution = resolutions_[index];
      if (resolution.kind != identity::Resolution::Kind::kNew && !resolution.within_page) {
        const std::string& key = resolution.matched_by == "email" ? item.record.email : item.record.phone;
        aside.push_back({sources_.at(item.record.external_id), resolution.matched_by, key});
        continue;
      }
      identity_records.push_back(std::move(identity_records_[index]));
      resolutions.push_back(std::move(resolutions_[index]));
    }
    items.push_back(std::move(item));
  }
  items_ = std::move(items);
  identity_records_ = std::move(identity_records);
  resolutions_ = std::move(resolutions);
  return store_deferred(session_, request_.run_id, rules_.resource, aside);
}

sdk::Result<void> PageRun::resolve_references() {
  std::vector<const mapping::MappedRecord*> records;
  for (const PageItem& item : items_) records.push_back(&item.record);
  PATCHBAY_ASSIGN(targets_, find_targets(session_, tools_.registry, request_.connection->id, records));
  for (PageItem& item : items_) {
    for (const auto& reference : item.record.references) {
      const auto found = targets_.find({reference.resource, reference.external_id});
      if (found != targets_.end()) item.record.values[reference.field] = found->second;
    }
  }
  return {};
}

sdk::Result<void> PageRun::load_current() {
  std::vector<std::string> ids;
  for (const PageItem& item : items_) {
    if (!item.makes_entity) ids.push_back(item.entity_id);
  }
  if (ids.empty()) {
    owners_.emplace(tools_.mappings, Owners::ById());
    return {};
  }
  PATCHBAY_ASSIGN(entities_, load_entities(session_, description_, rules_, ids));
  if (rules_.update_from_hub) {
    PATCHBAY_ASSIGN(undelivered_, find_undelivered_changes(session_, rules_.entity_kind, ids));
  }
  PATCHBAY_ASSIGN(auto known, load_owners(session_));
  owners_.emplace(tools_.mappings, std::move(known));
  return {};
}

/// Amounts are checked against the currency of the row, which a change need not name.
sdk::Result<void> PageRun::check_change(const resources::BulkRow& row, const EntityRow& entity) const {
  const auto currency = entity.values.find("currency");
  if (currency == entity.values.end() || !currency->second || row.values.contains("currency")) {
    return tools_.writer.check_bulk(description_, row);
  }
  resources::BulkRow whole = row;
  whole.values["currency"] = *currency->second;
  return tools_.writer.check_bulk(description_, whole);
}

/// What one record changes on its entity; a record that the columns cannot hold fails.
void PageRun::build(PageItem& item) {
  const Claim claim{&description_, &rules_, &*owners_, request_.connection->id};
  item.row.entity_id = item.entity_id;
  item.row.is_new = item.makes_entity;
  if (item.kind == PageItem::Kind::kDelete) return;
  if (item.makes_entity) {
    fill_new(claim, item.record.values, item.row);
  } else {
    const auto found = entities_.find(item.entity_id);
    if (found == entities_.end()) {
      item.failed = true;
      return fail(item.record, sdk::conflict_error("sync.entity_missing", "The linked row does not exist."), "update");
    }
    // Deleted in the hub while the service still has it: it stays deleted. Deleted because the service had deleted it:
    // it is back.
    const bool comes_back = item.kind == PageItem::Kind::kUpdate && item.link.deleted;
    if (found->second.deleted && !comes_back) return;
    FieldNames pending = undelivered_[item.entity_id];
    pending.insert(item.link.pending_fields.begin(), item.link.pending_fields.end());
    EntityRow trial = found->second;
    merge_into(claim, item.record.values, pending, trial, item.row);
    const auto checked = check_change(item.row, found->second);
    if (checked.ok()) {
      found->second = std::move(trial);
      return;
    }
    item.failed = true;
    return fail(item.record, checked.error(), "update");
  }
  const auto checked = tools_.writer.check_bulk(description_, item.row);
  if (checked.ok()) return;
  item.failed = true;
  fail(item.record, checked.error(), "create");
}

sdk::Result<void> PageRun::claim_links() {
  std::vector<LinkState> claims;
  for (const PageItem& item : items_) {
    if (item.kind == PageItem::Kind::kNew && !item.failed) claims.push_back(state_of(item));
  }
  PATCHBAY_ASSIGN(const auto claimed_ids, links_.claim(session_, claims));
  if (claimed_ids.size() == claims.size()) return {};
  const std::set<std::string> claimed(claimed_ids.begin(), claimed_ids.end());
  for (PageItem& item : items_) {
    item.lost = item.kind == PageItem::Kind::kNew && !item.failed && claimed.count(item.record.external_id) == 0;
  }
  return {};
}

sdk::Result<void> PageRun::store_links() {
  std::vector<LinkState> states;
  for (const PageItem& item : items_) {
    if (item.kind != PageItem::Kind::kNew && !item.failed) states.push_back(state_of(item));
  }
  PATCHBAY_TRY(links_.store(session_, states));
  return links_.store_errors(session_, error_ids_, error_texts_);
}

sdk::Result<void> PageRun::write() {
  PATCHBAY_TRY(identify());
  PATCHBAY_TRY(resolve_references());
  PATCHBAY_TRY(load_current());
  for (PageItem& item : items_) build(item);
  PATCHBAY_TRY(claim_links());
  PATCHBAY_TRY(store_links());
  for (PageItem& item : items_) {
    if (item.failed || item.lost) continue;
    count(item);
    collect_row(item);
  }
  PATCHBAY_TRY(collect_deletions());
  std::vector<resources::BulkRow> rows;
  rows.reserve(rows_.size());
  for (auto& [entity_id, row] : rows_) rows.push_back(std::move(row));
  const resources::Actor actor{
      resources::Actor::Kind::kService, request_.connection->connector, request_.connection->id, {}};
  if (!rows.empty()) PATCHBAY_TRY(tools_.writer.apply_bulk(session_, description_, actor, std::move(rows)));
  PATCHBAY_TRY(store_pending(session_, request_.connection->id, written_records(), targets_, rules_.resource,
                             known_with_references()));
  PATCHBAY_TRY(report_ambiguous());
  PATCHBAY_TRY(append_log(session_, *request_.connection, request_.run_id, log_));
  return fill_waiting();
}

}  // namespace patchbay::sync
