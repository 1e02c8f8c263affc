// What the generated routes and the hand-written ones of an entity share: reading where it is cheapest, writing in one
// transaction, answering with the row as the caller sees it.
#pragma once

#include "engine/events/sink.hpp"
#include "engine/gateway/route.hpp"
#include "engine/resources/reader.hpp"
#include "engine/resources/writer.hpp"
#include "platform/base/worker_pool.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::resources {

/// All of it outlives the routes.
struct RouteParts {
  const Registry& registry;
  const policy::Policy& policy;
  const Reader& reader;
  const Writer& writer;
  storage::Database& database;
  PipelineSource& pipelines;
  base::WorkerPool& read_pool;  // for reads that may be slow or while an I/O thread has no pipeline
  events::Wake& wake;
  std::string phone_region = "US";
};

/// The signed-in user as the author of a write.
Actor actor_of(const policy::Principal& principal);

/// Runs `read` on the I/O thread's pipeline when it is `cheap` and there is one, else on the read pool; a full pool is
/// told to the caller as "resources.busy".
void run_read(const RouteParts& parts, const gateway::RequestContext& context, const gateway::Reply& reply, bool cheap,
              std::function<void(std::shared_ptr<ReadChannel>)> read);

using Write = std::function<sdk::Result<WriteOutcome>(storage::Session&, std::vector<sdk::Error>& field_errors)>;
/// One transaction; after its commit the outbox is woken and the row is answered as GET would, with its ETag.
sdk::Result<http::Response> answer_write(const RouteParts& parts, const gateway::RequestContext& context,
                                         const ResourceDescription& description, int status, const Write& write);

/// The tag of a row as it is answered: its version, and a hash of all that is shown of it. So the tag also moves with
/// the row's links and sync status, and differs between roles that see different fields.
std::string etag_of(const ReadRow& row);
/// The versions that If-Match names, of which one must be the row's; nullopt where there is none or `*`. Only the
/// version of a tag counts, so that a link that changed meanwhile does not turn a person's change down; `"3"` is as
/// good as the whole tag.
IfMatch if_match(const http::Request& request);
/// {"data": <json>, "timestamp": …}; `json` is already JSON.
std::string envelope(std::string_view json, std::string_view more_members = {});
/// A page as the answer to a list request.
http::Response page_response(const ListQuery& query, const ReadPage& page);
/// The answer to a list that was asked wrongly.
http::Response query_problem(const gateway::RequestContext& context, const std::vector<sdk::Error>& errors);

}  // namespace patchbay::resources
