#pragma once

#include <string_view>

namespace patchbay::policy {

/// config/policy.yaml as it was when the program was built (generated).
std::string_view shipped_policy_text();

}  // namespace patchbay::policy
