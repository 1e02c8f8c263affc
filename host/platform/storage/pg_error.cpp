#include "platform/storage/pg_error.hpp"

#include "platform/base/log.hpp"

#include <algorithm>
#include <array>

namespace patchbay::storage {
namespace {

/// The identifier in the `position`-th pair of quotes of a message.
std::string quoted_part(std::string_view message, int position) {
  std::size_t begin = 0;
  for (int index = 0;; ++index) {
    begin = message.find('"', begin);
    if (begin == std::string_view::npos) return {};
    const std::size_t end = message.find('"', begin + 1);
    if (end == std::string_view::npos) return {};
    if (index == position) return std::string(message.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
}

/// libpqxx gives no diagnostic fields, so the name is taken from the text: after "constraint" in English, else by
/// position.
std::string constraint_of(const SqlFailure& failure, int position) {
  if (!failure.constraint_name.empty()) return failure.constraint_name;
  const std::string_view message = failure.message;
  static constexpr std::string_view kWord = "constraint \"";
  if (const auto at = message.find(kWord); at != std::string_view::npos) {
    return quoted_part(message.substr(at + kWord.size() - 1), 0);
  }
  return quoted_part(message, position);
}

std::string blotted(std::string message, const Params& params) {
  for (const auto& param : params) {
    if (!param || param.is_bytes() || param->size() < 3) continue;
    // The server cuts long values in its texts, so a long prefix counts as the value.
    const std::string needle = param->substr(0, 40);
    for (auto at = message.find(needle); at != std::string::npos; at = message.find(needle, at + 1)) {
      auto end = at + needle.size();
      while (end < message.size() && message[end] != '"' && message[end] != '\n') ++end;
      message.replace(at, end - at, "…");
    }
  }
  return message;
}

/// What callers branch on (constraints, repeats) is everyday and goes to the debug log; the rest is somebody's mistake.
void log_failure(const SqlFailure& failure, std::string_view sql, const Params& params) {
  const std::string& state = failure.sqlstate;
  const bool everyday = state.starts_with("23") || state.starts_with("40") || is_stale_statement(failure);
  if (everyday && !base::log_debug_enabled()) return;
  std::string text = blotted(failure.message, params);
  while (text.ends_with('\n')) text.pop_back();
  const auto log = everyday ? base::log_debug : base::log_warning;
  log("storage", "Statement failed", {{"sqlstate", state}, {"text", text}, {"sql", sql.substr(0, 300)}});
}

sdk::Error with_field(sdk::Error error, std::string field) {
  if (!field.empty()) error.field = std::move(field);
  return error;
}

bool equals_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  const auto same = [](char lower, char any) { return lower == (any | 0x20); };
  if (!std::equal(word.begin(), word.end(), text.begin(), same)) return false;
  return text.size() == word.size() || text[word.size()] <= ' ' || text[word.size()] == '(';
}

}  // namespace

sdk::Error make_sql_error(const SqlFailure& failure, std::string_view sql, const Params& params) {
  const std::string& state = failure.sqlstate;
  log_failure(failure, sql, params);
  if (state == "40001" || state == "40P01" || is_stale_statement(failure)) {
    return sdk::transient_error("storage.serialization", "The transaction met another one and has to be repeated.");
  }
  if (state == "57014" || state == "55P03") {
    return sdk::transient_error("storage.timeout", "The database did not finish the statement in time.");
  }
  if (state == "23505") {
    return with_field(sdk::conflict_error("storage.unique", "A record with the same key exists already."),
                      constraint_of(failure, 0));
  }
  if (state == "23P01") {
    return with_field(sdk::conflict_error("storage.exclusion", "The record collides with an existing one."),
                      constraint_of(failure, 0));
  }
  if (state == "23503") {
    return sdk::invalid_error("storage.foreign_key", "The record refers to one that does not exist, or is referred to.",
                              constraint_of(failure, 1));
  }
  if (state == "23502") {
    return sdk::invalid_error("storage.not_null", "A required value is missing.",
                              failure.column_name.empty() ? quoted_part(failure.message, 0) : failure.column_name);
  }
  if (state == "23514") {
    return sdk::invalid_error("storage.check", "A value is outside of what the database allows.",
                              constraint_of(failure, 1));
  }
  if (state.starts_with("08") || state == "53300" || ends_session(state)) return unavailable_error();
  return sdk::permanent_error("storage.sql", "The database refused the statement.");
}

bool reads_only(std::string_view sql) {
  const auto begin = sql.find_first_not_of(" \t\r\n(");
  if (begin == std::string_view::npos) return true;
  sql.remove_prefix(begin);
  static constexpr std::array<std::string_view, 4> kReading = {"select", "values", "show", "table"};
  return std::any_of(kReading.begin(), kReading.end(), [&](std::string_view word) { return equals_word(sql, word); });
}

sdk::Error unavailable_error() {
  return sdk::transient_error("storage.unavailable", "The database cannot be reached at the moment.");
}

sdk::Error lost_connection_error(std::string_view sql) {
  if (reads_only(sql)) return unavailable_error();
  return sdk::transient_error("storage.in_doubt", "The connection was lost before the database confirmed the change.");
}

sdk::Result<void> check_texts(std::string_view sql, const Params& params) {
  const auto error = [](std::optional<std::string> field) {
    return sdk::invalid_error("storage.nul_character", "A text holds the character U+0000, which cannot be stored.",
                              std::move(field));
  };
  if (sql.find('\0') != std::string_view::npos) return error({});
  for (std::size_t index = 0; index < params.size(); ++index) {
    if (params[index] && !params[index].is_bytes() && params[index]->find('\0') != std::string::npos)
      return error("$" + std::to_string(index + 1));
  }
  return {};
}

bool ends_session(std::string_view sqlstate) {
  return sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" || sqlstate == "57P05" ||
         sqlstate == "25P03";
}

bool is_stale_statement(const SqlFailure& failure) {
  // 0A000 has one text that matters here; it stays English where lc_messages may be set (pg_connection.cpp asks for
  // it).
  return failure.sqlstate == "26000" ||
         (failure.sqlstate == "0A000" && failure.message.find("cached plan") != std::string::npos);
}

}  // namespace patchbay::storage
