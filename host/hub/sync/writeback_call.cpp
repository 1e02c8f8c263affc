// The half of write-back that talks to the service and stores what it answered.
#include "hub/sync/echo.hpp"
#include "hub/sync/writeback_item.hpp"
#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sync {

sdk::CallContext WritebackItem::make_context() const {
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + wiring_.call_timeout;
  context.cancel = claim_.cancel();
  context.lane = sdk::Lane::kInteractive;
  return context;
}

/// Stable for the same request about the same entity, however often and by whichever item it is sent.
std::string WritebackItem::idempotency_key(const sdk::json::value& request) const {
  const std::string content =
      connection_.id + "/" + entity_kind_ + "/" + entity_id_ + "/" + sdk::canonical_json(request);
  return "patchbay-" + sdk::hex_encode(base::sha256(content)).substr(0, 48);
}

sdk::Result<void> WritebackItem::act(Plan& plan) {
  PATCHBAY_ASSIGN(const auto lease, wiring_.clients.client(connection_));
  switch (plan.step) {
    case Plan::Step::kCreate:
      return create(plan, lease->client());
    case Plan::Step::kUpdate:
      return update(plan, lease->client());
    case Plan::Step::kRemove:
      return remove(plan, lease->client());
    default:
      return {};
  }
}

sdk::Result<void> WritebackItem::create(Plan& plan, sdk::ServiceClient& client) {
  CreateUnderWay under_way;
  under_way.entity_version = plan.version;
  PATCHBAY_ASSIGN(under_way.request, mapper_->to_record(*rules_, plan.row, {}, plan.references.external_ids));
  PATCHBAY_TRY(in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(under_way, begin_create(session, connection_.id, rules_->resource, entity_kind_, entity_id_,
                                            under_way, echo_keys(plan.row)));
    return {};
  }));
  sdk::WriteRequest request;
  request.resource = rules_->resource;
  request.data = under_way.request;
  request.idempotency_key = idempotency_key(under_way.request);
  auto created = client.create(make_context(), request);
  if (created.ok()) return store_answer(created.value(), under_way.entity_version, "create");
  const sdk::ErrorClass error_class = created.error().error_class;
  if (error_class == sdk::ErrorClass::kInvalid || error_class == sdk::ErrorClass::kPermanent) {
    // Refused, so nothing was made: the next try may send something else.
    PATCHBAY_TRY(in_transaction(
        [&](storage::Session& session) { return end_create(session, connection_.id, entity_kind_, entity_id_); }));
  }
  return std::move(created).error();
}

sdk::Result<void> WritebackItem::update(Plan& plan, sdk::ServiceClient& client) {
  PATCHBAY_ASSIGN(sdk::json::value data,
                  mapper_->to_record(*rules_, plan.row, plan.fields, plan.references.external_ids));
  if (data.get_object().empty()) return finish("unchanged");
  sdk::WriteRequest request;
  request.resource = rules_->resource;
  request.external_id = plan.link->external_id;
  for (const auto& [name, value] : data.get_object()) request.changed_fields.emplace_back(name);
  request.data = std::move(data);
  request.idempotency_key = idempotency_key(sdk::json::object{{"version", plan.version}, {"data", request.data}});
  request.known_version = plan.link->remote_version;
  auto updated = client.update(make_context(), request);
  if (!updated.ok() && updated.error().error_class == sdk::ErrorClass::kConflict) {
    PATCHBAY_ASSIGN(const sdk::Record current, read_again(request.external_id, client));
    request.known_version = current.version;
    updated = client.update(make_context(), request);
    // Once more somebody was faster: the queue's next try starts from what is there then.
    if (!updated.ok() && updated.error().error_class == sdk::ErrorClass::kConflict) {
      return sdk::transient_error("writeback.conflict", "The record keeps changing at the service.");
    }
  }
  if (!updated.ok() && updated.error().error_class == sdk::ErrorClass::kNotFound) {
    sdk::Record gone;
    gone.resource = rules_->resource;
    gone.external_id = request.external_id;
    gone.deleted = true;
    PATCHBAY_TRY(apply_record(std::move(gone)));
    return finish("gone");
  }
  if (!updated.ok()) return std::move(updated).error();
  return store_answer(updated.value(), plan.version, "update");
}

sdk::Result<void> WritebackItem::remove(const Plan& plan, sdk::ServiceClient& client) {
  const std::string& external_id = plan.link->external_id;
  PATCHBAY_TRY(client.remove(make_context(), rules_->resource, external_id));
  return in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(
        session.execute("update entity_links set deleted_at = now(), sync_error = null, pending_fields = '{}'"
                        " where connection_id = $1::uuid and resource = $2 and external_id = $3",
                        {connection_.id, rules_->resource, external_id}));
    PATCHBAY_TRY(append_log(
        session, connection_, "",
        {{"delete", rules_->resource, external_id, entity_id_, "success", "", {{"direction", "to_service"}}}}));
    return claim_.complete(session, {item_.id}, "removed");
  });
}

sdk::Result<sdk::Record> WritebackItem::read_again(const std::string& external_id, sdk::ServiceClient& client) {
  PATCHBAY_ASSIGN(sdk::Record record, client.get(make_context(), rules_->resource, external_id));
  PATCHBAY_TRY(apply_record(record));
  return record;
}

sdk::Result<void> WritebackItem::apply_record(sdk::Record record) {
  ApplyRequest request;
  request.connection = &connection_;
  request.mapper = &*mapper_;
  request.resource = record.resource;
  request.records.push_back(std::move(record));
  return in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(wiring_.applier.apply(session, request));
    return {};
  });
}

sdk::Result<void> WritebackItem::store_answer(const sdk::Record& record, std::int64_t version,
                                              const std::string& operation) {
  WrittenRecord written{connection_.id,   connection_.connector,
                        rules_->resource, record.external_id,
                        entity_kind_,     entity_id_,
                        record.version,   "",
                        version};
  // An answer that cannot be mapped has no fingerprint: the next record that comes in is then compared in full.
  const auto mapped = mapper_->to_entity(record);
  if (mapped.ok()) written.fingerprint = mapped.value().fingerprint;
  auto stored = in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(lock_entity(session));
    PATCHBAY_ASSIGN(const auto other, store_written(session, written));
    if (other) PATCHBAY_TRY(remove_echo_entity(session, *other));
    PATCHBAY_TRY(end_create(session, connection_.id, entity_kind_, entity_id_));
    std::vector<LogRow> log = {
        {operation, rules_->resource, record.external_id, entity_id_, "success", "", {{"direction", "to_service"}}}};
    if (operation == "create")
      log.push_back({"link", rules_->resource, record.external_id, entity_id_, "success", "", {}});
    PATCHBAY_TRY(append_log(session, connection_, "", log));
    return claim_.complete(session, {item_.id}, operation == "create" ? "created" : "updated");
  });
  if (stored.ok() && wiring_.wake != nullptr) wiring_.wake->wake();
  return stored;
}

/// Entity before link, as pages of records lock them: changing a link touches its entity.
sdk::Result<void> WritebackItem::lock_entity(storage::Session& session) {
  auto row = wiring_.writer.lock(session, *description_, resources::Actor{}, entity_id_);
  if (!row.ok() && row.error().error_class != sdk::ErrorClass::kNotFound) return std::move(row).error();
  return {};
}

/// The echo of a create call was faster than its answer and became an entity of its own: that one goes again.
sdk::Result<void> WritebackItem::remove_echo_entity(storage::Session& session, const std::string& entity_id) {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          "select 1 from entity_links where entity_kind = $1 and entity_id = $2::uuid and deleted_at is null limit 1",
          {entity_kind_, entity_id}));
  if (!rows.empty()) return {};
  resources::BulkRow row;
  row.entity_id = entity_id;
  row.deleted = true;
  const resources::Actor actor{resources::Actor::Kind::kService, connection_.connector, connection_.id, {}};
  return wiring_.writer.apply_bulk(session, *description_, actor, {row});
}

}  // namespace patchbay::sync
