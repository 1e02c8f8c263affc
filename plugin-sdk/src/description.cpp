#include <patchbay/sdk/description.hpp>

#include <algorithm>

namespace patchbay::sdk {

const ResourceDescription* Description::find_resource(std::string_view resource) const {
  const auto found = std::find_if(resources.begin(), resources.end(),
                                  [&](const ResourceDescription& candidate) { return candidate.name == resource; });
  return found == resources.end() ? nullptr : &*found;
}

}  // namespace patchbay::sdk
