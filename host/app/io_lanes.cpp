#include "app/io_lanes.hpp"

namespace patchbay::app {

IoLanes::IoLanes(net::HttpServer& server, const std::string& database_url, webhooks::ReceiptWriterSettings receipts,
                 Parts parts) {
  for (std::size_t io_thread = 0; io_thread < server.io_thread_count(); ++io_thread) {
    Lane lane;
    lane.loop = std::make_unique<ServerLoop>(server, io_thread);
    storage::PgPipelineSettings settings;
    settings.url = database_url;
    lane.reads = std::make_unique<storage::PgPipeline>(settings, *lane.loop);
    // Receipts do not queue behind reads, nor reads behind a commit.
    lane.receipts = std::make_unique<storage::PgPipeline>(settings, *lane.loop);
    receipts.shard = static_cast<int>(io_thread);
    lane.writer = std::make_unique<webhooks::ReceiptWriter>(*lane.receipts, *lane.loop, parts.fallback, parts.queue,
                                                            receipts, parts.metrics);
    lanes_.push_back(std::move(lane));
  }
}

storage::PgPipeline* IoLanes::pipeline(std::size_t io_thread) {
  return io_thread < lanes_.size() ? lanes_[io_thread].reads.get() : nullptr;
}

std::vector<webhooks::IngressLane> IoLanes::ingress_lanes() {
  std::vector<webhooks::IngressLane> lanes;
  for (Lane& lane : lanes_) lanes.push_back({lane.writer.get(), lane.loop.get()});
  return lanes;
}

}  // namespace patchbay::app
