// From what PostgreSQL says to the errors of session.hpp.
#pragma once

#include "platform/storage/session.hpp"

#include <string>
#include <string_view>

namespace patchbay::storage {

/// What the server (or libpq) said about a failed statement.
struct SqlFailure {
  std::string sqlstate;         // five characters, or empty
  std::string message;          // primary text; never shown to the caller
  std::string constraint_name;  // where known
  std::string column_name;      // where known
};

/// The Error for a failure. Logs the message with the values of `params` blotted out.
sdk::Error make_sql_error(const SqlFailure& failure, std::string_view sql, const Params& params);

/// Whether a lost connection leaves nothing behind: the statement only reads. Errs on the side of false.
bool reads_only(std::string_view sql);
/// storage.unavailable, or storage.in_doubt where the statement may have taken effect.
sdk::Error lost_connection_error(std::string_view sql);
sdk::Error unavailable_error();
/// kInvalid when the statement or a parameter holds U+0000, which the libraries would silently cut at.
sdk::Result<void> check_texts(std::string_view sql, const Params& params);
/// Whether the server ended the session by itself (shut down, crash of another backend, idle time-out): 57P01 and its
/// kin.
bool ends_session(std::string_view sqlstate);
/// Whether the prepared form no longer fits (a table changed under it, or the server forgot it): preparing anew helps.
bool is_stale_statement(const SqlFailure& failure);

}  // namespace patchbay::storage
