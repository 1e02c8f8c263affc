#include "platform/storage/pg_connection.hpp"

#include "platform/base/log.hpp"
#include "platform/storage/pg_error.hpp"
#include "platform/storage/statement_cache.hpp"

#include <pqxx/pqxx>

#include <limits>
#include <poll.h>

namespace patchbay::storage {
namespace {

constexpr std::size_t kStatementsMax = 256;

/// Notices of the server go to the log; libpqxx would write them to standard error.
class NoticeLog : public pqxx::errorhandler {
 public:
  explicit NoticeLog(pqxx::connection_base& connection) : pqxx::errorhandler(connection) {}
  bool operator()(const char text[]) noexcept override {
    try {
      if (base::log_debug_enabled()) base::log_debug("storage", "Notice", {{"text", text}});
    } catch (...) {  // a notice that cannot be logged is not worth an exception inside libpq's callback
    }
    return false;
  }
};

sdk::Result<Rows> copy_rows(const pqxx::result& result) {
  Rows rows;
  rows.affected_count_ = result.affected_rows();
  const auto column_count = result.columns();
  rows.columns_.reserve(column_count);
  for (pqxx::row::size_type column = 0; column < column_count; ++column) {
    rows.columns_.emplace_back(result.column_name(column));
  }
  rows.cells_.reserve(static_cast<std::size_t>(result.size()) * column_count);
  std::size_t total_bytes = 0;
  for (const auto& row : result) {
    for (pqxx::row::size_type column = 0; column < column_count; ++column) total_bytes += row[column].size();
  }
  if (total_bytes > std::numeric_limits<std::uint32_t>::max()) {
    return sdk::permanent_error("storage.too_large", "The answer of the database is larger than 4 GiB.");
  }
  rows.arena_.reserve(total_bytes);
  for (const auto& row : result) {
    for (pqxx::row::size_type column = 0; column < column_count; ++column) {
      const auto field = row[column];
      const auto offset = static_cast<std::uint32_t>(rows.arena_.size());
      rows.cells_.emplace_back(offset, field.is_null() ? -1 : static_cast<std::int32_t>(field.size()));
      rows.arena_.append(field.c_str(), field.size());
    }
  }
  return rows;
}

SqlFailure failure_of(const pqxx::pqxx_exception& exception) {
  SqlFailure failure;
  failure.message = exception.base().what();
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&exception)) {
    failure.sqlstate = sql->sqlstate();
    if (!failure.sqlstate.empty()) return failure;
  }
  // libpqxx 6 leaves the state out of some of its types.
  if (dynamic_cast<const pqxx::deadlock_detected*>(&exception) != nullptr) failure.sqlstate = "40P01";
  if (dynamic_cast<const pqxx::serialization_failure*>(&exception) != nullptr) failure.sqlstate = "40001";
  if (dynamic_cast<const pqxx::unique_violation*>(&exception) != nullptr) failure.sqlstate = "23505";
  if (dynamic_cast<const pqxx::foreign_key_violation*>(&exception) != nullptr) failure.sqlstate = "23503";
  if (dynamic_cast<const pqxx::not_null_violation*>(&exception) != nullptr) failure.sqlstate = "23502";
  if (dynamic_cast<const pqxx::check_violation*>(&exception) != nullptr) failure.sqlstate = "23514";
  return failure;
}

}  // namespace

struct PgConnection::Impl {
  explicit Impl(const std::string& conninfo) : connection(conninfo), notices(connection) {}

  pqxx::connection connection;
  NoticeLog notices;  // before the connection's end
  StatementCache statements{kStatementsMax};
  bool broken = false;

  /// Runs `body` on the connection; turns what libpqxx throws into an Error. `lost` answers for a lost connection.
  template <typename Body, typename Lost>
  auto guarded(std::string_view sql, const Params& params, const Body& body, const Lost& lost) -> decltype(body()) {
    try {
      return body();
    } catch (const pqxx::in_doubt_error&) {
      broken = true;
      return sdk::transient_error("storage.in_doubt", "The connection was lost during the commit.");
    } catch (const pqxx::broken_connection&) {
      broken = true;
      return lost();
    } catch (const pqxx::pqxx_exception& exception) {
      const SqlFailure failure = failure_of(exception);
      if (!connection.is_open() || ends_session(failure.sqlstate)) {
        broken = true;
        return ends_session(failure.sqlstate) ? unavailable_error() : lost();
      }
      if (is_stale_statement(failure)) broken = true;  // a new connection prepares everything anew
      return make_sql_error(failure, sql, params);
    } catch (const std::exception& exception) {
      broken = true;  // out of memory or the like: the state of the connection is not known
      base::log_error("storage", "Statement failed", {{"text", exception.what()}});
      return sdk::permanent_error("storage.sql", "The database statement could not be run.");
    }
  }

  pqxx::result run(pqxx::transaction_base& transaction, std::string_view sql, const Params& params) {
    const auto entry = statements.use(sql);
    if (entry.evicted) connection.unprepare(*entry.evicted);
    if (entry.is_new) {
      connection.prepare(entry.name, std::string(sql));
      try {
        connection.prepare_now(entry.name);
      } catch (...) {
        statements.forget(sql);
        connection.unprepare(entry.name);  // only libpqxx's own note of it: the server never had it
        throw;
      }
    }
    std::deque<std::string> in_hex;  // libpqxx has no list of parameters of which some are binary
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const auto& param : params) {
      if (param && param.is_bytes()) {
        values.push_back(in_hex.emplace_back(bytea_literal(*param)).c_str());
      } else {
        values.push_back(param ? param->c_str() : nullptr);
      }
    }
    return transaction.exec_prepared(entry.name, pqxx::prepare::make_dynamic_params(values.begin(), values.end()));
  }

  bool quiet() const {
    pollfd descriptor{connection.sock(), POLLIN | POLLRDHUP, 0};
    return ::poll(&descriptor, 1, 0) == 0;
  }
};

namespace {

class Transaction : public PgTransaction {
 public:
  explicit Transaction(PgConnection::Impl& connection) : connection_(connection), work_(connection.connection) {}

  sdk::Result<Rows> execute(std::string_view sql, const Params& params) override {
    PATCHBAY_TRY(check_texts(sql, params));
    auto rows = run(sql, params, [&] { return copy_rows(connection_.run(work_, sql, params)); });
    return rows;
  }

  sdk::Result<void> run_script(std::string_view sql) override {
    PATCHBAY_TRY(check_texts(sql, {}));
    return run(sql, {}, [&]() -> sdk::Result<void> {
      work_.exec(std::string(sql));
      return {};
    });
  }

  sdk::Result<void> commit() override {
    if (failed_) return *failed_;
    return connection_.guarded(
        "commit", {},
        [&]() -> sdk::Result<void> {
          work_.commit();
          return {};
        },
        unavailable_error);
  }

 private:
  template <typename Body>
  auto run(std::string_view sql, const Params& params, const Body& body) -> decltype(body()) {
    if (connection_.broken) return unavailable_error();
    // Whatever a lost connection interrupts here was not committed, so nothing is in doubt.
    auto result = connection_.guarded(sql, params, body, unavailable_error);
    if (result.ok()) {
      failed_.reset();  // the server runs nothing in a failed transaction but the way back to a savepoint
    } else if (!failed_) {
      failed_ = result.error();
    }
    return result;
  }

  PgConnection::Impl& connection_;
  std::optional<sdk::Error> failed_;
  pqxx::work work_;
};

}  // namespace

PgConnection::PgConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PgConnection::~PgConnection() = default;

sdk::Result<std::unique_ptr<PgConnection>> PgConnection::connect(const std::string& conninfo) {
  try {
    auto impl = std::make_unique<Impl>(conninfo);
    auto& connection = impl->connection;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Without this a dead connection comes back by itself at a later use, without its settings and transaction.
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    connection.set_verbosity(pqxx::connection_base::terse);  // DETAIL repeats the values of the row
    {
      // Error texts are read for the constraint's name: in English where this role may choose.
      pqxx::nontransaction setting(connection);
      setting.exec("select set_config('lc_messages', 'C', false) where current_setting('is_superuser') = 'on'");
    }
    return std::unique_ptr<PgConnection>(new PgConnection(std::move(impl)));
  } catch (const std::exception& exception) {
    // libpq names host, port, database and user here, never the password.
    base::log_warning("storage", "Cannot connect to the database", {{"text", exception.what()}});
    return unavailable_error();
  }
}

bool PgConnection::usable_when_idle() const {
  return !impl_->broken && impl_->connection.is_open() && impl_->quiet();
}

bool PgConnection::broken() const {
  return impl_->broken || !impl_->connection.is_open();
}

sdk::Result<std::unique_ptr<PgTransaction>> PgConnection::begin() {
  return impl_->guarded(
      "begin", {},
      [&]() -> sdk::Result<std::unique_ptr<PgTransaction>> {
        return std::unique_ptr<PgTransaction>(std::make_unique<Transaction>(*impl_));
      },
      unavailable_error);
}

sdk::Result<Rows> PgConnection::execute_alone(std::string_view sql, const Params& params) {
  PATCHBAY_TRY(check_texts(sql, params));
  return impl_->guarded(
      sql, params,
      [&]() -> sdk::Result<Rows> {
        pqxx::nontransaction alone(impl_->connection);
        return copy_rows(impl_->run(alone, sql, params));
      },
      [&] { return lost_connection_error(sql); });
}

}  // namespace patchbay::storage
