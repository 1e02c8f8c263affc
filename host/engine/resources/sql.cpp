#include "engine/resources/sql.hpp"

#include <utility>

namespace patchbay::resources::sql {
namespace {

/// A statement under construction.
class Builder {
 public:
  Builder& operator<<(std::string_view text) {
    text_ += text;
    return *this;
  }
  std::string bind(storage::Param value, std::string_view type) {
    params_.push_back(std::move(value));
    return "$" + std::to_string(params_.size()) + "::" + std::string(type);
  }
  Statement take() { return {std::move(text_), std::move(params_)}; }

 private:
  std::string text_;
  storage::Params params_;
};

bool is_list(FieldType type) {
  return type == FieldType::kTextList || type == FieldType::kUuidList;
}

std::string column_of(const Field& field) {
  return "e." + field.column;
}

constexpr std::string_view kTimeFormat = R"('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')";

void add_fields(Builder& sql, const ResourceDescription& description) {
  sql << "e.id, e.version, e.created_at, e.updated_at, e.deleted_at";
  for (const Field& field : description.fields) {
    if (is_list(field.type)) {
      sql << ", array_to_json(e." << field.column << ") as " << field.column;
    } else {
      sql << ", e." << field.column;
    }
  }
}

void add_columns(Builder& sql, const ResourceDescription& description, Shape shape) {
  add_fields(sql, description);
  if (shape == Shape::kPlain || !description.synced) return;
  sql << ", k.external_ids, k.last_synced_at, case"
         " when exists (select 1 from identity_conflicts i where i.entity_id = e.id and i.resolved_at is null)"
         " then 'conflict' when k.failed then 'error'"
         " when exists (select 1 from work_items w where w.kind = 'writeback' and w.state in ('due', 'claimed')"
         " and w.payload->>'entityId' = e.id::text) then 'pending'"
         " when k.external_ids is null then 'local' else 'synced' end as sync_status";
  if (shape == Shape::kSingle) sql << ", k.links";
}

void add_links(Builder& sql, const ResourceDescription& description, Shape shape) {
  if (shape == Shape::kPlain || !description.synced) return;
  // Of two connections of one service the first by name is shown: jsonb keeps the last of equal keys.
  sql << " left join lateral (select jsonb_object_agg(l.service, l.external_id order by c.name desc, l.external_id"
         " desc) as external_ids, max(l.last_seen_at) as last_synced_at,"
         " bool_or(l.sync_error is not null) as failed";
  if (shape == Shape::kSingle) {
    sql << ", jsonb_agg(jsonb_build_object('connectionId', l.connection_id, 'connection', c.name, 'service',"
           " l.service, 'resource', l.resource, 'externalId', l.external_id, 'lastSeenAt',"
           " to_char(l.last_seen_at at time zone 'UTC', "
        << kTimeFormat << "), 'error', l.sync_error) order by l.service, c.name, l.external_id) as links";
  }
  sql << " from entity_links l join connections c on c.id = l.connection_id where l.entity_kind = '" << description.kind
      << "' and l.entity_id = e.id and l.deleted_at is null and c.deleted_at is null) k on true";
}

void add_scope(Builder& sql, const RowScope& scope) {
  if (scope.kind == RowScope::Kind::kAll) return;
  if (scope.kind == RowScope::Kind::kNone) {
    sql << " and false";
    return;
  }
  const auto id_or_null = [](const std::string& id) { return id.empty() ? storage::Param() : storage::Param(id); };
  std::string_view rest = scope.filter->sql;
  sql << " and (";
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    sql << rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}', open);
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    sql << sql.bind(id_or_null(name == "client" ? scope.client_id : scope.user_id), "uuid");
    rest.remove_prefix(close + 1);
  }
  sql << ")";
}

std::string_view comparison(Operator op) {
  switch (op) {
    case Operator::kLess:
      return " < ";
    case Operator::kLessEqual:
      return " <= ";
    case Operator::kGreater:
      return " > ";
    case Operator::kGreaterEqual:
      return " >= ";
    case Operator::kNotEqual:
      return " <> ";
    default:
      return " = ";
  }
}

void add_list_condition(Builder& sql, const Condition& condition, const std::string& column) {
  const std::string type(type_name(condition.field->type));
  const std::string value = sql.bind(storage::array_literal(condition.values), type);
  if (condition.op == Operator::kNotEqual) {
    sql << " and not (" << column << " && " << value << ")";
  } else {
    sql << " and " << column << " && " << value;
  }
}

void add_condition(Builder& sql, const Condition& condition) {
  const Field& field = *condition.field;
  const std::string column = field.type == FieldType::kEmail ? "lower(" + column_of(field) + ")" : column_of(field);
  if (condition.op == Operator::kNull || condition.op == Operator::kNotNull) {
    sql << " and " << column_of(field) << (condition.op == Operator::kNull ? " is null" : " is not null");
    return;
  }
  if (is_list(field.type)) return add_list_condition(sql, condition, column);
  const std::string type(type_name(field.type));
  if (condition.op == Operator::kNotEqual) {
    sql << " and (" << column << " is null or " << column << " <> all ("
        << sql.bind(storage::array_literal(condition.values), type + "[]") << "))";
  } else if (condition.values.size() > 1) {
    sql << " and " << column << " = any (" << sql.bind(storage::array_literal(condition.values), type + "[]") << ")";
  } else {
    sql << " and " << column << comparison(condition.op) << sql.bind(condition.values.front(), type);
  }
}

/// Exactly the expression of the trigram index, or no search would find it.
std::string search_expression(const ResourceDescription& description) {
  std::string expression;
  for (const Field& field : description.fields) {
    if (!field.searchable) continue;
    expression += (expression.empty() ? "(coalesce(e." : " || ' ' || coalesce(e.") + field.column + ",'')";
  }
  return expression + ")";
}

std::string like_pattern(std::string_view word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

bool plain_order(const ListQuery& query) {
  for (const SortKey& key : query.sort) {
    if (key.field->nullable || key.descending != query.sort.front().descending) return false;
  }
  return true;
}

/// `e.column` after `value` in the key's order, where NULL stands last ascending and first descending.
std::string strictly_after(Builder& sql, const SortKey& key, const storage::Param& value) {
  const std::string column = column_of(*key.field);
  if (!value) return key.descending ? column + " is not null" : "false";
  const std::string bound = sql.bind(value, type_name(key.field->type));
  if (key.descending) return column + " < " + bound;
  return key.field->nullable ? "(" + column + " > " + bound + " or " + column + " is null)" : column + " > " + bound;
}

void add_keyset(Builder& sql, const ListQuery& query) {
  if (query.after.empty()) return;
  const bool descending = query.sort.front().descending;
  if (plain_order(query)) {
    std::string columns, values;
    for (std::size_t i = 0; i < query.sort.size(); ++i) {
      columns += column_of(*query.sort[i].field) + ", ";
      values += sql.bind(query.after[i], type_name(query.sort[i].field->type)) + ", ";
    }
    sql << " and (" << columns << "e.id) " << (descending ? "<" : ">") << " (" << values
        << sql.bind(query.after.back(), "uuid") << ")";
    return;
  }
  // The bound on the first key alone lets an index begin at the right place.
  if (query.after.front() && (descending || !query.sort.front().field->nullable)) {
    sql << " and " << column_of(*query.sort.front().field) << (descending ? " <= " : " >= ")
        << sql.bind(query.after.front(), type_name(query.sort.front().field->type));
  }
  sql << " and (";
  std::string equal_before;
  for (std::size_t i = 0; i < query.sort.size(); ++i) {
    sql << (i == 0 ? "" : " or ") << "(" << equal_before << strictly_after(sql, query.sort[i], query.after[i]) << ")";
    const Field& field = *query.sort[i].field;
    equal_before +=
        column_of(field) + " is not distinct from " + sql.bind(query.after[i], type_name(field.type)) + " and ";
  }
  sql << " or (" << equal_before << "e.id " << (descending ? "<" : ">") << " " << sql.bind(query.after.back(), "uuid")
      << "))";
}

void add_where(Builder& sql, const ResourceDescription& description, const RowScope& scope, const ListQuery& query) {
  sql << " where ";
  if (query.updated_since) {
    sql << "e.updated_at >= " << sql.bind(*query.updated_since, "timestamptz");
  } else {
    sql << "e.deleted_at is null";
  }
  add_scope(sql, scope);
  for (const Condition& condition : query.conditions) add_condition(sql, condition);
  for (const std::string& word : query.search_words) {
    sql << " and " << search_expression(description) << " ilike " << sql.bind(like_pattern(word), "text");
  }
}

void add_order(Builder& sql, const ListQuery& query) {
  sql << " order by ";
  for (const SortKey& key : query.sort) sql << column_of(*key.field) << (key.descending ? " desc, " : ", ");
  sql << "e.id" << (query.sort.front().descending ? " desc" : "");
}

Statement locked(const ResourceDescription& description, const RowScope& scope, const std::string& id, bool lock) {
  Builder sql;
  sql << "select ";
  if (lock) {
    add_fields(sql, description);
  } else {
    sql << "e.id";
  }
  sql << " from " << description.table << " e where e.id = " << sql.bind(id, "uuid") << " and e.deleted_at is null";
  add_scope(sql, scope);
  if (lock) sql << " for update";
  return sql.take();
}

void add_returning(Builder& sql, const ResourceDescription& description) {
  sql << " returning ";
  add_fields(sql, description);
}

/// Everything travels as arrays of text: arrays of arrays are not possible in PostgreSQL.
void add_unnest(Builder& sql, storage::Params arrays) {
  const std::size_t count = arrays.size();
  sql << " from unnest(";
  for (std::size_t i = 0; i < count; ++i) sql << (i == 0 ? "" : ", ") << sql.bind(std::move(arrays[i]), "text[]");
  sql << ") as u (";
  for (std::size_t i = 0; i < count; ++i) sql << (i == 0 ? "c" : ", c") << std::to_string(i);
  sql << ")";
}

std::string bulk_value(const Field& field, std::size_t index) {
  return "u.c" + std::to_string(index) + "::" + std::string(type_name(field.type));
}

}  // namespace

std::string_view type_name(FieldType type) {
  switch (type) {
    case FieldType::kUuid:
      return "uuid";
    case FieldType::kInteger:
      return "bigint";
    case FieldType::kBoolean:
      return "boolean";
    case FieldType::kTime:
      return "timestamptz";
    case FieldType::kMoney:
      return "numeric";
    case FieldType::kObject:
    case FieldType::kArray:
      return "jsonb";
    case FieldType::kTextList:
      return "text[]";
    case FieldType::kUuidList:
      return "uuid[]";
    default:
      return "text";
  }
}

Statement select_one(const ResourceDescription& description, const RowScope& scope, const std::string& id) {
  Builder sql;
  sql << "select ";
  add_columns(sql, description, Shape::kSingle);
  sql << " from " << description.table << " e";
  add_links(sql, description, Shape::kSingle);
  sql << " where e.id = " << sql.bind(id, "uuid") << " and e.deleted_at is null";
  add_scope(sql, scope);
  return sql.take();
}

Statement select_list(const ResourceDescription& description, const RowScope& scope, const ListQuery& query) {
  Builder sql;
  // The limit is a literal: as a parameter it would be guessed by the planner as a tenth of the table.
  const std::string limit = " limit " + std::to_string(query.page_size + 1);
  sql << "select ";
  add_columns(sql, description, Shape::kListed);
  // Rows before the page are passed over by their ids only, which an index alone can give.
  sql << " from (select " << (query.offset() > 0 ? "e.id" : "*") << " from " << description.table << " e";
  add_where(sql, description, scope, query);
  add_keyset(sql, query);
  add_order(sql, query);
  sql << limit;
  if (query.offset() > 0) {
    sql << " offset " << sql.bind(std::to_string(query.offset()), "bigint") << ") p join " << description.table
        << " e on e.id = p.id";
  } else {
    sql << ") e";
  }
  add_links(sql, description, Shape::kListed);
  add_order(sql, query);
  return sql.take();
}

Statement count(const ResourceDescription& description, const RowScope& scope, const ListQuery& query,
                std::size_t limit) {
  Builder sql;
  sql << "select count(*) as count from (select 1 from " << description.table << " e";
  add_where(sql, description, scope, query);
  if (limit > 0) sql << " limit " << std::to_string(limit);
  sql << ") c";
  return sql.take();
}

Statement estimate(const ResourceDescription& description, const RowScope& scope, const ListQuery& query) {
  Builder sql;
  sql << "explain (format json) select 1 from " << description.table << " e";
  add_where(sql, description, scope, query);
  return sql.take();
}

Statement lock_one(const ResourceDescription& description, const RowScope& scope, const std::string& id) {
  return locked(description, scope, id, true);
}

Statement exists(const ResourceDescription& description, const RowScope& scope, const std::string& id) {
  return locked(description, scope, id, false);
}

Statement insert_one(const ResourceDescription& description, const std::string& id,
                     const std::vector<ColumnValue>& values) {
  Builder sql;
  sql << "insert into " << description.table << " as e (id";
  for (const ColumnValue& value : values) sql << ", " << value.field->column;
  sql << ") values (" << sql.bind(id, "uuid");
  for (const ColumnValue& value : values) sql << ", " << sql.bind(value.text, type_name(value.field->type));
  sql << ")";
  add_returning(sql, description);
  return sql.take();
}

Statement update_one(const ResourceDescription& description, const std::string& id,
                     const std::vector<ColumnValue>& values) {
  Builder sql;
  sql << "update " << description.table << " e set ";
  for (const ColumnValue& value : values) {
    sql << value.field->column << " = " << sql.bind(value.text, type_name(value.field->type)) << ", ";
  }
  sql << "version = e.version + 1, updated_at = now() where e.id = " << sql.bind(id, "uuid");
  add_returning(sql, description);
  return sql.take();
}

Statement delete_one(const ResourceDescription& description, const std::string& id) {
  Builder sql;
  sql << "update " << description.table
      << " e set deleted_at = now(), updated_at = now(), version = e.version + 1 where e.id = " << sql.bind(id, "uuid");
  add_returning(sql, description);
  return sql.take();
}

Statement lock_many(const ResourceDescription& description, const std::string& id_array) {
  Builder sql;
  sql << "select ";
  add_fields(sql, description);
  sql << " from " << description.table << " e where e.id = any (" << sql.bind(id_array, "uuid[]")
      << ") order by e.id for update";
  return sql.take();
}

Statement insert_many(const ResourceDescription& description, const BulkColumns& columns, storage::Params arrays) {
  Builder sql;
  sql << "insert into " << description.table << " (id";
  for (const Field* field : columns.fields) sql << ", " << field->column;
  if (columns.owners) sql << ", owners";
  sql << ") select u.c0::uuid";
  for (std::size_t i = 0; i < columns.fields.size(); ++i) sql << ", " << bulk_value(*columns.fields[i], i + 1);
  if (columns.owners) sql << ", u.c" << std::to_string(columns.fields.size() + 1) << "::jsonb";
  add_unnest(sql, std::move(arrays));
  return sql.take();
}

Statement update_many(const ResourceDescription& description, const BulkColumns& columns, storage::Params arrays) {
  Builder sql;
  sql << "update " << description.table << " e set ";
  for (std::size_t i = 0; i < columns.fields.size(); ++i) {
    sql << columns.fields[i]->column << " = " << bulk_value(*columns.fields[i], i + 1) << ", ";
  }
  if (columns.owners) sql << "owners = e.owners || u.c" << std::to_string(columns.fields.size() + 1) << "::jsonb, ";
  sql << "version = e.version + 1, updated_at = now(), deleted_at = null";
  add_unnest(sql, std::move(arrays));
  sql << " where e.id = u.c0::uuid";
  add_returning(sql, description);
  return sql.take();
}

Statement delete_many(const ResourceDescription& description, const std::string& id_array) {
  Builder sql;
  sql << "update " << description.table
      << " e set deleted_at = now(), updated_at = now(), version = e.version + 1 where e.id = any ("
      << sql.bind(id_array, "uuid[]") << ") and e.deleted_at is null";
  add_returning(sql, description);
  return sql.take();
}

}  // namespace patchbay::resources::sql
