// Pages of one resource, fetched ahead on a thread of its own while the page before is being applied.
#pragma once

#include "hub/sync/service_call.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace patchbay::sync {

/// The client belongs to the source until it is destroyed. Destroyed before its end it cancels the caller's token.
class PageSource {
 public:
  PageSource(sdk::ServiceClient& client, sdk::ListRequest first, ServiceCaller& caller);
  ~PageSource();
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;

  /// The next page, in order; nullopt after the last one. An error ends the source. Waits for the service.
  sdk::Result<std::optional<sdk::Page>> next();
  /// The next page if it is here already.
  std::optional<sdk::Page> try_next();

 private:
  void run();
  void push(sdk::Result<sdk::Page> page, bool last);

  sdk::ServiceClient& client_;
  sdk::ListRequest request_;
  ServiceCaller& caller_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<sdk::Result<sdk::Page>> pages_;
  bool finished_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace patchbay::sync
