#include "engine/resources/json_view.hpp"

#include "engine/resources/field_value.hpp"

#include <algorithm>

namespace patchbay::resources {
namespace {

void append_time(std::string& out, std::string_view timestamp) {
  out += '"';
  out += time_text(timestamp);
  out += '"';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, begin, i - begin);
    begin = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[byte >> 4U];
        out += kHex[byte & 0xFU];
    }
  }
  out.append(text, begin);
  out += '"';
}

JsonView::JsonView(const ResourceDescription& description, std::string_view role) : synced_(description.synced) {
  std::size_t column = sql::kFieldColumns;
  for (const Field& field : description.fields) {
    const auto& hidden_from = field.hidden_from;
    const bool hidden = !role.empty() && std::find(hidden_from.begin(), hidden_from.end(), role) != hidden_from.end();
    pieces_.push_back({",\"" + field.name + "\":", field.type, column, hidden});
    if (hidden) hidden_names_.push_back(field.name);
    if (field.answer_second_name) {
      pieces_.push_back({",\"" + field.second_name + "\":", field.type, column, hidden});
      if (hidden) hidden_names_.push_back(field.second_name);
    }
    if (field.name == "currency") currency_column_ = column;
    ++column;
  }
  links_column_ = column;
}

void JsonView::append_value(std::string& out, const Piece& piece, const storage::Rows& rows, std::size_t row) const {
  const auto value = rows.at(row, piece.column);
  if (!value) {
    out += "null";
    return;
  }
  switch (piece.type) {
    case FieldType::kInteger:
    case FieldType::kObject:
    case FieldType::kArray:
    case FieldType::kTextList:
    case FieldType::kUuidList:
      out += *value;
      break;
    case FieldType::kBoolean:
      out += *value == "t" ? "true" : "false";
      break;
    case FieldType::kTime:
      append_time(out, *value);
      break;
    case FieldType::kMoney: {
      const auto currency = currency_column_ ? rows.at(row, *currency_column_) : std::nullopt;
      append_json_string(out, money_text(*value, currency.value_or("USD")));
      break;
    }
    default:
      append_json_string(out, *value);
  }
}

void JsonView::append_links(std::string& out, const storage::Rows& rows, std::size_t row, sql::Shape shape) const {
  out += ",\"externalIds\":";
  out += rows.at(row, links_column_).value_or("{}");
  out += ",\"syncStatus\":";
  append_json_string(out, rows.at(row, links_column_ + 2).value_or("local"));
  out += ",\"lastSyncedAt\":";
  if (const auto time = rows.at(row, links_column_ + 1)) {
    append_time(out, *time);
  } else {
    out += "null";
  }
  if (shape != sql::Shape::kSingle) return;
  out += ",\"links\":";
  out += rows.at(row, links_column_ + 3).value_or("[]");
}

void JsonView::append_fields(std::string& out, const storage::Rows& rows, std::size_t row, sql::Shape shape) const {
  out += "{\"id\":";
  append_json_string(out, rows.at(row, sql::kIdColumn).value_or(""));
  for (const Piece& piece : pieces_) {
    if (piece.hidden) continue;
    out += piece.key;
    append_value(out, piece, rows, row);
  }
  if (synced_ && shape != sql::Shape::kPlain) append_links(out, rows, row, shape);
  out += ",\"version\":";
  out += rows.at(row, sql::kVersionColumn).value_or("0");
  out += ",\"createdAt\":";
  append_time(out, rows.at(row, sql::kCreatedColumn).value_or(""));
  out += ",\"updatedAt\":";
  append_time(out, rows.at(row, sql::kUpdatedColumn).value_or(""));
}

void JsonView::append(std::string& out, const storage::Rows& rows, std::size_t row, sql::Shape shape) const {
  const auto deleted_at = rows.at(row, sql::kDeletedColumn);
  if (!deleted_at) {
    append_fields(out, rows, row, shape);
    out += '}';
    return;
  }
  out += "{\"id\":";
  append_json_string(out, rows.at(row, sql::kIdColumn).value_or(""));
  out += ",\"deleted\":true,\"deletedAt\":";
  append_time(out, *deleted_at);
  out += '}';
}

sdk::json::object JsonView::object(const storage::Rows& rows, std::size_t row) const {
  std::string text;
  append_fields(text, rows, row, sql::Shape::kPlain);
  if (const auto deleted_at = rows.at(row, sql::kDeletedColumn)) {
    text += ",\"deletedAt\":";
    append_time(text, *deleted_at);
  }
  text += '}';
  return std::move(sdk::json::parse(text).as_object());
}

void JsonView::hide(sdk::json::object& row) const {
  for (const std::string& name : hidden_names_) row.erase(name);
}

JsonViews::JsonViews(const Registry& registry, const std::vector<std::string>& roles) {
  for (const ResourceDescription& description : registry.all()) {
    auto& by_role = views_[description.kind];
    by_role.emplace("", JsonView(description, ""));
    for (const std::string& role : roles) by_role.emplace(role, JsonView(description, role));
  }
}

const JsonView& JsonViews::of(const ResourceDescription& description, std::string_view role) const {
  const auto& by_role = views_.at(description.kind);
  const auto found = by_role.find(role);
  return found == by_role.end() ? by_role.at("") : found->second;
}

}  // namespace patchbay::resources
