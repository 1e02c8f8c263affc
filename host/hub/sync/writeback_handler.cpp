#include "hub/sync/runner.hpp"
#include "hub/sync/writeback_item.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

/// A connection whose owner has to authorise it again; his work waits, uncounted.
constexpr std::chrono::milliseconds kReauthWait{60'000};

std::string text_of(const sdk::json::object& payload, std::string_view name) {
  const auto* value = payload.if_contains(name);
  return value == nullptr ? "" : sdk::scalar_text(*value).value_or("");
}

}  // namespace

std::vector<queue::WorkOutcome> WritebackHandler::handle(const std::vector<queue::WorkItem>& items,
                                                         queue::WorkClaim& claim) {
  std::vector<queue::WorkOutcome> outcomes;
  for (const auto& item : items) outcomes.push_back(WritebackItem(wiring_, item, claim).run());
  return outcomes;
}

WritebackItem::WritebackItem(const WritebackWiring& wiring, const queue::WorkItem& item, queue::WorkClaim& claim)
    : wiring_(wiring), item_(item), claim_(claim) {}

sdk::Result<void> WritebackItem::read_payload() {
  operation_ = text_of(item_.payload, "operation");
  entity_kind_ = text_of(item_.payload, "entityKind");
  entity_id_ = text_of(item_.payload, "entityId");
  const auto* version = item_.payload.if_contains("version");
  if (version != nullptr && version->is_int64()) version_ = version->get_int64();
  const auto* fields = item_.payload.if_contains("fields");
  if (fields != nullptr && fields->is_array()) {
    for (const auto& field : fields->get_array()) fields_.push_back(sdk::scalar_text(field).value_or(""));
  }
  description_ = wiring_.registry.find(entity_kind_);
  if (description_ == nullptr)
    return sdk::permanent_error("writeback.entity", "There is no entity " + entity_kind_ + ".");
  PATCHBAY_ASSIGN(connection_, wiring_.connections.get(item_.connection_id));
  mapping_ = wiring_.mappings.find(connection_.connector);
  rules_ = mapping_ == nullptr ? nullptr : mapping_->find_writable(entity_kind_);
  if (mapping_ != nullptr) mapper_.emplace(*mapping_, wiring_.registry, context_for(wiring_.context, connection_));
  return {};
}

queue::WorkOutcome WritebackItem::run() {
  const auto read = read_payload();
  if (!read.ok() && read.error().error_class == sdk::ErrorClass::kNotFound) return fail(sdk::Error());
  if (!read.ok()) return {queue::WorkOutcome::Kind::kFailed, read.error(), {}};
  const bool off = connection_.settings.option("writeBack") == "none" || connection_.state == "disconnected";
  if (rules_ == nullptr || off) {
    const auto done = finish("ignored");
    return done.ok() ? queue::WorkOutcome() : queue::WorkOutcome{queue::WorkOutcome::Kind::kFailed, done.error(), {}};
  }
  if (connection_.state != "connected") return {queue::WorkOutcome::Kind::kPostponed, {}, kReauthWait};
  Plan plan;
  auto result = in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(plan, make_plan(session));
    return {};
  });
  if (result.ok() && plan.step == Plan::Step::kWait) {
    return {queue::WorkOutcome::Kind::kPostponed, {}, wiring_.dependency_wait};
  }
  if (result.ok()) result = plan.step == Plan::Step::kNothing ? finish(plan.reason) : act(plan);
  return result.ok() ? queue::WorkOutcome() : fail(result.error());
}

sdk::Result<WritebackItem::Plan> WritebackItem::make_plan(storage::Session& session) {
  Plan plan;
  PATCHBAY_ASSIGN(plan.link, find_outbound_link(session, connection_.id, rules_->resource, entity_kind_, entity_id_));
  if (operation_ == "remove") {
    plan.step = plan.link ? Plan::Step::kRemove : Plan::Step::kNothing;
    plan.reason = "ignored";
    return plan;
  }
  // Several quick changes: the first item took the latest state along.
  if (plan.link && plan.link->pending_fields.empty() && plan.link->hub_version >= version_) {
    plan.reason = "coalesced";
    return plan;
  }
  plan.step = plan.link ? Plan::Step::kUpdate : Plan::Step::kCreate;
  if (!plan.link && operation_ != "create") {
    plan.step = Plan::Step::kNothing;
    plan.reason = "not_linked";
    return plan;
  }
  PATCHBAY_TRY(plan_row(session, plan));
  if (plan.step != Plan::Step::kNothing) PATCHBAY_TRY(plan_references(session, plan));
  return plan;
}

sdk::Result<void> WritebackItem::plan_row(storage::Session& session, Plan& plan) {
  auto row = wiring_.writer.lock(session, *description_, resources::Actor{}, entity_id_);
  if (!row.ok() && row.error().error_class == sdk::ErrorClass::kNotFound) {
    plan.step = Plan::Step::kNothing;  // deleted meanwhile
    plan.reason = "ignored";
    return {};
  }
  if (!row.ok()) return std::move(row).error();
  plan.row = std::move(row).value();
  const auto* version = plan.row.if_contains("version");
  if (version != nullptr && version->is_int64()) plan.version = version->get_int64();
  if (plan.step == Plan::Step::kCreate && rules_->create_when && !rules_->create_when->holds(plan.row)) {
    plan.step = Plan::Step::kNothing;  // changed meanwhile
    plan.reason = "ignored";
    return {};
  }
  if (plan.step != Plan::Step::kUpdate) return {};
  plan.fields = plan.link->pending_fields;
  for (const std::string& field : fields_) {
    if (std::find(plan.fields.begin(), plan.fields.end(), field) == plan.fields.end()) plan.fields.push_back(field);
  }
  if (!plan.fields.empty()) return {};
  plan.step = Plan::Step::kNothing;
  plan.reason = "unchanged";
  return {};
}

sdk::Result<void> WritebackItem::plan_references(storage::Session& session, Plan& plan) {
  PATCHBAY_ASSIGN(plan.references, find_outbound_references(session, connection_.id, *rules_, plan.row));
  if (plan.step != Plan::Step::kCreate) return {};
  std::vector<queue::NewWork> work;
  for (const auto& [field, entity_id] : plan.references.missing) {
    const mapping::ResourceMapping* target = mapping_->find(rules_->find_field(field)->reference);
    if (target == nullptr || !target->create_from_hub) continue;  // it goes without
    queue::NewWork first;
    first.kind = "writeback";
    first.connection_id = connection_.id;
    first.lane_key = "writeback:" + connection_.id + ":" + target->entity_kind + ":" + entity_id;
    first.dedupe_key = "before:" + std::to_string(item_.id) + ":" + entity_id;
    first.payload = {{"operation", "create"},
                     {"entityKind", target->entity_kind},
                     {"entityId", entity_id},
                     {"version", 0},
                     {"fields", sdk::json::array()}};
    work.push_back(std::move(first));
  }
  if (work.empty()) return {};
  plan.step = Plan::Step::kWait;
  PATCHBAY_TRY(wiring_.queue.enqueue(session, work));
  return {};
}

sdk::Result<void> WritebackItem::finish(const std::string& outcome) {
  return in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    // It is no longer "pending", though its link stays as it is.
    if (description_ != nullptr)
      PATCHBAY_TRY(session.execute("select touch_entities($1, array[$2::uuid])", {entity_kind_, entity_id_}));
    return claim_.complete(session, {item_.id}, outcome);
  });
}

/// Says so where people look, and leaves the rest to the queue.
queue::WorkOutcome WritebackItem::fail(const sdk::Error& error) {
  if (error.code.empty()) {  // the connection is gone
    const auto done = finish("ignored");
    return done.ok() ? queue::WorkOutcome() : queue::WorkOutcome{queue::WorkOutcome::Kind::kFailed, done.error(), {}};
  }
  const bool waits =
      error.error_class == sdk::ErrorClass::kRateLimited || error.error_class == sdk::ErrorClass::kCancelled;
  const auto noted =
      waits || error.code == "queue.claim_lost"
          ? sdk::Result<void>()
          : in_transaction([&](storage::Session& session) -> sdk::Result<void> {
              PATCHBAY_TRY(lock_entity(session));
              PATCHBAY_TRY(store_link_error(session, connection_.id, rules_->resource, entity_id_, error.message));
              if (error.error_class == sdk::ErrorClass::kAuth) {
                PATCHBAY_TRY(wiring_.connections.set_state(session, connection_.id, "needs_reconnect", error.message));
              }
              const std::string operation = operation_ == "remove" ? "delete" : operation_;
              return append_log(session, connection_, "",
                                {{operation,
                                  rules_->resource,
                                  "",
                                  entity_id_,
                                  "failed",
                                  error.message,
                                  {{"code", error.code}, {"direction", "to_service"}, {"attempt", item_.attempts}}}});
            });
  static_cast<void>(noted);  // what cannot be noted is still told to the queue
  if (error.error_class == sdk::ErrorClass::kAuth) return {queue::WorkOutcome::Kind::kPostponed, {}, kReauthWait};
  return {queue::WorkOutcome::Kind::kFailed, error, {}};
}

}  // namespace patchbay::sync
