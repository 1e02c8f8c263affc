// The door of the sandbox: gives each call to its service under one lock, lets the planned faults have their say, logs.
#pragma once

#include "platform/base/worker_pool.hpp"
#include "tests/sandbox/call_log.hpp"
#include "tests/sandbox/delayed_replies.hpp"
#include "tests/sandbox/service.hpp"

namespace patchbay::sandbox {

class Sandbox : public http::RequestSink {
 public:
  struct Parts {
    Store& store;
    SandboxClock& clock;
    FaultPlan& faults;
    WebhookSender& webhooks;
    std::vector<std::unique_ptr<SandboxService>> services;
    json::object about;                            // shown by GET /_sandbox
    std::function<void(const sdk::Error&)> fatal;  // the state can no longer be kept
  };

  explicit Sandbox(Parts parts);
  ~Sandbox() override;

  void handle(http::Request request, http::Responder responder) override;
  /// Answers what waits. Idempotent.
  void stop();

 private:
  friend class Control;
  SandboxService* service_of(const http::Request& request, std::string& path) const;
  SandboxService* find_service(std::string_view name) const;
  void serve(const http::Request& request, const http::Responder& responder);
  http::Response answer(SandboxService& service, const Call& call, const FaultDecision& decision);

  Parts parts_;
  std::mutex mutex_;  // guards the store and the services
  CallLog calls_;
  DelayedReplies delayed_;
  base::WorkerPool workers_;
};

}  // namespace patchbay::sandbox
