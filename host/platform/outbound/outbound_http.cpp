#include "platform/outbound/outbound_http.hpp"

#include "platform/base/log.hpp"
#include "platform/outbound/transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace patchbay::outbound {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCancelCheck{50};
constexpr std::chrono::milliseconds kIdleWait{1'000};

struct CleanMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

/// libcurl counts its users itself.
struct CurlLibrary {
  CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~CurlLibrary() { curl_global_cleanup(); }
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
};

}  // namespace

struct OutboundHttp::Impl {
  Impl(OutboundSettings outbound_settings, base::Metrics& registry);
  ~Impl();

  void shut_down();
  bool submit(const std::shared_ptr<Transfer>& transfer);
  void note(const sdk::HttpRequest& request, const sdk::Result<sdk::HttpResponse>& result,
            SteadyClock::time_point begin);

  // Of the loop's thread:
  void run();
  void take_submitted();
  void drop_given_up();
  void start_waiting();
  void finish_done();
  void wait_for_events();
  void fail_all();
  void end(void* handle);

  const CurlLibrary library;
  const OutboundSettings settings;
  base::Metrics& metrics;
  const base::Gauge active_gauge;
  const base::Histogram duration;
  const std::unique_ptr<CURLM, CleanMulti> multi;

  std::mutex mutex;
  std::deque<std::shared_ptr<Transfer>> submitted;
  bool stopping = false;

  std::deque<std::shared_ptr<Transfer>> waiting;
  std::map<void*, std::shared_ptr<Transfer>> active;
  std::map<std::string, std::size_t> active_by_host;
  std::thread thread;
  std::once_flag joined;
};

OutboundHttp::Impl::Impl(OutboundSettings outbound_settings, base::Metrics& registry)
    : settings(std::move(outbound_settings)),
      metrics(registry),
      active_gauge(registry.gauge("patchbay_outbound_requests_active", "Requests to services that are under way.")),
      duration(registry.histogram("patchbay_outbound_request_duration_seconds", "Time of requests to services.")),
      multi(curl_multi_init()) {
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(settings.connections_max));
  thread = std::thread([this] { run(); });
}

OutboundHttp::Impl::~Impl() {
  shut_down();
}

void OutboundHttp::Impl::shut_down() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  curl_multi_wakeup(multi.get());
  std::call_once(joined, [this] { thread.join(); });
}

bool OutboundHttp::Impl::submit(const std::shared_ptr<Transfer>& transfer) {
  {
    const std::lock_guard lock(mutex);
    if (stopping) return false;
    submitted.push_back(transfer);
  }
  curl_multi_wakeup(multi.get());
  return true;
}

void OutboundHttp::Impl::run() {
  while (true) {
    take_submitted();
    {
      const std::lock_guard lock(mutex);
      if (stopping) break;
    }
    drop_given_up();
    start_waiting();
    for (const auto& [handle, transfer] : active) transfer->resume_if_readable();
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    finish_done();
    start_waiting();
    wait_for_events();
  }
  fail_all();
}

void OutboundHttp::Impl::take_submitted() {
  const std::lock_guard lock(mutex);
  waiting.insert(waiting.end(), submitted.begin(), submitted.end());
  submitted.clear();
}

void OutboundHttp::Impl::drop_given_up() {
  std::erase_if(waiting, [](const auto& transfer) {
    auto error = transfer->given_up();
    if (error) transfer->fail(std::move(*error));
    return error.has_value();
  });
  std::vector<std::pair<std::shared_ptr<Transfer>, sdk::Error>> given_up;
  for (const auto& [handle, transfer] : active) {
    if (auto error = transfer->given_up()) given_up.emplace_back(transfer, std::move(*error));
  }
  for (auto& [transfer, error] : given_up) {
    end(transfer->handle());
    transfer->fail(std::move(error));
  }
}

void OutboundHttp::Impl::start_waiting() {
  for (auto next = waiting.begin(); next != waiting.end() && active.size() < settings.connections_max;) {
    auto& by_host = active_by_host[(*next)->host_key()];
    if (by_host >= settings.connections_per_host_max) {
      ++next;  // others behind it may go to other hosts
      continue;
    }
    (*next)->prepare_start();
    if (curl_multi_add_handle(multi.get(), (*next)->handle()) == CURLM_OK) {
      ++by_host;
      active.emplace((*next)->handle(), *next);
      active_gauge.set(static_cast<double>(active.size()));
    } else {
      (*next)->fail(sdk::transient_error("http.connect", "The request could not be started."));
    }
    next = waiting.erase(next);
  }
}

void OutboundHttp::Impl::finish_done() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto code = message->data.result;  // end() frees the message
    const auto found = active.find(message->easy_handle);
    if (found == active.end()) continue;
    const auto transfer = found->second;
    end(transfer->handle());
    transfer->complete(code);
  }
}

void OutboundHttp::Impl::end(void* handle) {
  const auto found = active.find(handle);
  curl_multi_remove_handle(multi.get(), handle);
  const auto host = active_by_host.find(found->second->host_key());
  if (--host->second == 0) active_by_host.erase(host);
  active.erase(found);
  active_gauge.set(static_cast<double>(active.size()));
}

void OutboundHttp::Impl::wait_for_events() {
  const bool idle = active.empty() && waiting.empty();
  auto wait = idle ? kIdleWait : kCancelCheck;
  std::vector<curl_waitfd> paused;
  for (const auto& [handle, transfer] : active) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(transfer->deadline() - SteadyClock::now());
    wait = std::clamp(left, std::chrono::milliseconds(0), wait);
    if (const int descriptor = transfer->paused_descriptor(); descriptor >= 0) {
      paused.push_back({descriptor, CURL_WAIT_POLLIN, 0});
    }
  }
  curl_multi_poll(multi.get(), paused.data(), static_cast<unsigned>(paused.size()), static_cast<int>(wait.count()),
                  nullptr);
}

void OutboundHttp::Impl::fail_all() {
  const auto ended = [] { return sdk::cancelled_error("http.cancelled", "The hub is shutting down."); };
  take_submitted();
  for (const auto& transfer : waiting) transfer->fail(ended());
  waiting.clear();
  while (!active.empty()) {
    const auto transfer = active.begin()->second;
    end(transfer->handle());
    transfer->fail(ended());
  }
}

void OutboundHttp::Impl::note(const sdk::HttpRequest& request, const sdk::Result<sdk::HttpResponse>& result,
                              SteadyClock::time_point begin) {
  const std::chrono::duration<double> took = SteadyClock::now() - begin;
  duration.observe(took.count());
  const std::string outcome = result.ok() ? std::to_string(result->status / 100) + "xx" : result.error().code;
  metrics.counter("patchbay_outbound_requests_total", "Requests to services by outcome.", {{"outcome", outcome}}).add();
  if (!base::log_debug_enabled()) return;
  const std::string_view url = request.url;
  base::log_debug("outbound", "Request",
                  {{"method", request.method},
                   {"url", url.substr(0, url.find_first_of("?#"))},
                   {"outcome", outcome},
                   {"milliseconds", static_cast<std::int64_t>(took.count() * 1000)}});
}

OutboundHttp::OutboundHttp(OutboundSettings settings, base::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), metrics)) {}
OutboundHttp::~OutboundHttp() = default;

void OutboundHttp::shut_down() {
  impl_->shut_down();
}

sdk::Result<sdk::HttpResponse> OutboundHttp::send(const sdk::CallContext& context, const sdk::HttpRequest& request) {
  const auto begin = SteadyClock::now();
  PATCHBAY_ASSIGN(const auto transfer, Transfer::make(impl_->settings, context, request));
  if (auto error = transfer->given_up()) return std::move(*error);
  if (!impl_->submit(transfer)) return sdk::cancelled_error("http.cancelled", "The hub is shutting down.");
  auto result = transfer->wait();
  impl_->note(request, result, begin);
  return result;
}

}  // namespace patchbay::outbound
