// PostgreSQL as the hub uses it: one statement, parameters, rows of text. libpqxx stays behind pg_*.cpp.
#pragma once

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::storage {

/// A parameter: text form, raw bytes, or NULL. Text with U+0000 is refused by the session (kInvalid), never cut.
class Param : public std::optional<std::string> {
 public:
  using std::optional<std::string>::optional;
  Param(const std::optional<std::string>& text) : std::optional<std::string>(text) {}
  /// A bytea as it is: sent in binary where the connection can, in hex elsewhere.
  static Param of_bytes(std::string bytes);
  bool is_bytes() const { return is_bytes_; }
  friend bool operator==(const Param& left, const Param& right) {
    return left.is_bytes_ == right.is_bytes_ &&
           static_cast<const std::optional<std::string>&>(left) == static_cast<const std::optional<std::string>&>(right);
  }

 private:
  bool is_bytes_ = false;
};
using Params = std::vector<Param>;

/// An array literal for `$1::text[]`, `$1::uuid[]`, …; nullopt elements become NULL.
std::string array_literal(const std::vector<Param>& elements);
std::string array_literal(const std::vector<std::string>& elements);
/// A bytea parameter in hex form.
std::string bytea_literal(std::string_view bytes);
/// Bytes of a bytea column in hex form.
sdk::Result<std::string> decode_bytea(std::string_view text);

/// The rows of one statement, text form, owned.
class Rows {
 public:
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  std::size_t column_count() const { return columns_.size(); }
  /// Index of a column by name; throws std::out_of_range for an unknown one (a programmer's error).
  std::size_t column(std::string_view name) const;
  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<std::string_view> at(std::size_t row, std::size_t column) const;
  std::optional<std::string_view> at(std::size_t row, std::string_view column_name) const;
  std::string text(std::size_t row, std::string_view column_name) const;  // "" for NULL
  /// 0 for NULL; throws std::out_of_range for a text that is no 64-bit integer (a programmer's error).
  std::int64_t integer(std::size_t row, std::string_view column_name) const;
  bool boolean(std::size_t row, std::string_view column_name) const;
  std::uint64_t affected_count() const { return affected_count_; }

  // Filled by the session.
  std::vector<std::string> columns_;
  std::string arena_;
  std::vector<std::pair<std::uint32_t, std::int32_t>> cells_;  // offset, length; -1: NULL
  std::uint64_t affected_count_ = 0;
};

/// SQLSTATE classes the callers branch on; the code of the Error is "storage.<name>".
///   storage.unavailable (kTransient)   no connection, connection lost before the statement could have had an effect
///   storage.in_doubt (kTransient)      connection lost during COMMIT: look up whether it took place, never blindly
///   retry storage.serialization (kTransient) 40001, 40P01: repeat the transaction storage.timeout (kTransient) 57014
///   statement time-out; 55P03 lock not available storage.unique (kConflict)         23505, `field` = constraint name
///   storage.foreign_key, storage.not_null, storage.check (kInvalid)  23503, 23502, 23514, `field` = constraint/column
///   storage.exclusion (kConflict)      23P01
///   storage.busy (kTransient)          every connection of the lane is in use, or too many queries are under way
///   storage.sql (kPermanent)           anything else; the text goes to the log, not to the caller
class Session {
 public:
  virtual ~Session() = default;
  /// Runs one statement inside the session's transaction (prepared and cached by text). `$1`… take `params`.
  virtual sdk::Result<Rows> execute(std::string_view sql, const Params& params = {}) = 0;
  /// Runs a text of several statements without parameters (a migration), not prepared. Only a PgPool's session can.
  virtual sdk::Result<void> run_script(std::string_view sql);
};

/// A transaction's work: its result decides commit (ok) or roll back (error).
using Work = std::function<sdk::Result<void>(Session&)>;

enum class Lane { kInteractive, kWorker };

/// Where sessions come from. Thread-safe. Bounded: waits at most the lane's acquire time-out for a connection.
class Database {
 public:
  virtual ~Database() = default;
  /// One transaction, committed when `work` succeeds. storage.serialization is retried up to 3 times with jitter;
  /// `work` is then called anew, so it must start from its captured inputs.
  virtual sdk::Result<void> transaction(Lane lane, const Work& work) = 0;
  /// One statement on its own (autocommit). Where the connection is lost under way, a statement that only reads fails
  /// with storage.unavailable and one that may have written with storage.in_doubt.
  virtual sdk::Result<Rows> query(Lane lane, std::string_view sql, const Params& params = {}) = 0;
  /// True when the last attempts reached the server; used by /health/ready.
  virtual bool reachable() = 0;
};

}  // namespace patchbay::storage
