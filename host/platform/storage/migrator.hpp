#pragma once

#include "platform/storage/session.hpp"

#include <string>
#include <vector>

namespace patchbay::storage {

/// One forward-only migration, embedded by the build from host/migrations/NNNN_<what>.sql.
struct Migration {
  int number;
  std::string name;
  std::string sql;
  std::string sha256;
};

/// All of them in order (generated).
const std::vector<Migration>& embedded_migrations();

/// Applies what is missing, each in its own transaction under one advisory lock, so that several hosts may start at
/// once. Refuses a database that is newer than this program or whose applied migrations differ from the embedded ones.
class Migrator {
 public:
  explicit Migrator(Database& database) : database_(database) {}
  /// Numbers applied now.
  sdk::Result<std::vector<int>> migrate(const std::vector<Migration>& migrations);
  sdk::Result<std::vector<int>> pending(const std::vector<Migration>& migrations);

 private:
  Database& database_;
};

}  // namespace patchbay::storage
