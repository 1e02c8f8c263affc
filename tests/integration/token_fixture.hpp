// What the token tests and the processes that they start agree on.
#pragma once

#include "engine/oauth/token_service.hpp"

namespace patchbay::testing {

inline base::SecretBox token_box() {
  return std::move(base::SecretBox::from_hex("test", std::string(64, '7'))).value();
}

inline oauth::TokenSubject token_subject(std::string connection_id, std::string token_url) {
  oauth::TokenSubject subject;
  subject.connection_id = std::move(connection_id);
  subject.client.client_id = "client";
  subject.client.client_secret = "client-secret";
  subject.client.endpoints.authorize_url = "https://service.example/authorize";
  subject.client.endpoints.token_url = std::move(token_url);
  subject.client.endpoints.rotates_refresh_token = true;
  return subject;
}

}  // namespace patchbay::testing
