// Contacts that nobody vouches for: what customers and registrations enter marks the field until staff or a service
// says more. By a marked contact nobody is recognised.
#pragma once

#include "engine/resources/validator.hpp"
#include "engine/resources/writer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::resources {

/// One contact of a row as it was and as it is written; empty: none.
struct ContactChange {
  const Field* field = nullptr;
  std::string was, becomes;
};

/// The marks of a row after a write. A customer's new contact is marked; staff confirms what it writes, unchanged
/// values too; a service vouches for what it brings, not for an echo of what it was told.
std::vector<std::string> marks_after(const ResourceDescription& description, const Actor& actor,
                                     std::vector<std::string> marks, const std::vector<ContactChange>& changes,
                                     std::string_view phone_region);

/// JSON text of a list column → its elements.
std::vector<std::string> parse_marks(std::string_view json_text);

/// Adds the marks to a write of the API where they change. `current`: the locked row; null on create.
void add_marks(const ResourceDescription& description, const Actor& actor, const storage::Rows* current,
               std::string_view phone_region, ValidatedBody& body);

}  // namespace patchbay::resources
