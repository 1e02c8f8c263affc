// Access tokens of connections: refreshed ahead of expiry, one refresh at a time over all threads and processes, never
// lost between the service's answer and the database.
#pragma once

#include "engine/oauth/token_endpoint.hpp"
#include "platform/base/secret_box.hpp"
#include "platform/storage/session.hpp"

#include <memory>
#include <string>

namespace patchbay::oauth {

/// Whose tokens. `client` has the connection's own endpoints.
struct TokenSubject {
  std::string connection_id;
  OAuthClient client;
};

/// Thread-safe. State is in the database, not in memory, so that every process and every next step sees a refreshed
/// token.
class TokenService {
 public:
  TokenService(storage::Database& database, const base::SecretBox& box, sdk::HttpClient& http, sdk::Clock& clock);

  /// A token source for one connection; it borrows this service.
  std::unique_ptr<sdk::TokenSource> source(TokenSubject subject);

  /// A token that is valid for at least a minute more. `rejected`: a token the service has just refused; a refresh
  /// happens unless somebody has done it meanwhile.
  sdk::Result<std::string> current(const sdk::CallContext& context, const TokenSubject& subject,
                                   std::string_view rejected);

  /// Stores a first grant (authorisation, or tokens given with the connection) inside the caller's transaction.
  sdk::Result<void> store(storage::Session& session, const std::string& connection_id,
                          const sdk::TokenGrant& grant) const;

 private:
  struct Stored {
    sdk::TokenGrant grant;
    std::int64_t version = 0;
  };
  sdk::Result<Stored> load(storage::Session& session, const std::string& connection_id) const;
  sdk::Result<Stored> load(const std::string& connection_id) const;
  sdk::Result<std::string> refresh_locked(const sdk::CallContext& context, const TokenSubject& subject,
                                          std::string_view rejected);
  bool usable(const Stored& stored, std::string_view rejected) const;
  void journal(const std::string& connection_id, const std::string& outcome, const std::string& detail) const;

  storage::Database& database_;
  const base::SecretBox& box_;
  sdk::HttpClient& http_;
  sdk::Clock& clock_;
};

}  // namespace patchbay::oauth
