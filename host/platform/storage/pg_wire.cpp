#include "platform/storage/pg_wire.hpp"

#include "platform/base/log.hpp"

#include <charconv>
#include <cstring>
#include <libpq-fe.h>
#include <limits>
#include <sys/stat.h>

namespace patchbay::storage {
namespace {

constexpr std::size_t kStatementsMax = 256;

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

std::string field_of(const PGresult& result, int code) {
  const char* text = PQresultErrorField(&result, code);
  return text == nullptr ? std::string() : std::string(text);
}

SqlFailure failure_of(const PGresult& result) {
  return {field_of(result, PG_DIAG_SQLSTATE), field_of(result, PG_DIAG_MESSAGE_PRIMARY),
          field_of(result, PG_DIAG_CONSTRAINT_NAME), field_of(result, PG_DIAG_COLUMN_NAME)};
}

Rows copy_rows(const PGresult& result) {
  Rows rows;
  const std::string_view affected = PQcmdTuples(const_cast<PGresult*>(&result));  // libpq only reads it
  std::from_chars(affected.data(), affected.data() + affected.size(), rows.affected_count_);
  const int row_count = PQntuples(&result);
  const int column_count = PQnfields(&result);
  for (int column = 0; column < column_count; ++column) rows.columns_.emplace_back(PQfname(&result, column));
  std::size_t total_bytes = 0;
  for (int row = 0; row < row_count; ++row) {
    for (int column = 0; column < column_count; ++column) {
      total_bytes += static_cast<std::size_t>(PQgetlength(&result, row, column));
    }
  }
  rows.arena_.reserve(total_bytes);
  rows.cells_.reserve(static_cast<std::size_t>(row_count) * static_cast<std::size_t>(column_count));
  for (int row = 0; row < row_count; ++row) {
    for (int column = 0; column < column_count; ++column) {
      const int length = PQgetlength(&result, row, column);
      const bool null = PQgetisnull(&result, row, column) != 0;
      rows.cells_.emplace_back(static_cast<std::uint32_t>(rows.arena_.size()), null ? -1 : length);
      rows.arena_.append(PQgetvalue(&result, row, column), static_cast<std::size_t>(length));
    }
  }
  return rows;
}

unsigned long inode_of(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

}  // namespace

void PgWire::FreeConnection::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

PgWire::PgWire(std::string conninfo, EventLoop& loop, Listener& listener)
    : conninfo_(std::move(conninfo)), loop_(loop), listener_(&listener), statements_(kStatementsMax) {}

PgWire::~PgWire() {
  release();
}

void PgWire::connect() {
  release();
  state_ = State::kConnecting;
  connection_.reset(PQconnectStart(conninfo_.c_str()));
  if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return abandon("cannot start to connect");
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  watch_socket();
  wait_until_writable();
}

void PgWire::poll_connection() {
  const auto status = PQconnectPoll(connection_.get());
  if (status == PGRES_POLLING_FAILED) return abandon(PQerrorMessage(connection_.get()));
  if (status == PGRES_POLLING_OK) {
    if (PQsetnonblocking(connection_.get(), 1) != 0 || PQenterPipelineMode(connection_.get()) != 1) {
      return abandon("cannot enter pipeline mode");
    }
    state_ = State::kUp;
  }
  if (inode_of(PQsocket(connection_.get())) != watched_inode_) {
    // Not from within the watch's own callback.
    loop_.post([weak = weak_from_this(), generation = generation_] {
      if (const auto self = weak.lock(); self && self->generation_ == generation && self->connection_)
        self->watch_socket();
    });
  }
  if (status == PGRES_POLLING_WRITING) wait_until_writable();
  if (state_ == State::kUp) listener_->wire_up();
}

void PgWire::watch_socket() {
  watch_.reset();
  const int descriptor = PQsocket(connection_.get());
  watched_inode_ = inode_of(descriptor);
  watch_ = loop_.watch_readable(descriptor, [weak = weak_from_this(), generation = generation_] {
    if (const auto self = weak.lock(); self && self->generation_ == generation) self->readable();
  });
}

void PgWire::wait_until_writable() {
  if (waiting_for_writable_) return;
  waiting_for_writable_ = true;
  loop_.wait_writable(PQsocket(connection_.get()), [weak = weak_from_this(), generation = generation_] {
    const auto self = weak.lock();
    if (!self || self->generation_ != generation) return;
    self->waiting_for_writable_ = false;
    if (self->state_ == State::kConnecting) {
      self->poll_connection();
    } else if (self->state_ == State::kUp) {
      self->flush();
    }
  });
}

void PgWire::readable() {
  if (state_ == State::kConnecting) return poll_connection();
  if (state_ != State::kUp) return;
  if (PQconsumeInput(connection_.get()) != 1) return abandon(PQerrorMessage(connection_.get()));
  drain();
  if (state_ == State::kUp) flush();
}

void PgWire::drain() {
  int nulls_in_a_row = 0;
  while (state_ == State::kUp && !units_.empty() && PQisBusy(connection_.get()) == 0) {
    const std::unique_ptr<PGresult, ClearResult> result(PQgetResult(connection_.get()));
    if (PQstatus(connection_.get()) == CONNECTION_BAD) return abandon(PQerrorMessage(connection_.get()));
    if (result) {
      nulls_in_a_row = 0;
      take_result(*result);
    } else if (++nulls_in_a_row > 2) {
      // One ends each command's results; more means that the two sides disagree about what was sent.
      return abandon("answers do not match the queries");
    }
  }
}

void PgWire::take_result(const PGresult& result) {
  Unit& unit = units_.front();
  switch (PQresultStatus(&result)) {
    case PGRES_PIPELINE_SYNC:
      return finish_unit();
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      unit.rows = copy_rows(result);  // the last one's count
      break;
    case PGRES_PIPELINE_ABORTED:  // an earlier command of the unit failed
      break;
    case PGRES_FATAL_ERROR:
      if (!unit.failure) {
        unit.failure = failure_of(result);
        const bool not_prepared = unit.prepares && unit.results <= unit.steps_before_prepare;
        if (not_prepared || is_stale_statement(*unit.failure)) statements_.forget(unit.sql);
      }
      break;
    default:
      return abandon("the statement cannot be run in a pipeline");
  }
  ++unit.results;
}

void PgWire::finish_unit() {
  Unit unit = std::move(units_.front());
  units_.pop_front();
  if (unit.failure) {
    listener_->wire_answered(std::move(*unit.failure));
  } else {
    listener_->wire_answered(std::move(unit.rows));
  }
}

void PgWire::send(const std::string& sql, const Params& params) {
  const auto entry = statements_.use(sql);
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  values.reserve(params.size());
  for (const auto& param : params) {
    values.push_back(param ? param->c_str() : nullptr);
    lengths.push_back(param && param.is_bytes() ? static_cast<int>(param->size()) : 0);  // text ends at its zero
    formats.push_back(param.is_bytes() ? 1 : 0);
  }
  auto* connection = connection_.get();
  bool sent = true;
  if (entry.evicted) {
    sent = PQsendQueryParams(connection, ("deallocate " + *entry.evicted).c_str(), 0, nullptr, nullptr, nullptr,
                             nullptr, 0);
  }
  if (entry.is_new) sent = sent && PQsendPrepare(connection, entry.name.c_str(), sql.c_str(), 0, nullptr);
  sent = sent && PQsendQueryPrepared(connection, entry.name.c_str(), static_cast<int>(values.size()), values.data(),
                                     lengths.data(), formats.data(), 0);
  units_.push_back({sql, entry.evicted ? 1 : 0, entry.is_new, 0, {}, {}});
  if (!sent || PQpipelineSync(connection) != 1) abandon(PQerrorMessage(connection));
}

void PgWire::flush() {
  const int outcome = PQflush(connection_.get());
  if (outcome < 0) return abandon(PQerrorMessage(connection_.get()));
  if (outcome > 0) wait_until_writable();
}

void PgWire::abandon(std::string_view reason) {
  if (state_ == State::kDown) return;
  base::log_warning("storage", "Pipelined connection lost", {{"text", reason}});
  state_ = State::kDown;
  ++generation_;
  units_.clear();
  statements_.clear();
  waiting_for_writable_ = false;
  // Not from within the watch's own callback, which may be running.
  loop_.post([weak = weak_from_this(), generation = generation_] {
    if (const auto self = weak.lock(); self && self->generation_ == generation && self->state_ == State::kDown)
      self->release();
  });
  if (listener_ != nullptr) listener_->wire_lost();
}

void PgWire::close() {
  listener_ = nullptr;
  state_ = State::kDown;
  ++generation_;
  release();
}

void PgWire::release() {
  watch_.reset();  // before the descriptor is closed
  connection_.reset();
}

}  // namespace patchbay::storage
