#include "engine/resources/description.hpp"

#include <algorithm>

namespace patchbay::resources {

const Field* ResourceDescription::find_field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [name](const Field& field) {
    return field.name == name || (!field.second_name.empty() && field.second_name == name);
  });
  return found == fields.end() ? nullptr : &*found;
}

const Field* ResourceDescription::find_column(std::string_view column) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [column](const Field& field) { return field.column == column; });
  return found == fields.end() ? nullptr : &*found;
}

void Registry::add(ResourceDescription description) {
  descriptions_.push_back(std::move(description));
}

const ResourceDescription* Registry::find(std::string_view kind) const {
  const auto found = std::find_if(descriptions_.begin(), descriptions_.end(),
                                  [kind](const ResourceDescription& description) { return description.kind == kind; });
  return found == descriptions_.end() ? nullptr : &*found;
}

const ResourceDescription* Registry::find_path(std::string_view path) const {
  const auto found =
      std::find_if(descriptions_.begin(), descriptions_.end(), [path](const ResourceDescription& description) {
        return description.path == path || (!description.second_path.empty() && description.second_path == path);
      });
  return found == descriptions_.end() ? nullptr : &*found;
}

}  // namespace patchbay::resources
