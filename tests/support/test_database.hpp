#pragma once

#include <string>

namespace patchbay::testing {

/// A database of its own on the test process's PostgreSQL, dropped at the end whoever is still connected. Throws
/// std::runtime_error when it cannot be made.
class TestDatabase {
 public:
  enum class Content { kMigrated, kEmpty };
  /// kMigrated: a copy of a template to which all migrations were applied once in this process.
  explicit TestDatabase(Content content = Content::kMigrated);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  const std::string& url() const { return url_; }
  const std::string& name() const { return name_; }
  /// Ends every session of the database, as an administrator or a fail-over would, and waits until they are gone.
  void end_sessions();

 private:
  std::string name_;
  std::string url_;
};

}  // namespace patchbay::testing
