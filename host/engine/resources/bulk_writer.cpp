// Writer::apply_bulk and check_bulk: what a page of a sync writes, in a handful of statements.
#include "engine/resources/change_record.hpp"
#include "engine/resources/contact_marks.hpp"
#include "engine/resources/field_value.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/phone_number.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/money.hpp>

#include <algorithm>
#include <unordered_map>

namespace patchbay::resources {
namespace {

namespace json = sdk::json;

/// What happened to the rows of one call, written at its end.
struct Outcome {
  std::vector<Transition> history;  // also state hooks
  std::vector<events::Event> events;
};

std::string row_currency(const ResourceDescription& description, const json::object& values) {
  const json::value* given = values.if_contains("currency");
  if (given != nullptr && given->is_string()) return std::string(given->get_string());
  return default_currency(description);
}

storage::Param bulk_text(const Field& field, const json::object& values) {
  const json::value* value = values.if_contains(field.name);
  if (value == nullptr || value->is_null()) return field.nullable ? storage::Param() : default_text(field);
  return service_text(field, *value);
}

/// Writes of one call share what they need.
class BulkWrite {
 public:
  BulkWrite(storage::Session& session, const ResourceDescription& description, const Actor& actor,
            const workflow::Workflow* workflow, const JsonView& view, const std::string& phone_region)
      : session_(session),
        description_(description),
        actor_(actor),
        workflow_(workflow),
        view_(view),
        phone_region_(phone_region) {}

  sdk::Result<void> run(std::vector<BulkRow> rows);

 private:
  using OldRows = std::unordered_map<std::string, std::size_t>;  // id → row of old_

  void complete(BulkRow& row, const std::size_t* old_row) const;
  void complete_status(BulkRow& row, const std::size_t* old_row) const;
  void complete_marks(BulkRow& row, std::size_t old_row) const;
  std::string old_text(std::size_t row, std::string_view field_name) const;
  sdk::Result<void> insert(std::vector<BulkRow*>& rows);
  json::object fresh_row(const BulkRow& row, const std::string& now) const;
  sdk::Result<void> lock(const std::vector<BulkRow*>& updates, const std::vector<BulkRow*>& deletions);
  sdk::Result<void> update(std::vector<BulkRow*>& rows);
  sdk::Result<void> update_group(const std::vector<const Field*>& fields, const std::vector<BulkRow*>& rows);
  sdk::Result<void> remove(const std::vector<BulkRow*>& rows);
  sql::BulkColumns columns_of(const std::vector<BulkRow*>& rows, bool with_defaults) const;
  static storage::Params arrays_of(const sql::BulkColumns& columns, const std::vector<BulkRow*>& rows);

  storage::Session& session_;
  const ResourceDescription& description_;
  const Actor& actor_;
  const workflow::Workflow* workflow_;
  const JsonView& view_;
  const std::string& phone_region_;
  storage::Rows old_;
  OldRows old_rows_;
  Outcome outcome_;
};

std::string BulkWrite::old_text(std::size_t row, std::string_view field_name) const {
  const Field* field = description_.find_field(field_name);
  return field == nullptr ? std::string() : old_.text(row, field->column);
}

/// Adds the values that follow from others: E.164 numbers, furthest state, times of moves.
void BulkWrite::complete(BulkRow& row, const std::size_t* old_row) const {
  for (const Field& field : description_.fields) {
    if (field.normalized_field.empty()) continue;
    const json::value* given = row.values.if_contains(field.name);
    if (given == nullptr) continue;
    std::optional<std::string> number;
    if (given->is_string()) number = base::normalize_phone(std::string_view(given->get_string()), phone_region_);
    row.values[field.normalized_field] = number ? json::value(*number) : json::value(nullptr);
  }
  if (workflow_ != nullptr) complete_status(row, old_row);
  if (old_row != nullptr && !description_.unverified_field.empty()) complete_marks(row, *old_row);
}

void BulkWrite::complete_marks(BulkRow& row, std::size_t old_row) const {
  const auto marks = parse_marks(old_text(old_row, description_.unverified_field));
  if (marks.empty()) return;
  std::vector<ContactChange> changes;
  for (const Field& field : description_.fields) {
    const json::value* given = field.identifies ? row.values.if_contains(field.name) : nullptr;
    if (given != nullptr)
      changes.push_back({&field, old_text(old_row, field.name), sdk::scalar_text(*given).value_or("")});
  }
  const auto after = marks_after(description_, actor_, marks, changes, phone_region_);
  if (after == marks) return;
  row.values[description_.unverified_field] = json::array(after.begin(), after.end());
  row.changed_fields.push_back(description_.unverified_field);
}

void BulkWrite::complete_status(BulkRow& row, const std::size_t* old_row) const {
  const json::value* status = row.values.if_contains("status");
  if (status == nullptr || !status->is_string()) return;
  const std::string to(status->get_string());
  const std::string& furthest_name = description_.furthest_field;
  if (!furthest_name.empty() && !row.values.contains(furthest_name)) {
    std::string furthest = old_row != nullptr ? old_text(*old_row, furthest_name) : workflow_->initial();
    if (workflow_->rank(to) > workflow_->rank(furthest)) furthest = to;
    row.values[furthest_name] = furthest;
  }
  // A new row tells of the past: the time of its moves is not now.
  if (old_row == nullptr || old_text(*old_row, "status") == to) return;
  for (const MoveTime& time : description_.move_times) {
    if (time.state != to || row.values.contains(time.field) || !old_text(*old_row, time.field).empty()) continue;
    row.values[time.field] = sdk::format_time(std::chrono::system_clock::now());
    row.changed_fields.push_back(time.field);
  }
}

sql::BulkColumns BulkWrite::columns_of(const std::vector<BulkRow*>& rows, bool with_defaults) const {
  sql::BulkColumns columns;
  columns.owners = true;
  for (const Field& field : description_.fields) {
    const bool needed = with_defaults && !field.nullable;
    if (needed ||
        std::any_of(rows.begin(), rows.end(), [&](const BulkRow* row) { return row->values.contains(field.name); })) {
      columns.fields.push_back(&field);
    }
  }
  return columns;
}

storage::Params BulkWrite::arrays_of(const sql::BulkColumns& columns, const std::vector<BulkRow*>& rows) {
  storage::Params arrays;
  std::vector<storage::Param> column(rows.size());
  const auto add = [&](auto&& text_of) {
    for (std::size_t i = 0; i < rows.size(); ++i) column[i] = text_of(*rows[i]);
    arrays.emplace_back(storage::array_literal(column));
  };
  add([](const BulkRow& row) { return storage::Param(row.entity_id); });
  for (const Field* field : columns.fields) add([&](const BulkRow& row) { return bulk_text(*field, row.values); });
  if (columns.owners) add([](const BulkRow& row) { return storage::Param(json::serialize(row.owners)); });
  return arrays;
}

/// The staff's view of a row that has just been inserted, from its values: loading it back would cost as much again.
json::object BulkWrite::fresh_row(const BulkRow& row, const std::string& now) const {
  json::object object;
  object.reserve(description_.fields.size() + 4);
  object["id"] = row.entity_id;
  const std::string currency = row_currency(description_, row.values);
  for (const Field& field : description_.fields) {
    json::value value;
    if (const auto text = bulk_text(field, row.values)) {
      const json::value* given = row.values.if_contains(field.name);
      const bool as_given = given != nullptr && !given->is_null() && field.type != FieldType::kMoney;
      value = as_given ? *given : json_of(field, *text, currency);
    }
    if (field.type == FieldType::kTime && value.is_string() && value.get_string().size() != now.size()) {
      value = time_text(value.get_string());
    }
    if (field.answer_second_name) object[field.second_name] = value;
    object[field.name] = std::move(value);
  }
  object["version"] = 1;
  object["createdAt"] = now;
  object["updatedAt"] = now;
  return object;
}

sdk::Result<void> BulkWrite::insert(std::vector<BulkRow*>& rows) {
  if (rows.empty()) return {};
  PATCHBAY_ASSIGN(const storage::Rows clock, session_.execute("select now() as now"));
  const std::string now = time_text(clock.text(0, "now"));
  for (BulkRow* row : rows) complete(*row, nullptr);
  const sql::BulkColumns columns = columns_of(rows, true);
  const auto statement = sql::insert_many(description_, columns, arrays_of(columns, rows));
  PATCHBAY_TRY(session_.execute(statement.text, statement.params));
  for (BulkRow* row : rows) {
    std::vector<std::string> names;
    for (const auto& [name, value] : row->values) names.emplace_back(name);
    json::object fresh = fresh_row(*row, now);
    if (workflow_ != nullptr) {
      const json::value& status = fresh.at("status");
      outcome_.history.push_back({row->entity_id, "", std::string(status.get_string()), ""});
    }
    outcome_.events.push_back(make_event(description_, actor_, description_.kind + ".created", row->entity_id,
                                         std::move(names), std::move(fresh)));
  }
  return {};
}

sdk::Result<void> BulkWrite::lock(const std::vector<BulkRow*>& updates, const std::vector<BulkRow*>& deletions) {
  std::vector<std::string> ids;
  for (const auto* rows : {&updates, &deletions}) {
    for (const BulkRow* row : *rows) ids.push_back(row->entity_id);
  }
  if (ids.empty()) return {};
  const auto statement = sql::lock_many(description_, storage::array_literal(ids));
  PATCHBAY_ASSIGN(old_, session_.execute(statement.text, statement.params));
  for (std::size_t i = 0; i < old_.size(); ++i) old_rows_.emplace(old_.text(i, "id"), i);
  for (const std::string& id : ids) {
    if (!old_rows_.contains(id)) {
      return sdk::not_found_error("resources.not_found", description_.title + " " + id + " does not exist.");
    }
  }
  return {};
}

sdk::Result<void> BulkWrite::update(std::vector<BulkRow*>& rows) {
  // One statement for each set of changed columns.
  std::map<std::vector<const Field*>, std::vector<BulkRow*>> groups;
  for (BulkRow* row : rows) {
    const std::size_t old_row = old_rows_.at(row->entity_id);
    const bool comes_back = old_.at(old_row, sql::kDeletedColumn).has_value();
    if (row->values.empty() && !comes_back) continue;
    complete(*row, &old_row);
    groups[columns_of({row}, false).fields].push_back(row);
  }
  for (const auto& [fields, members] : groups) PATCHBAY_TRY(update_group(fields, members));
  return {};
}

sdk::Result<void> BulkWrite::update_group(const std::vector<const Field*>& fields, const std::vector<BulkRow*>& rows) {
  const sql::BulkColumns columns{fields, true};
  const auto statement = sql::update_many(description_, columns, arrays_of(columns, rows));
  PATCHBAY_ASSIGN(const storage::Rows updated, session_.execute(statement.text, statement.params));
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < updated.size(); ++i) places.emplace(updated.text(i, "id"), i);
  for (BulkRow* row : rows) {
    json::object after = view_.object(updated, places.at(row->entity_id));
    std::string action = description_.kind + ".updated";
    if (workflow_ != nullptr) {
      const std::string was = old_text(old_rows_.at(row->entity_id), "status");
      const std::string became(after.at("status").get_string());
      if (was != became) {
        outcome_.history.push_back({row->entity_id, was, became, row->reason});
        const auto special = description_.move_actions.find(became);
        action = special == description_.move_actions.end() ? description_.kind + ".status_changed" : special->second;
      }
    }
    outcome_.events.push_back(
        make_event(description_, actor_, std::move(action), row->entity_id, row->changed_fields, std::move(after)));
  }
  return {};
}

sdk::Result<void> BulkWrite::remove(const std::vector<BulkRow*>& rows) {
  if (rows.empty()) return {};
  std::vector<std::string> ids;
  for (const BulkRow* row : rows) ids.push_back(row->entity_id);
  const auto statement = sql::delete_many(description_, storage::array_literal(ids));
  PATCHBAY_ASSIGN(const storage::Rows deleted, session_.execute(statement.text, statement.params));
  for (std::size_t i = 0; i < deleted.size(); ++i) {
    outcome_.events.push_back(make_event(description_, actor_, description_.kind + ".deleted", deleted.text(i, "id"),
                                         {}, view_.object(deleted, i)));
  }
  return {};
}

sdk::Result<void> BulkWrite::run(std::vector<BulkRow> rows) {
  // Key order everywhere: two pages that meet on the same rows wait for each other instead of deadlocking.
  std::sort(rows.begin(), rows.end(), [](const BulkRow& a, const BulkRow& b) { return a.entity_id < b.entity_id; });
  std::vector<BulkRow*> fresh, changed, gone;
  for (BulkRow& row : rows) (row.is_new ? fresh : row.deleted ? gone : changed).push_back(&row);
  PATCHBAY_TRY(lock(changed, gone));
  PATCHBAY_TRY(insert(fresh));
  PATCHBAY_TRY(update(changed));
  PATCHBAY_TRY(remove(gone));
  PATCHBAY_TRY(append_history(session_, description_, actor_, outcome_.history));
  PATCHBAY_TRY(run_state_hooks(session_, description_, outcome_.history));
  return events::append(session_, outcome_.events);
}

sdk::Error refused(const Field& field, std::string what) {
  return sdk::invalid_error("sync.bad_value", field.name + " " + std::move(what), field.name);
}

sdk::Result<void> check_bulk_text(const Field& field, std::string_view text, const std::string& currency) {
  if (text.find('\0') != std::string_view::npos) return refused(field, "contains U+0000.");
  if (field.length_max > 0 && !field.services_may_exceed && character_count(text) > field.length_max) {
    return refused(field, "has more than " + std::to_string(field.length_max) + " characters.");
  }
  switch (field.type) {
    case FieldType::kEnum:
      if (std::find(field.values.begin(), field.values.end(), text) == field.values.end()) {
        return refused(field, "has the unknown value '" + std::string(text.substr(0, 50)) + "'.");
      }
      return {};
    case FieldType::kUuid:
      return base::is_uuid(text) ? sdk::Result<void>() : refused(field, "is not a UUID.");
    case FieldType::kTime:
      return sdk::parse_time(text).ok() ? sdk::Result<void>() : refused(field, "is not a time.");
    case FieldType::kMoney: {
      const auto money = sdk::parse_money(text, currency);
      constexpr std::int64_t kMinorMax = 999'999'999'999'999;
      if (!money.ok() || money->minor > kMinorMax || money->minor < -kMinorMax) {
        return refused(field, "is not an amount of " + currency + ".");
      }
      return {};
    }
    default:
      return {};
  }
}

bool is_text_type(FieldType type) {
  switch (type) {
    case FieldType::kInteger:
    case FieldType::kBoolean:
    case FieldType::kObject:
    case FieldType::kArray:
    case FieldType::kTextList:
    case FieldType::kUuidList:
      return false;
    default:
      return true;
  }
}

sdk::Result<void> check_bulk_value(const Field& field, const json::value& value, const std::string& currency) {
  switch (field.type) {
    case FieldType::kInteger:
      return value.is_int64() ? sdk::Result<void>() : refused(field, "is not a whole number.");
    case FieldType::kBoolean:
      return value.is_bool() ? sdk::Result<void>() : refused(field, "is not a boolean.");
    case FieldType::kObject:
      return value.is_object() ? sdk::Result<void>() : refused(field, "is not an object.");
    case FieldType::kArray:
    case FieldType::kTextList:
    case FieldType::kUuidList:
      return value.is_array() ? sdk::Result<void>() : refused(field, "is not a list.");
    default:
      break;
  }
  if (!value.is_string()) return refused(field, "is not a text.");
  return check_bulk_text(field, value.get_string(), currency);
}

}  // namespace

sdk::Result<void> Writer::apply_bulk(storage::Session& session, const ResourceDescription& description,
                                     const Actor& actor, std::vector<BulkRow> rows) const {
  if (rows.empty()) return {};
  BulkWrite write(session, description, actor, workflows_.find(description.workflow), views_.of(description, ""),
                  phone_region_);
  std::vector<std::string> ids;
  if (description.after_write) {
    for (const BulkRow& row : rows) ids.push_back(row.entity_id);
  }
  PATCHBAY_TRY(write.run(std::move(rows)));
  return after_write(session, description, actor, ids);
}

sdk::Result<void> Writer::check_bulk(const ResourceDescription& description, const BulkRow& row) const {
  const std::string currency = row_currency(description, row.values);
  for (const auto& [name, value] : row.values) {
    const Field* field = description.find_field(name);
    if (field == nullptr) {
      return sdk::invalid_error("sync.unknown_field",
                                "'" + std::string(name) + "' is not a field of " + description.title + ".",
                                std::string(name));
    }
    if (value.is_null()) {
      if (!field->nullable && !default_text(*field)) return refused(*field, "is missing.");
      continue;
    }
    PATCHBAY_TRY(check_bulk_value(*field, value, currency));
    if (is_text_type(field->type)) continue;
    if (json::serialize(value).find("\\u0000") != std::string::npos) return refused(*field, "contains U+0000.");
  }
  if (!row.is_new || row.deleted) return {};
  for (const Field& field : description.fields) {
    if (field.nullable || default_text(field) || row.values.contains(field.name)) continue;
    return refused(field, "is missing.");
  }
  return {};
}

}  // namespace patchbay::resources
