// The only file that puts SQL together. Every value is a parameter; names come from descriptions, which are part of the
// program.
#pragma once

#include "engine/resources/description.hpp"
#include "engine/resources/list_query.hpp"
#include "engine/resources/row_scope.hpp"
#include "platform/storage/session.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace patchbay::resources::sql {

struct Statement {
  std::string text;
  storage::Params params;
};

/// A field's value in SQL text form; nullopt is NULL.
struct ColumnValue {
  const Field* field = nullptr;
  storage::Param text;
};

/// Which columns a row is read with; rows of one shape have them in one order (see json_view.hpp).
enum class Shape { kPlain, kListed, kSingle };  // without links, with their summary, with each of them

// Columns of every shape: id, version, created_at, updated_at, deleted_at, then the fields in order.
inline constexpr std::size_t kIdColumn = 0;
inline constexpr std::size_t kVersionColumn = 1;
inline constexpr std::size_t kCreatedColumn = 2;
inline constexpr std::size_t kUpdatedColumn = 3;
inline constexpr std::size_t kDeletedColumn = 4;
inline constexpr std::size_t kFieldColumns = 5;
// After the fields of a synced kind: external_ids, last_synced_at, sync_status and, in the single shape, links.

std::string_view type_name(FieldType type);

Statement select_one(const ResourceDescription& description, const RowScope& scope, const std::string& id);
/// One row more than the page, to know whether there is a next one.
Statement select_list(const ResourceDescription& description, const RowScope& scope, const ListQuery& query);
/// Counts at most `limit` rows; 0: all.
Statement count(const ResourceDescription& description, const RowScope& scope, const ListQuery& query,
                std::size_t limit);
/// The planner's estimate, as one JSON document.
Statement estimate(const ResourceDescription& description, const RowScope& scope, const ListQuery& query);

/// Locks a live row that the scope sees.
Statement lock_one(const ResourceDescription& description, const RowScope& scope, const std::string& id);
/// Whether a live row is there for the scope.
Statement exists(const ResourceDescription& description, const RowScope& scope, const std::string& id);
Statement insert_one(const ResourceDescription& description, const std::string& id,
                     const std::vector<ColumnValue>& values);
Statement update_one(const ResourceDescription& description, const std::string& id,
                     const std::vector<ColumnValue>& values);
Statement delete_one(const ResourceDescription& description, const std::string& id);

/// Columns of a bulk statement: one array parameter each, in this order after the ids.
struct BulkColumns {
  std::vector<const Field*> fields;
  bool owners = false;
};
/// Locks rows in key order and reads them (deleted ones too).
Statement lock_many(const ResourceDescription& description, const std::string& id_array);
/// `arrays`: ids, one for each field, owners.
Statement insert_many(const ResourceDescription& description, const BulkColumns& columns, storage::Params arrays);
/// Brings deleted rows back.
Statement update_many(const ResourceDescription& description, const BulkColumns& columns, storage::Params arrays);
Statement delete_many(const ResourceDescription& description, const std::string& id_array);

}  // namespace patchbay::resources::sql
