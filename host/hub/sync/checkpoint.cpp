#include "hub/sync/checkpoint.hpp"

namespace patchbay::sync {

sdk::Result<Checkpoint> load_checkpoint(storage::Session& session, const std::string& connection_id,
                                        const std::string& resource) {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  session.execute("select checkpoint, run_id, page_cursor, listed, resource_done from sync_checkpoints"
                                  " where connection_id = $1::uuid and resource = $2",
                                  {connection_id, resource}));
  Checkpoint checkpoint;
  if (rows.empty()) return checkpoint;
  checkpoint.checkpoint = rows.text(0, "checkpoint");
  checkpoint.run_id = rows.text(0, "run_id");
  checkpoint.page_cursor = rows.text(0, "page_cursor");
  checkpoint.listed = rows.boolean(0, "listed");
  checkpoint.done = rows.boolean(0, "resource_done");
  return checkpoint;
}

sdk::Result<void> save_checkpoint(storage::Session& session, const std::string& connection_id,
                                  const std::string& resource, const Checkpoint& checkpoint) {
  PATCHBAY_TRY(session.execute(
      "insert into sync_checkpoints (connection_id, resource, checkpoint, run_id, page_cursor, listed, resource_done)"
      " values ($1::uuid, $2, $3, $4::uuid, $5, $6::bool, $7::bool) on conflict (connection_id, resource) do update set"
      " checkpoint = excluded.checkpoint, run_id = excluded.run_id, page_cursor = excluded.page_cursor, listed = "
      "excluded.listed,"
      " resource_done = excluded.resource_done, updated_at = now()",
      {connection_id, resource, checkpoint.checkpoint, checkpoint.run_id, checkpoint.page_cursor,
       checkpoint.listed ? "t" : "f", checkpoint.done ? "t" : "f"}));
  return {};
}

}  // namespace patchbay::sync
