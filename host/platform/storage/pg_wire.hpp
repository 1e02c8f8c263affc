// One libpq connection in pipeline mode, driven by an EventLoop. PgPipeline decides when to connect and what to send.
#pragma once

#include "platform/storage/pg_error.hpp"
#include "platform/storage/pg_pipeline.hpp"
#include "platform/storage/statement_cache.hpp"

#include <deque>
#include <memory>
#include <string>
#include <variant>

struct pg_conn;
struct pg_result;

namespace patchbay::storage {

/// Everything on the loop's thread. Queries are answered in the order they were sent.
class PgWire : public std::enable_shared_from_this<PgWire> {
 public:
  using Answer = std::variant<Rows, SqlFailure>;
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void wire_up() = 0;
    virtual void wire_answered(Answer answer) = 0;
    /// Nothing sent before will be answered.
    virtual void wire_lost() = 0;
  };

  PgWire(std::string conninfo, EventLoop& loop, Listener& listener);
  ~PgWire();
  PgWire(const PgWire&) = delete;
  PgWire& operator=(const PgWire&) = delete;

  enum class State { kDown, kConnecting, kUp };
  State state() const { return state_; }
  /// Only when down.
  void connect();
  /// Drops the connection; the listener hears wire_lost.
  void abandon(std::string_view reason);
  /// Ends without telling the listener anything any more.
  void close();
  /// Only when up. One query is one transaction; `flush` sends what was queued. Either may end in wire_lost.
  void send(const std::string& sql, const Params& params);
  void flush();

 private:
  struct FreeConnection {
    void operator()(pg_conn* connection) const;
  };
  struct Unit {  // what one query became on the wire, up to its sync
    std::string sql;
    int steps_before_prepare = 0;
    bool prepares = false;
    int results = 0;
    std::optional<SqlFailure> failure;
    Rows rows;
  };

  void poll_connection();
  void watch_socket();
  void wait_until_writable();
  void readable();
  void drain();
  void take_result(const pg_result& result);
  void finish_unit();
  void release();

  const std::string conninfo_;
  EventLoop& loop_;
  Listener* listener_;
  State state_ = State::kDown;
  std::unique_ptr<pg_conn, FreeConnection> connection_;
  std::shared_ptr<void> watch_;
  unsigned long watched_inode_ = 0;  // libpq may open another socket under the same number while it connects
  bool waiting_for_writable_ = false;
  std::uint64_t generation_ = 0;  // callbacks of an earlier connection are ignored
  StatementCache statements_;
  std::deque<Unit> units_;
};

}  // namespace patchbay::storage
