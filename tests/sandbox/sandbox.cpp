#include "tests/sandbox/sandbox.hpp"

#include "tests/sandbox/control.hpp"

namespace patchbay::sandbox {
namespace {

constexpr std::size_t kWorkerCount = 2;
constexpr std::size_t kQueueMax = 4096;

http::Response unknown_path() {
  return http::Response::json(404, R"({"error":"no such service; see GET /_sandbox"})");
}

}  // namespace

Sandbox::Sandbox(Parts parts) : parts_(std::move(parts)), workers_("sandbox", kWorkerCount, kQueueMax) {}

Sandbox::~Sandbox() {
  stop();
}

void Sandbox::stop() {
  workers_.stop();
  delayed_.stop();
}

void Sandbox::handle(http::Request request, http::Responder responder) {
  auto shared = std::make_shared<http::Request>(std::move(request));
  if (!workers_.try_submit([this, shared, responder] { serve(*shared, responder); })) {
    responder.send(http::Response::json(503, R"({"error":"the sandbox has too many calls waiting"})"));
  }
}

SandboxService* Sandbox::find_service(std::string_view name) const {
  for (const auto& service : parts_.services) {
    if (service->name() == name) return service.get();
  }
  return nullptr;
}

SandboxService* Sandbox::service_of(const http::Request& request, std::string& path) const {
  const std::string_view whole(request.path);
  const auto end = whole.find('/', 1);
  const auto name = whole.substr(1, end == std::string_view::npos ? std::string_view::npos : end - 1);
  if (auto* service = find_service(name)) {
    path = end == std::string_view::npos ? "/" : std::string(whole.substr(end));
    return service;
  }
  path = whole;
  for (const auto& service : parts_.services) {
    if (service->serves_root_path(whole)) return service.get();
  }
  return nullptr;
}

void Sandbox::serve(const http::Request& request, const http::Responder& responder) {
  if (request.path == "/_sandbox" || request.path.starts_with("/_sandbox/")) {
    return responder.send(Control(*this).answer(request));
  }
  const auto began = std::chrono::steady_clock::now();
  std::string path;
  auto* service = request.path.starts_with('/') ? service_of(request, path) : nullptr;
  if (service == nullptr) return responder.send(unknown_path());
  Call call{request, path};
  const auto operation = service->operation(call);
  const auto decision = parts_.faults.decide(service->name(), request.method + " " + path, operation);
  call.delay = decision.delay;
  auto response = answer(*service, call, decision);

  LoggedCall logged;
  logged.service = service->name();
  logged.method = request.method;
  logged.path = path + (request.raw_query.empty() ? "" : "?" + request.raw_query);
  logged.operation = operation;
  if (decision.failure) logged.fault = fault_kind_name(decision.failure->kind);
  if (!decision.failure && decision.delay.count() > 0) logged.fault = fault_kind_name(FaultKind::kLatency);
  logged.status = response.abort_connection ? 0 : response.status;
  logged.at_ms = parts_.clock.now_milliseconds();
  logged.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  calls_.add(std::move(logged));
  delayed_.send_after(decision.delay, responder, std::move(response));
}

http::Response Sandbox::answer(SandboxService& service, const Call& call, const FaultDecision& decision) {
  std::scoped_lock lock(mutex_);
  const auto* fault = decision.failure ? &*decision.failure : nullptr;
  const bool takes_effect = fault == nullptr || fault->after || fault->kind == FaultKind::kMalformed;
  http::Response response;
  if (takes_effect) response = service.answer(call);
  if (parts_.store.failure()) parts_.fatal(*parts_.store.failure());
  if (fault == nullptr) return response;
  switch (fault->kind) {
    case FaultKind::kReset:
      response = http::Response::empty(502);
      response.abort_connection = true;
      return response;
    case FaultKind::kMalformed:
      response.body.resize(response.body.size() * 2 / 3);
      return response;
    default:
      return service.failure(*fault);
  }
}

}  // namespace patchbay::sandbox
