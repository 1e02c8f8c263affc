#include "engine/resources/writer.hpp"

#include "engine/events/outbox.hpp"
#include "engine/resources/change_record.hpp"
#include "engine/resources/contact_marks.hpp"
#include "engine/resources/field_value.hpp"
#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::resources {

namespace json = sdk::json;

/// A locked row.
struct Writer::Current {
  std::string id;
  storage::Rows rows;
  std::int64_t version = 0;
  std::string status;  // empty: the kind has no state machine
  std::string currency;
};

/// What a write does to a row besides what its body says.
struct Writer::Change {
  ValidatedBody body;
  std::optional<Transition> transition;
  std::string action;
  std::vector<sdk::Error>* field_errors = nullptr;
};

namespace {

std::string cell(const storage::Rows& rows, const ResourceDescription& description, std::string_view field_name) {
  const Field* field = description.find_field(field_name);
  if (field == nullptr) return {};
  return std::string(rows.at(0, rows.column(field->column)).value_or(""));
}

sdk::Error not_found(const ResourceDescription& description) {
  return sdk::not_found_error("resources.not_found", description.title + " not found.");
}

/// The name of the field behind a constraint like jobs_client_id_fkey.
sdk::Error told_by_field(const ResourceDescription& description, sdk::Error error) {
  if (error.code != "storage.foreign_key" || !error.field) return error;
  for (const Field& field : description.fields) {
    if (*error.field == description.table + "_" + field.column + "_fkey") {
      return sdk::invalid_error("reference.not_found", field.name + " does not exist.", field.name);
    }
  }
  return error;
}

bool is_assigned(const ResourceDescription& description, const storage::Rows& rows, const std::string& user_id) {
  if (description.assigned_field.empty() || user_id.empty()) return false;
  const std::string assigned = cell(rows, description, description.assigned_field);
  return assigned == user_id || assigned.find('"' + user_id + '"') != std::string::npos;
}

bool is_set(const std::string& text) {
  return !text.empty() && text != "[]" && text != "{}";
}

sdk::Error first_of(const std::vector<sdk::Error>& errors) {
  // Where several fields are wrong the answer is about all of them; a refusal by role stays a refusal.
  const bool refused = std::all_of(errors.begin(), errors.end(),
                                   [](const sdk::Error& error) { return error.code == "policy.forbidden"; });
  if (errors.size() == 1 || refused) return errors.front();
  return sdk::invalid_error("validation.failed", std::to_string(errors.size()) + " fields are wrong.");
}

}  // namespace

Writer::Writer(const Registry& registry, const policy::Policy& policy, const workflow::Workflows& workflows,
               std::string phone_region)
    : registry_(registry),
      policy_(policy),
      workflows_(workflows),
      phone_region_(std::move(phone_region)),
      views_(registry, {}) {}

ValidationRules Writer::rules_for(const Actor& actor) const {
  ValidationRules rules;
  rules.phone_region = phone_region_;
  if (actor.kind == Actor::Kind::kUser) {
    rules.policy = &policy_;
    rules.principal = &actor.principal;
  }
  return rules;
}

ValidatedBody Writer::validate_body(const ResourceDescription& description, const json::object& body,
                                    const ValidationRules& rules, const Current* current,
                                    std::vector<sdk::Error>& field_errors) const {
  ValidatedBody validated = validate(description, body, rules, field_errors);
  if (!description.derive || !field_errors.empty()) return validated;
  json::object canonical;
  for (const auto& [name, value] : body) canonical[description.find_field(name)->name] = value;
  json::object row;
  if (current != nullptr) row = views_.of(description, "").object(current->rows, 0);
  ValidationRules own = rules;
  own.creating = false;
  own.allow_read_only = true;
  own.principal = nullptr;
  ValidatedBody derived =
      validate(description, description.derive(canonical, current != nullptr ? &row : nullptr), own, field_errors);
  for (sql::ColumnValue& value : derived.values) {
    std::erase_if(validated.values, [&](const sql::ColumnValue& given) { return given.field == value.field; });
    validated.values.push_back(std::move(value));
  }
  return validated;
}

sdk::Result<Writer::Current> Writer::read_current(storage::Session& session, const ResourceDescription& description,
                                                  const Actor& actor, const std::string& entity_id,
                                                  const IfMatch& if_match) const {
  if (!base::is_uuid(entity_id)) return not_found(description);
  const auto statement = sql::lock_one(description, actor_scope(policy_, description, actor), entity_id);
  Current current;
  PATCHBAY_ASSIGN(current.rows, session.execute(statement.text, statement.params));
  if (current.rows.empty()) return not_found(description);
  current.id = std::string(current.rows.at(0, sql::kIdColumn).value_or(""));
  current.version = current.rows.integer(0, "version");
  if (if_match && std::find(if_match->begin(), if_match->end(), current.version) == if_match->end()) {
    return sdk::conflict_error("resources.precondition_failed",
                               description.title + " has changed since it was read; read it again.");
  }
  if (!description.workflow.empty()) current.status = cell(current.rows, description, "status");
  current.currency = cell(current.rows, description, "currency");
  return current;
}

sdk::Result<json::object> Writer::lock(storage::Session& session, const ResourceDescription& description,
                                       const Actor& actor, const std::string& entity_id) const {
  PATCHBAY_ASSIGN(const Current current, read_current(session, description, actor, entity_id, std::nullopt));
  return views_.of(description, "").object(current.rows, 0);
}

sdk::Result<void> Writer::check_references(storage::Session& session, const Actor& actor, const ValidatedBody& body,
                                           std::vector<sdk::Error>& field_errors) const {
  for (const sql::ColumnValue& value : body.values) {
    if (value.field->type != FieldType::kUuid || !value.text) continue;
    const ResourceDescription* target = registry_.find(value.field->references);
    if (target == nullptr) continue;
    const auto statement = sql::exists(*target, actor_scope(policy_, *target, actor), *value.text);
    PATCHBAY_ASSIGN(const storage::Rows rows, session.execute(statement.text, statement.params));
    if (!rows.empty()) continue;
    const std::string& name = value.field->name;
    field_errors.push_back(sdk::invalid_error("reference.not_found", name + " does not exist.", name));
  }
  if (!field_errors.empty()) return first_of(field_errors);
  return {};
}

sdk::Result<void> Writer::after_write(storage::Session& session, const ResourceDescription& description,
                                      const Actor& actor, const std::vector<std::string>& ids) const {
  if (!description.after_write) return {};
  return description.after_write(*this, session, actor, ids);
}

sdk::Result<WriteOutcome> Writer::create(storage::Session& session, const ResourceDescription& description,
                                         const Actor& actor, const json::object& body,
                                         std::vector<sdk::Error>& field_errors) const {
  field_errors.clear();
  ValidationRules rules = rules_for(actor);
  rules.creating = true;
  rules.allow_read_only = actor.kind == Actor::Kind::kSystem;
  ValidatedBody validated = validate_body(description, body, rules, nullptr, field_errors);
  if (!field_errors.empty()) return first_of(field_errors);
  add_marks(description, actor, nullptr, phone_region_, validated);
  PATCHBAY_TRY(check_references(session, actor, validated, field_errors));
  const auto statement = sql::insert_one(description, base::new_uuid(), validated.values);
  auto inserted = session.execute(statement.text, statement.params);
  if (!inserted.ok()) return told_by_field(description, inserted.error());
  WriteOutcome outcome;
  outcome.row = views_.of(description, "").object(*inserted, 0);
  outcome.entity_id = std::string(inserted->at(0, sql::kIdColumn).value_or(""));
  outcome.version = 1;
  for (const sql::ColumnValue& value : validated.values) outcome.changed_fields.push_back(value.field->name);
  if (description.check_row) description.check_row(outcome.row, field_errors);
  if (!field_errors.empty()) return first_of(field_errors);
  if (!description.workflow.empty()) {
    PATCHBAY_TRY(append_history(session, description, actor,
                                {{outcome.entity_id, "", cell(*inserted, description, "status"), ""}}));
  }
  PATCHBAY_TRY(events::append(session, {make_event(description, actor, description.kind + ".created", outcome.entity_id,
                                                   outcome.changed_fields, outcome.row)}));
  PATCHBAY_TRY(after_write(session, description, actor, {outcome.entity_id}));
  return outcome;
}

sdk::Result<WriteOutcome> Writer::store(storage::Session& session, const ResourceDescription& description,
                                        const Actor& actor, const Current& current, Change change) const {
  WriteOutcome outcome;
  outcome.entity_id = current.id;
  std::vector<sql::ColumnValue> different;
  for (const sql::ColumnValue& value : change.body.values) {
    const auto stored = current.rows.at(0, current.rows.column(value.field->column));
    if (same_value(*value.field, stored, value.text, current.currency)) continue;
    outcome.changed_fields.push_back(value.field->name);
    different.push_back(value);
  }
  if (different.empty()) {
    outcome.version = current.version;
    outcome.row = views_.of(description, "").object(current.rows, 0);
    return outcome;
  }
  const auto statement = sql::update_one(description, current.id, different);
  auto updated = session.execute(statement.text, statement.params);
  if (!updated.ok()) return told_by_field(description, updated.error());
  outcome.version = updated->integer(0, "version");
  outcome.row = views_.of(description, "").object(*updated, 0);
  std::vector<sdk::Error> errors;
  if (description.check_row) description.check_row(outcome.row, errors);
  if (!errors.empty()) {
    const sdk::Error error = first_of(errors);
    if (change.field_errors != nullptr) *change.field_errors = std::move(errors);
    return error;
  }
  if (change.transition) {
    PATCHBAY_TRY(append_history(session, description, actor, {*change.transition}));
    PATCHBAY_TRY(run_state_hooks(session, description, {*change.transition}));
  }
  PATCHBAY_TRY(events::append(
      session, {make_event(description, actor, change.action, current.id, outcome.changed_fields, outcome.row)}));
  PATCHBAY_TRY(after_write(session, description, actor, {current.id}));
  return outcome;
}

sdk::Result<WriteOutcome> Writer::update(storage::Session& session, const ResourceDescription& description,
                                         const Actor& actor, const std::string& entity_id, const json::object& body,
                                         const IfMatch& if_match, std::vector<sdk::Error>& field_errors) const {
  field_errors.clear();
  PATCHBAY_ASSIGN(const Current current, read_current(session, description, actor, entity_id, if_match));
  const auto& closed = description.closed_states;
  if (std::find(closed.begin(), closed.end(), current.status) != closed.end()) {
    return sdk::conflict_error("resources.closed", description.title + " is " + current.status + " and closed.");
  }
  ValidationRules rules = rules_for(actor);
  rules.currency = current.currency;
  Change change{validate_body(description, body, rules, &current, field_errors), std::nullopt,
                description.kind + ".updated", &field_errors};
  if (!field_errors.empty()) return first_of(field_errors);
  PATCHBAY_TRY(check_references(session, actor, change.body, field_errors));
  add_marks(description, actor, &current.rows, phone_region_, change.body);
  return store(session, description, actor, current, std::move(change));
}

sdk::Result<WriteOutcome> Writer::amend(storage::Session& session, const ResourceDescription& description,
                                        const Actor& actor, const std::string& entity_id,
                                        const json::object& values) const {
  PATCHBAY_ASSIGN(const Current current, read_current(session, description, actor, entity_id, std::nullopt));
  ValidationRules rules;
  rules.allow_read_only = true;
  rules.currency = current.currency;
  rules.phone_region = phone_region_;
  std::vector<sdk::Error> errors;
  Change change{validate(description, values, rules, errors), std::nullopt, description.kind + ".updated", nullptr};
  if (!errors.empty()) return first_of(errors);
  return store(session, description, actor, current, std::move(change));
}

Writer::Change Writer::plan_move(const ResourceDescription& description, const workflow::Workflow& workflow,
                                 const Current& current, const std::string& to_status,
                                 const std::string& reason) const {
  Change change;
  change.transition = Transition{current.id, current.status, to_status, reason};
  const auto action = description.move_actions.find(to_status);
  change.action = action == description.move_actions.end() ? description.kind + ".status_changed" : action->second;
  change.body.values.push_back({description.find_field("status"), to_status});
  if (!description.furthest_field.empty()) {
    const std::string furthest = cell(current.rows, description, description.furthest_field);
    if (workflow.rank(to_status) > workflow.rank(furthest)) {
      change.body.values.push_back({description.find_field(description.furthest_field), to_status});
    }
  }
  for (const MoveTime& time : description.move_times) {
    if (time.state != to_status || !cell(current.rows, description, time.field).empty()) continue;
    change.body.values.push_back(
        {description.find_field(time.field), sdk::format_time(std::chrono::system_clock::now())});
  }
  return change;
}

sdk::Result<WriteOutcome> Writer::move(storage::Session& session, const ResourceDescription& description,
                                       const Actor& actor, const std::string& entity_id, const std::string& to_status,
                                       const std::string& reason, const json::object& also_set) const {
  const workflow::Workflow* workflow = workflows_.find(description.workflow);
  if (workflow == nullptr) return sdk::permanent_error("resources.no_workflow", description.title + " has no states.");
  PATCHBAY_ASSIGN(const Current current, read_current(session, description, actor, entity_id, std::nullopt));
  if (actor.kind != Actor::Kind::kService) {
    policy::Principal principal = actor.principal;
    if (actor.kind == Actor::Kind::kSystem) principal.kind = policy::Principal::Kind::kSystem;
    const bool assigned = is_assigned(description, current.rows, actor.principal.user_id);
    PATCHBAY_TRY(workflow->check(current.status, to_status, principal, assigned, reason));
  }
  Change change = plan_move(description, *workflow, current, to_status, reason);
  ValidationRules rules;
  rules.allow_read_only = true;
  rules.currency = current.currency;
  std::vector<sdk::Error> errors;
  ValidatedBody also = validate(description, also_set, rules, errors);
  if (!errors.empty()) return first_of(errors);
  for (const std::string& name : workflow->required_fields(current.status, to_status)) {
    const sql::ColumnValue* given = also.find(name);
    if (is_set(given != nullptr ? given->text.value_or("") : cell(current.rows, description, name))) continue;
    return sdk::conflict_error("workflow.field_missing", "It needs " + name + " before it can be " + to_status + ".");
  }
  for (sql::ColumnValue& value : also.values) {
    // A time that is given counts before the time of the move.
    std::erase_if(change.body.values, [&](const sql::ColumnValue& other) { return other.field == value.field; });
    change.body.values.push_back(std::move(value));
  }
  return store(session, description, actor, current, std::move(change));
}

sdk::Result<void> Writer::remove(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                 const std::string& entity_id, const IfMatch& if_match) const {
  PATCHBAY_ASSIGN(const Current current, read_current(session, description, actor, entity_id, if_match));
  const auto& states = description.deletable_states;
  if (!states.empty() && std::find(states.begin(), states.end(), current.status) == states.end()) {
    return sdk::conflict_error("resources.not_deletable",
                               description.title + " is " + current.status + " and cannot be deleted.");
  }
  const auto statement = sql::delete_one(description, current.id);
  PATCHBAY_ASSIGN(const storage::Rows deleted, session.execute(statement.text, statement.params));
  json::object row = views_.of(description, "").object(deleted, 0);
  PATCHBAY_TRY(
      events::append(session, {make_event(description, actor, description.kind + ".deleted", current.id, {}, row)}));
  return after_write(session, description, actor, {current.id});
}

}  // namespace patchbay::resources
