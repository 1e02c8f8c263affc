// What was tried with a connection's refresh token: written before the token is sent, so that a crash leaves a trace.
#pragma once

#include "platform/storage/session.hpp"

#include <optional>
#include <string>

namespace patchbay::oauth {

/// A refresh whose token may have reached the service though no answer was saved.
struct UnfinishedRefresh {
  std::string at;       // ISO 8601
  std::string outcome;  // started (this host or another ended in the middle), failed, no_answer
};

/// Thread-safe.
class TokenJournal {
 public:
  explicit TokenJournal(storage::Database& database) : database_(database) {}

  /// The intent, committed on a connection of its own before the request leaves. Where it cannot be written no request
  /// may be made.
  sdk::Result<void> begin(const std::string& connection_id) const;
  /// How it ended, inside the caller's transaction: stored, refused, failed, no_answer, unsent.
  sdk::Result<void> finish(storage::Session& session, const std::string& connection_id, const std::string& outcome,
                           const std::string& detail) const;
  /// The last refresh of this connection, where it did not come to an end. Only true under the connection's token lock.
  sdk::Result<std::optional<UnfinishedRefresh>> find_unfinished(storage::Session& session,
                                                                const std::string& connection_id) const;

 private:
  storage::Database& database_;
};

}  // namespace patchbay::oauth
