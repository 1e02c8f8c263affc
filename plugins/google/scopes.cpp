#include "scopes.hpp"

#include <algorithm>
#include <map>
#include <sstream>

namespace patchbay::google {
namespace {

/// Scopes that allow what the first one allows, and more.
const std::map<std::string, std::vector<std::string>>& wider_scopes() {
  static const std::map<std::string, std::vector<std::string>> kWider{
      {kCalendarScope, {"https://www.googleapis.com/auth/calendar"}},
      {kGmailScope, {"https://mail.google.com/"}},
      {kDriveScope, {"https://www.googleapis.com/auth/drive"}}};
  return kWider;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

std::vector<std::string> asked_scopes() {
  std::vector<std::string> scopes{"openid", "https://www.googleapis.com/auth/userinfo.email"};
  for (std::string& scope : needed_scopes()) scopes.push_back(std::move(scope));
  return scopes;
}

std::vector<std::string> needed_scopes() {
  return {kCalendarScope, kGmailScope, kDriveScope};
}

std::vector<std::string> split_scopes(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> scopes;
  for (std::string scope; words >> scope;) scopes.push_back(scope);
  return scopes;
}

std::vector<std::string> missing_scopes(const std::vector<std::string>& granted,
                                        const std::vector<std::string>& needed) {
  std::vector<std::string> missing;
  for (const std::string& scope : needed) {
    const auto wider = wider_scopes().find(scope);
    const bool covered =
        contains(granted, scope) ||
        (wider != wider_scopes().end() && std::any_of(wider->second.begin(), wider->second.end(),
                                                      [&](const auto& other) { return contains(granted, other); }));
    if (!covered) missing.push_back(scope);
  }
  return missing;
}

std::string purpose_of(const std::string& scope) {
  if (scope == kCalendarScope) return "the calendar";
  if (scope == kGmailScope) return "the mailbox";
  if (scope == kDriveScope) return "Drive";
  return "what it allows";
}

}  // namespace patchbay::google
