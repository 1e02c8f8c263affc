// The generated workspace.
#pragma once

#include "tests/sandbox/slack/workspace.hpp"

namespace patchbay::sandbox::slack {

void generate_workspace(Workspace& workspace);
json::object make_user(const std::string& id, const std::string& name, const std::string& email);
json::object make_channel(const std::string& id, const std::string& name, std::int64_t created_seconds);

}  // namespace patchbay::sandbox::slack
