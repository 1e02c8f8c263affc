// Sends the services' events, at least once: tries again with growing pauses until a 2xx or until the tries are used
// up.
#pragma once

#include "tests/sandbox/faults.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <thread>

namespace patchbay::sandbox {

/// One event for one address. `sign` makes the headers anew for every try (some schemes sign the time); without a
/// Content-Type among them the body is JSON.
struct OutgoingEvent {
  std::string service, event_id, topic, url, body;
  std::function<sdk::Headers(std::string_view body)> sign;
};

/// Thread-safe.
class WebhookSender {
 public:
  WebhookSender(sdk::HttpClient& http, FaultPlan& faults, std::size_t thread_count);
  ~WebhookSender();

  /// Queues; never blocks. Without room the delivery is logged as refused.
  void send(OutgoingEvent event);
  /// The last deliveries, oldest first, and how many are still on their way.
  json::object view(std::string_view service, std::size_t limit) const;
  /// Gives up what is waiting and ends the threads. Idempotent.
  void stop();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Delivery {
    OutgoingEvent event;
    std::string status = "pending";  // pending, delivered, failed, dropped, refused, cancelled
    int attempts = 0;
    int last_status = 0;
    bool forged = false;  // the first try carries a wrong signature
    std::string last_error;
    std::string last_body;  // of the answer: what a command was told
    std::chrono::system_clock::time_point queued_at = std::chrono::system_clock::now();
    std::optional<std::chrono::system_clock::time_point> finished_at;
  };
  using DeliveryPointer = std::shared_ptr<Delivery>;

  void run();
  void attempt(const DeliveryPointer& delivery);
  void enqueue(OutgoingEvent event, std::string status, TimePoint due, bool forged = false);
  static json::object view_of(const Delivery& delivery);

  sdk::HttpClient& http_;
  FaultPlan& faults_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  sdk::CancelToken cancel_;
  std::multimap<TimePoint, DeliveryPointer> queue_;
  std::deque<DeliveryPointer> log_;
  std::size_t under_way_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace patchbay::sandbox
