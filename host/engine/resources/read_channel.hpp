// Where a read statement runs: at once on this thread, or through an I/O thread's pipeline. Readers are written once
// for both.
#pragma once

#include "engine/resources/sql.hpp"
#include "platform/storage/pg_pipeline.hpp"

#include <functional>
#include <memory>

namespace patchbay::resources {

using RowsDone = std::function<void(sdk::Result<storage::Rows>)>;

class ReadChannel {
 public:
  virtual ~ReadChannel() = default;
  virtual void query(const sql::Statement& statement, RowsDone done) = 0;
};

/// Blocks; `done` is called before query() returns.
class DatabaseChannel : public ReadChannel {
 public:
  explicit DatabaseChannel(storage::Database& database) : database_(database) {}
  void query(const sql::Statement& statement, RowsDone done) override {
    done(database_.query(storage::Lane::kInteractive, statement.text, statement.params));
  }

 private:
  storage::Database& database_;
};

/// Never blocks; `done` is called later on the pipeline's own thread.
class PipelineChannel : public ReadChannel {
 public:
  explicit PipelineChannel(storage::PgPipeline& pipeline) : pipeline_(pipeline) {}
  void query(const sql::Statement& statement, RowsDone done) override {
    pipeline_.query(statement.text, statement.params, std::move(done));
  }

 private:
  storage::PgPipeline& pipeline_;
};

/// The pipelines of the I/O threads (made by app/wiring).
class PipelineSource {
 public:
  virtual ~PipelineSource() = default;
  /// nullptr: this thread has none.
  virtual storage::PgPipeline* pipeline(std::size_t io_thread) = 0;
};

}  // namespace patchbay::resources
