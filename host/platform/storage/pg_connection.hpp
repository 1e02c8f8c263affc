// One connection of the pool; libpqxx stays in pg_connection.cpp.
#pragma once

#include "platform/storage/session.hpp"

#include <memory>
#include <string>

namespace patchbay::storage {

/// An open transaction. Rolled back unless committed. Must not outlive its connection.
class PgTransaction : public Session {
 public:
  /// Ends the transaction. An earlier failed statement that was not rolled back to a savepoint makes this fail with its
  /// error, because the server would answer COMMIT with a silent roll-back.
  virtual sdk::Result<void> commit() = 0;
};

/// Used by one thread at a time. A connection that broke stays broken: the pool throws it away.
class PgConnection {
 public:
  static sdk::Result<std::unique_ptr<PgConnection>> connect(const std::string& conninfo);
  ~PgConnection();

  /// Open, and the server has not said anything since the last answer (an idle connection that becomes readable was
  /// ended).
  bool usable_when_idle() const;
  bool broken() const;
  sdk::Result<std::unique_ptr<PgTransaction>> begin();
  /// One statement in its own transaction.
  sdk::Result<Rows> execute_alone(std::string_view sql, const Params& params);

  struct Impl;

 private:
  explicit PgConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::storage
