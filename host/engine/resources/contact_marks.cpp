#include "engine/resources/contact_marks.hpp"

#include "platform/base/phone_number.hpp"

#include <algorithm>

namespace patchbay::resources {
namespace {

/// What makes two texts the same contact.
std::string contact_key(const Field& field, const std::string& text, std::string_view phone_region) {
  if (field.type == FieldType::kPhone) return base::normalize_phone(text, phone_region).value_or(text);
  std::string lowered = text;
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

bool is_customer(const Actor& actor) {
  return actor.kind == Actor::Kind::kUser && !actor.principal.client_id.empty();
}

}  // namespace

std::vector<std::string> marks_after(const ResourceDescription& description, const Actor& actor,
                                     std::vector<std::string> marks, const std::vector<ContactChange>& changes,
                                     std::string_view phone_region) {
  if (description.unverified_field.empty()) return marks;
  for (const ContactChange& change : changes) {
    const bool differs = contact_key(*change.field, change.was, phone_region) !=
                         contact_key(*change.field, change.becomes, phone_region);
    const auto marked = std::find(marks.begin(), marks.end(), change.field->name);
    if (is_customer(actor) && !change.becomes.empty()) {
      if (differs && marked == marks.end()) marks.push_back(change.field->name);
      continue;
    }
    const bool staff = actor.kind == Actor::Kind::kUser;
    if (marked != marks.end() && (staff || differs)) marks.erase(marked);
  }
  std::sort(marks.begin(), marks.end());
  return marks;
}

std::vector<std::string> parse_marks(std::string_view json_text) {
  std::vector<std::string> marks;
  const auto parsed = sdk::parse_json(json_text);
  const sdk::json::array* items = parsed.ok() ? parsed->if_array() : nullptr;
  if (items == nullptr) return marks;
  for (const sdk::json::value& item : *items) marks.push_back(sdk::scalar_text(item).value_or(""));
  return marks;
}

void add_marks(const ResourceDescription& description, const Actor& actor, const storage::Rows* current,
               std::string_view phone_region, ValidatedBody& body) {
  const Field* list = description.find_field(description.unverified_field);
  if (list == nullptr || body.find(list->name) != nullptr) return;  // the hub itself has said it
  const auto stored = [&](const Field& field) {
    return current == nullptr ? std::string() : std::string(current->at(0, current->column(field.column)).value_or(""));
  };
  std::vector<ContactChange> changes;
  for (const sql::ColumnValue& value : body.values) {
    if (value.field->identifies) changes.push_back({value.field, stored(*value.field), value.text.value_or("")});
  }
  if (changes.empty()) return;
  const auto marks = marks_after(description, actor, parse_marks(stored(*list)), changes, phone_region);
  body.values.push_back({list, storage::array_literal(marks)});
}

}  // namespace patchbay::resources
