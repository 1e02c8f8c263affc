// Google's OAuth 2.0: consent by single permissions, PKCE, a refresh token only with consent, token information.
#pragma once

#include "tests/sandbox/google/account.hpp"

#include <set>

namespace patchbay::sandbox::google {

class OAuth {
 public:
  explicit OAuth(Account& account) : account_(account) {}

  /// GET shows the page (or answers at once with ?auto=approve or ?auto=deny); POST is its form. `granted` (space
  /// separated) stands for the boxes that were left ticked.
  http::Response authorize(const http::Request& request);
  http::Response token(const http::Request& request);
  http::Response revoke(const http::Request& request);
  http::Response token_info(const http::Request& request);

  /// nullopt: missing, unknown or expired; else the granted scopes.
  std::optional<std::set<std::string>> scopes_of(const http::Request& request) const;
  /// Ends every grant, as the owner does in the account's security settings.
  void revoke_all();

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  http::Response exchange(const Fields& fields);
  http::Response refresh(const Fields& fields);
  json::object issue(const std::string& scope);
  /// The scopes of an access token that is good now.
  std::optional<std::string> good_token(std::string_view token) const;

  Account& account_;
};

}  // namespace patchbay::sandbox::google
