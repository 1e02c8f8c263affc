#pragma once

#include "engine/oauth/token_endpoint.hpp"

#include <patchbay/sdk/http.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::oauth {

/// The library's process-wide state: made once by main before any thread, ended last. Its lines go to our log at
/// warning level only (at debug it logs secrets).
class OAuthLibrary {
 public:
  OAuthLibrary();
  ~OAuthLibrary();
  OAuthLibrary(const OAuthLibrary&) = delete;
  OAuthLibrary& operator=(const OAuthLibrary&) = delete;
};

/// A token request: form body with the client's authentication in the body or as a Basic header, made by liboauth2.
sdk::Result<sdk::HttpRequest> make_token_request(const OAuthClient& client,
                                                 const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace patchbay::oauth
