// The API's front: takes each request through the pipeline to its handler.
#pragma once

#include "engine/gateway/pipeline.hpp"

#include <functional>
#include <memory>

namespace patchbay::gateway {

/// Routes are added, then the server starts; after that every method is thread-safe. Must outlive the server and both
/// worker pools' tasks: stop the server, then the pools, then destroy this.
class Gateway : public http::RequestSink {
 public:
  using PostToIoThread = std::function<void(std::size_t io_thread, std::function<void()> work)>;

  Gateway(GatewaySettings settings, GatewayParts parts);
  ~Gateway() override;

  sdk::Result<void> add(Routes routes);
  const std::vector<Route>& routes() const { return services_.router.routes(); }
  /// How an AsyncHandler gets back to its I/O thread after a stage had to block (HttpServer::post). Set before the
  /// server starts; without it such a handler runs on the worker.
  void set_post_to_io_thread(PostToIoThread post) { post_to_io_thread_ = std::move(post); }

  void handle(http::Request request, http::Responder responder) override;

 private:
  void run(std::shared_ptr<Exchange> exchange, http::Responder responder, std::size_t first_stage);
  void run_on_worker(std::shared_ptr<Exchange> exchange, http::Responder responder, std::size_t stage);
  void call_handler(std::shared_ptr<Exchange> exchange, http::Responder responder);
  void answer(Exchange& exchange, const http::Responder& responder, sdk::Result<http::Response> result);
  void leave(const std::shared_ptr<Exchange>& exchange, http::Response response);
  void leave_now(Exchange& exchange, http::Response response);
  base::WorkerPool& pool_of(const Exchange& exchange) const;
  RouteMetrics metrics_of(const std::string& method, const std::string& pattern);

  const std::span<const Stage> stages_;
  Services services_;
  PostToIoThread post_to_io_thread_;
};

}  // namespace patchbay::gateway
