// Slack's OAuth v2: tokens that live until they are revoked, or, with rotation, twelve hours.
#pragma once

#include "tests/sandbox/slack/arguments.hpp"
#include "tests/sandbox/slack/workspace.hpp"

namespace patchbay::sandbox::slack {

class OAuth {
 public:
  explicit OAuth(Workspace& workspace) : workspace_(workspace) {}

  /// GET shows the page (or answers at once with ?auto=approve or ?auto=deny); POST is its form.
  http::Response authorize(const http::Request& request);
  /// oauth.v2.access.
  http::Response access(const http::Request& request);
  /// Ends a token (auth.revoke), or all of them (apps.uninstall); the events follow.
  http::Response revoke(const std::string& token);
  http::Response uninstall();

  /// The error that a call with this token gets; empty: none. `scopes` of a good one.
  std::string check(const std::string& token, std::string& scopes) const;
  void set_rotation(bool on) { rotation_ = on; }
  bool rotation() const { return rotation_; }

 private:
  http::Response exchange(const Arguments& arguments);
  http::Response refresh(const Arguments& arguments);
  http::Response issue(const std::string& scopes, const std::string& family);
  void revoke_oldest(const std::string& family);

  Workspace& workspace_;
  bool rotation_ = false;
};

/// The token of a call: its header, or its argument.
std::string token_of(const http::Request& request, const Arguments& arguments);

}  // namespace patchbay::sandbox::slack
