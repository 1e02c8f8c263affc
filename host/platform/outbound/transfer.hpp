// One request on its way; libcurl stays in transfer.cpp and outbound_http.cpp.
#pragma once

#include "platform/outbound/outbound_http.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace patchbay::outbound {

/// Made and awaited by the caller's thread, driven by the loop's thread. The request and the context stay the caller's,
/// who waits until the transfer is over.
class Transfer {
 public:
  /// Checks method, URL and headers.
  static sdk::Result<std::shared_ptr<Transfer>> make(const OutboundSettings& settings, const sdk::CallContext& context,
                                                     const sdk::HttpRequest& request);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Blocks until complete() or fail().
  sdk::Result<sdk::HttpResponse> wait();

  // For the loop's thread:
  void* handle() const;  // CURL*
  const std::string& host_key() const;
  std::chrono::steady_clock::time_point deadline() const;
  /// kCancelled or http.timeout when the caller gave up or its time is over.
  std::optional<sdk::Error> given_up() const;
  /// Last settings before it starts: the connect time-out counts from here.
  void prepare_start();
  /// Descriptor of a body that had nothing to read, or -1.
  int paused_descriptor() const;
  void resume_if_readable();
  void complete(int curl_code);
  void fail(sdk::Error error);

  struct Impl;

 private:
  explicit Transfer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::outbound
