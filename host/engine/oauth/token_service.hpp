// Access tokens of connections: refreshed ahead of expiry, one refresh at a time over all threads and processes, never
// lost between the service's answer and the database.
#pragma once

#include "engine/oauth/token_endpoint.hpp"
#include "engine/oauth/token_journal.hpp"
#include "platform/base/secret_box.hpp"
#include "platform/storage/session.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
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
  /// Saves what could not be saved before, where that is possible by now.
  ~TokenService();
  TokenService(const TokenService&) = delete;
  TokenService& operator=(const TokenService&) = delete;

  /// A token source for one connection; it borrows this service.
  std::unique_ptr<sdk::TokenSource> source(TokenSubject subject);

  /// A token that is valid for at least a minute more. `rejected`: a token the service has just refused; a refresh
  /// happens unless somebody has done it meanwhile. kAuth "token.needs_reauth" when only the owner can help; the
  /// connection's state then says why.
  sdk::Result<std::string> current(const sdk::CallContext& context, const TokenSubject& subject,
                                   std::string_view rejected);

  /// Stores a grant (authorisation, or tokens given with the connection) inside the caller's transaction.
  sdk::Result<void> store(storage::Session& session, const std::string& connection_id, const Grant& grant) const;

 private:
  struct Stored {
    sdk::TokenGrant grant;
    std::int64_t version = 0;
    bool authorised = false;  // there are tokens at all
  };
  /// A grant that came while the database was away: the only copy until it is saved.
  struct Unsaved {
    Grant grant;
    std::int64_t base_version = 0;  // saved only over the tokens it was got with
  };
  class Turn;
  /// What one refresh came to; outlives a repetition of its transaction, so that no repetition asks the service again.
  struct Attempt {
    std::optional<Grant> grant;
    std::int64_t base_version = 0;
    std::string token;
    sdk::Result<void> refused;
  };

  sdk::Result<Stored> load(storage::Session& session, const std::string& connection_id) const;
  /// With what is not saved yet on top.
  sdk::Result<Stored> load(const std::string& connection_id) const;
  sdk::Result<std::string> refresh_in_turn(const sdk::CallContext& context, const TokenSubject& subject,
                                           std::string_view rejected);
  sdk::Result<void> refresh_locked(storage::Session& session, const sdk::CallContext& context,
                                   const TokenSubject& subject, std::string_view rejected, Attempt& attempt);
  sdk::Result<Grant> ask_service(const sdk::CallContext& context, const TokenSubject& subject,
                                 const std::string& refresh_token);
  sdk::Result<void> note_refusal(storage::Session& session, const std::string& connection_id, sdk::Error error,
                                 const std::optional<UnfinishedRefresh>& before, Attempt& attempt);
  sdk::Result<void> save_unsaved(const std::string& connection_id);
  std::optional<Unsaved> unsaved(const std::string& connection_id) const;
  bool usable(const Stored& stored, std::string_view rejected) const;

  storage::Database& database_;
  const base::SecretBox& box_;
  sdk::HttpClient& http_;
  sdk::Clock& clock_;
  const TokenJournal journal_;
  mutable std::mutex mutex_;
  std::condition_variable turn_over_;
  std::set<std::string> renewing_;          // connections whose token a thread of this process renews
  std::map<std::string, Unsaved> unsaved_;  // by connection
};

}  // namespace patchbay::oauth
