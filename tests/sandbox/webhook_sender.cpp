#include "tests/sandbox/webhook_sender.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox {
namespace {

constexpr std::size_t kQueueMax = 200'000;
constexpr std::size_t kLogMax = 50'000;
constexpr std::size_t kBodyShownMax = 4'000;
constexpr std::array kRetryPauses{std::chrono::milliseconds(200),   std::chrono::milliseconds(500),
                                  std::chrono::milliseconds(1'000), std::chrono::milliseconds(2'000),
                                  std::chrono::milliseconds(5'000), std::chrono::milliseconds(10'000)};
constexpr int kAttemptsMax = 20;
constexpr auto kAttemptTimeout = std::chrono::seconds(10);

}  // namespace

WebhookSender::WebhookSender(sdk::HttpClient& http, FaultPlan& faults, std::size_t thread_count)
    : http_(http), faults_(faults) {
  for (std::size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { run(); });
}

WebhookSender::~WebhookSender() {
  stop();
}

void WebhookSender::stop() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
    cancel_.cancel();
    for (auto& [due, delivery] : queue_) delivery->status = "cancelled";
    queue_.clear();
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void WebhookSender::enqueue(OutgoingEvent event, std::string status, TimePoint due, bool forged) {
  auto delivery = std::make_shared<Delivery>();
  delivery->event = std::move(event);
  delivery->status = std::move(status);
  delivery->forged = forged;
  {
    std::scoped_lock lock(mutex_);
    if (queue_.size() >= kQueueMax || stopping_) delivery->status = "refused";
    log_.push_back(delivery);
    if (log_.size() > kLogMax) log_.pop_front();
    if (delivery->status == "pending") queue_.emplace(due, delivery);
  }
  wake_.notify_one();
}

void WebhookSender::send(OutgoingEvent event) {
  const auto now = std::chrono::steady_clock::now();
  if (faults_.decide_delivery(FaultKind::kWebhookDrop, event.service, event.topic)) {
    return enqueue(std::move(event), "dropped", now);
  }
  const auto delay = faults_.decide_delivery(FaultKind::kWebhookDelay, event.service, event.topic);
  const auto due = now + delay.value_or(std::chrono::milliseconds(0));
  if (faults_.decide_delivery(FaultKind::kWebhookDuplicate, event.service, event.topic)) enqueue(event, "pending", due);
  const bool forged = faults_.decide_delivery(FaultKind::kWebhookBadSignature, event.service, event.topic).has_value();
  enqueue(std::move(event), "pending", due, forged);
}

void WebhookSender::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto due = queue_.begin()->first;
    if (due > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, due);
      continue;
    }
    const auto delivery = queue_.begin()->second;
    queue_.erase(queue_.begin());
    ++under_way_;
    lock.unlock();
    attempt(delivery);
    lock.lock();
    --under_way_;
  }
}

void WebhookSender::attempt(const DeliveryPointer& delivery) {
  const auto& event = delivery->event;
  sdk::HttpRequest request;
  request.method = "POST";
  request.url = event.url;
  request.body = event.body;
  const bool forged = delivery->forged && delivery->attempts == 0;
  request.headers = event.sign(forged ? event.body + " " : event.body);
  if (!sdk::find_header(request.headers, "Content-Type"))
    request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  sdk::CallContext context;
  context.cancel = cancel_;
  context.deadline = std::chrono::steady_clock::now() + kAttemptTimeout;
  const auto response = http_.send(context, request);

  std::scoped_lock lock(mutex_);
  ++delivery->attempts;
  delivery->last_status = response.ok() ? response.value().status : 0;
  delivery->last_error = response.ok() ? "" : response.error().code;
  delivery->last_body = response.ok() ? response.value().body.substr(0, kBodyShownMax) : "";
  if (response.ok() && response.value().status / 100 == 2) {
    delivery->status = "delivered";
  } else if (delivery->attempts >= kAttemptsMax) {
    delivery->status = "failed";
  } else if (stopping_) {
    delivery->status = "cancelled";
  } else {
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(delivery->attempts), kRetryPauses.size()) - 1;
    queue_.emplace(std::chrono::steady_clock::now() + kRetryPauses[step], delivery);
    wake_.notify_one();
    return;
  }
  delivery->finished_at = std::chrono::system_clock::now();
}

json::object WebhookSender::view_of(const Delivery& delivery) {
  json::object out{{"service", delivery.event.service},
                   {"eventId", delivery.event.event_id},
                   {"topic", delivery.event.topic},
                   {"target", delivery.event.url},
                   {"attempts", delivery.attempts},
                   {"status", delivery.status},
                   {"queuedAt", sdk::format_time(delivery.queued_at)}};
  if (delivery.last_status != 0) out["lastStatus"] = delivery.last_status;
  if (!delivery.last_error.empty()) out["lastError"] = delivery.last_error;
  if (!delivery.last_body.empty()) out["lastBody"] = delivery.last_body;
  if (delivery.finished_at) out["finishedAt"] = sdk::format_time(*delivery.finished_at);
  return out;
}

json::object WebhookSender::view(std::string_view service, std::size_t limit) const {
  std::scoped_lock lock(mutex_);
  json::array newest_first;
  std::map<std::string, std::uint64_t> counts;
  for (auto delivery = log_.rbegin(); delivery != log_.rend(); ++delivery) {
    if (!service.empty() && (*delivery)->event.service != service) continue;
    ++counts[(*delivery)->status];
    if (newest_first.size() < limit) newest_first.push_back(view_of(**delivery));
  }
  json::object summary;
  for (const auto& [status, count] : counts) summary[status] = count;
  json::array deliveries(newest_first.rbegin(), newest_first.rend());
  return {{"data", std::move(deliveries)}, {"counts", std::move(summary)}, {"pending", queue_.size() + under_way_}};
}

}  // namespace patchbay::sandbox
