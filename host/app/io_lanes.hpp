// What each I/O thread has of its own: an event loop to others' eyes, a pipelined PostgreSQL connection for
// single-statement reads, and one with its writer for webhook receipts.
#pragma once

#include "engine/resources/read_channel.hpp"
#include "hub/webhooks/ingress.hpp"
#include "hub/webhooks/receipt_writer.hpp"
#include "platform/net/http_server.hpp"
#include "platform/storage/pg_pipeline.hpp"

#include <memory>
#include <string>
#include <vector>

namespace patchbay::app {

/// One I/O thread of the server as an EventLoop.
class ServerLoop : public storage::EventLoop {
 public:
  ServerLoop(net::HttpServer& server, std::size_t io_thread) : server_(server), io_thread_(io_thread) {}
  std::shared_ptr<void> watch_readable(int descriptor, std::function<void()> ready) override {
    return server_.watch_readable(io_thread_, descriptor, std::move(ready));
  }
  void wait_writable(int descriptor, std::function<void()> ready) override {
    server_.wait_writable(io_thread_, descriptor, std::move(ready));
  }
  void post(std::function<void()> work) override { server_.post(io_thread_, std::move(work)); }
  std::shared_ptr<void> every(std::chrono::milliseconds period, std::function<void()> tick) override {
    return server_.every(io_thread_, period, std::move(tick));
  }

 private:
  net::HttpServer& server_;
  std::size_t io_thread_;
};

/// Made before the server's threads run and destroyed after they have ended; in between each lane is its thread's
/// alone.
class IoLanes : public resources::PipelineSource {
 public:
  struct Parts {
    webhooks::Fallback& fallback;
    queue::WorkQueue& queue;
    base::Metrics& metrics;
  };
  IoLanes(net::HttpServer& server, const std::string& database_url, webhooks::ReceiptWriterSettings receipts,
          Parts parts);
  storage::PgPipeline* pipeline(std::size_t io_thread) override;
  std::vector<webhooks::IngressLane> ingress_lanes();

 private:
  struct Lane {
    std::unique_ptr<ServerLoop> loop;
    std::unique_ptr<storage::PgPipeline> reads;
    std::unique_ptr<storage::PgPipeline> receipts;
    std::unique_ptr<webhooks::ReceiptWriter> writer;
  };
  std::vector<Lane> lanes_;
};

}  // namespace patchbay::app
