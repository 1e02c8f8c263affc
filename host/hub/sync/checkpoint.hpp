// How far a connection's resource has come: where the next incremental run starts, and where the run under way stands.
#pragma once

#include "platform/storage/session.hpp"

#include <string>

namespace patchbay::sync {

struct Checkpoint {
  std::string checkpoint;   // where the next incremental run starts
  std::string run_id;       // the run that is under way on this resource, or was last
  std::string page_cursor;  // next page of that run; when `listed`: the checkpoint that counts once the run is done
  bool listed = false;      // that run has seen every page
  bool done = false;        // that run is through with the resource
};

sdk::Result<Checkpoint> load_checkpoint(storage::Session& session, const std::string& connection_id,
                                        const std::string& resource);
/// In the transaction of the rows that it covers.
sdk::Result<void> save_checkpoint(storage::Session& session, const std::string& connection_id,
                                  const std::string& resource, const Checkpoint& checkpoint);

}  // namespace patchbay::sync
