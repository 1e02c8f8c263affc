// A row as JSON text, per role: hidden fields left out, second names where a document prints them. Text to text,
// without a tree in between: this is the hottest path of the API.
#pragma once

#include "engine/resources/sql.hpp"

#include <patchbay/sdk/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::resources {

/// Appends `text` as a JSON string with quotes.
void append_json_string(std::string& out, std::string_view text);

/// How rows of one kind look for one role. Immutable, thread-safe.
class JsonView {
 public:
  /// `role` empty: nothing is hidden (staff's view, as events carry it).
  JsonView(const ResourceDescription& description, std::string_view role);
  /// Appends row `row` of a result of `shape`. A deleted row becomes {id, deleted, deletedAt}.
  void append(std::string& out, const storage::Rows& rows, std::size_t row, sql::Shape shape) const;
  /// The plain shape as a tree, for events and for code that works on a row; of a deleted row too, then with deletedAt.
  sdk::json::object object(const storage::Rows& rows, std::size_t row) const;
  /// Takes away from a staff view what this role does not see.
  void hide(sdk::json::object& row) const;

 private:
  struct Piece {
    std::string key;  // `,"name":`
    FieldType type;
    std::size_t column;
    bool hidden;
  };
  void append_fields(std::string& out, const storage::Rows& rows, std::size_t row, sql::Shape shape) const;
  void append_value(std::string& out, const Piece& piece, const storage::Rows& rows, std::size_t row) const;
  void append_links(std::string& out, const storage::Rows& rows, std::size_t row, sql::Shape shape) const;

  std::vector<Piece> pieces_;
  std::vector<std::string> hidden_names_;
  std::size_t links_column_ = 0;
  std::optional<std::size_t> currency_column_;
  bool synced_ = false;
};

/// The views of all kinds and roles, made once.
class JsonViews {
 public:
  JsonViews(const Registry& registry, const std::vector<std::string>& roles);
  /// An unknown role (the hub itself) has the staff's view.
  const JsonView& of(const ResourceDescription& description, std::string_view role) const;

 private:
  std::map<std::string, std::map<std::string, JsonView, std::less<>>, std::less<>> views_;  // kind → role
};

}  // namespace patchbay::resources
