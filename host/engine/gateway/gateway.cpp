#include "engine/gateway/gateway.hpp"

#include "engine/gateway/compression.hpp"
#include "platform/base/log.hpp"

#include <exception>

namespace patchbay::gateway {
namespace {

sdk::Error busy() {
  sdk::Error error = sdk::transient_error("gateway.busy", "Too many requests are waiting. Try again in a moment.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

sdk::Error crashed(const Exchange& exchange, const char* what) {
  base::log_error("gateway", "exception in a request",
                  {{"requestId", exchange.context.request.request_id}, {"what", std::string_view(what)}});
  return sdk::permanent_error("internal.exception", "Server error");
}

}  // namespace

Gateway::Gateway(GatewaySettings settings, GatewayParts parts)
    : stages_(default_pipeline()),
      services_{settings,
                parts,
                Router(),
                Cors(settings.cors_origins),
                SpanIds(),
                {},
                parts.metrics.counter("patchbay_gateway_refused_total", "Requests refused for a missing permission."),
                settings.access_log ? std::make_unique<AccessLog>(parts.metrics) : nullptr} {
  services_.route_metrics.push_back(metrics_of("any", "unmatched"));
}

Gateway::~Gateway() = default;

RouteMetrics Gateway::metrics_of(const std::string& method, const std::string& pattern) {
  base::Metrics& metrics = services_.parts.metrics;
  RouteMetrics route{
      {},
      metrics.histogram("patchbay_gateway_request_duration_seconds", "Time from a request's arrival to its answer.",
                        {{"method", method}, {"route", pattern}})};
  for (const char* status : {"1xx", "2xx", "3xx", "4xx", "5xx"}) {
    route.by_status_class.push_back(metrics.counter("patchbay_gateway_requests_total", "Requests answered.",
                                                    {{"method", method}, {"route", pattern}, {"status", status}}));
  }
  return route;
}

sdk::Result<void> Gateway::add(Routes routes) {
  for (auto& route : routes) {
    auto metrics = metrics_of(route.method, route.pattern);
    PATCHBAY_TRY(services_.router.add(std::move(route)));
    services_.route_metrics.insert(services_.route_metrics.end() - 1, std::move(metrics));
  }
  return {};
}

void Gateway::handle(http::Request request, http::Responder responder) {
  auto exchange = std::make_shared<Exchange>();
  exchange->context.request = std::move(request);
  exchange->responder = std::move(responder);
  // Whatever answers, wherever, and also if nobody does: the answer leaves through the stages that were entered.
  http::Responder through([this, exchange](http::Response response) { leave(exchange, std::move(response)); });
  run(std::move(exchange), std::move(through), 0);
}

void Gateway::run(std::shared_ptr<Exchange> exchange, http::Responder responder, std::size_t first_stage) {
  try {
    for (std::size_t index = first_stage; index < stages_.size(); ++index) {
      exchange->entered = index + 1;
      if (stages_[index].enter == nullptr) continue;
      Outcome outcome = stages_[index].enter(services_, *exchange);
      if (std::holds_alternative<GoOn>(outcome)) continue;
      if (std::holds_alternative<ToWorker>(outcome))
        return run_on_worker(std::move(exchange), std::move(responder), index);
      if (auto* error = std::get_if<sdk::Error>(&outcome)) return answer(*exchange, responder, std::move(*error));
      return answer(*exchange, responder, std::get<http::Response>(std::move(outcome)));
    }
    call_handler(exchange, responder);
  } catch (const std::exception& exception) {
    answer(*exchange, responder, crashed(*exchange, exception.what()));
  }
}

base::WorkerPool& Gateway::pool_of(const Exchange& exchange) const {
  const bool signs_in = exchange.route != nullptr && exchange.route->limit == LimitClass::kAuth;
  return signs_in ? services_.parts.sign_in_workers : services_.parts.workers;
}

void Gateway::run_on_worker(std::shared_ptr<Exchange> exchange, http::Responder responder, std::size_t stage) {
  const auto queued_at = std::chrono::steady_clock::now();
  const bool taken = pool_of(*exchange).try_submit([this, exchange, responder, stage, queued_at] {
    exchange->on_worker = true;
    if (std::chrono::steady_clock::now() - queued_at > services_.settings.queue_wait_max) {
      return answer(*exchange, responder, busy());
    }
    run(exchange, responder, stage);
  });
  if (!taken) answer(*exchange, responder, busy());
}

void Gateway::call_handler(std::shared_ptr<Exchange> exchange, http::Responder responder) {
  const auto& handler = exchange->route->handler;
  if (const auto* blocking = std::get_if<BlockingHandler>(&handler)) {
    if (!exchange->on_worker) return run_on_worker(std::move(exchange), std::move(responder), stages_.size());
    return answer(*exchange, responder, (*blocking)(exchange->context));
  }
  auto call = [this, exchange, responder] {
    const std::shared_ptr<RequestContext> context(exchange, &exchange->context);
    try {
      std::get<AsyncHandler>(exchange->route->handler)(context, Reply(context, responder));
    } catch (const std::exception& exception) {
      answer(*exchange, responder, crashed(*exchange, exception.what()));
    }
  };
  if (exchange->on_worker && post_to_io_thread_) {
    exchange->on_worker = false;
    return post_to_io_thread_(exchange->context.request.io_thread, std::move(call));
  }
  call();
}

void Gateway::answer(Exchange& exchange, const http::Responder& responder, sdk::Result<http::Response> result) {
  if (result.ok()) return responder.send(std::move(result).value());
  exchange.error_code = result.error().code;
  responder.send(problem_response(result.error(), exchange.context.request.request_id));
}

void Gateway::leave(const std::shared_ptr<Exchange>& exchange, http::Response response) {
  // Compressing a large body takes longer than an I/O thread has; without a free worker it goes out plain.
  const auto& settings = services_.settings;
  const auto accepted = exchange->context.request.header("Accept-Encoding");
  if (!exchange->on_worker && response.body.size() > settings.compress_inline_bytes_max && accepted &&
      accepts_gzip(*accepted) && is_compressible(response, settings.compress_bytes_min)) {
    auto shared = std::make_shared<http::Response>(std::move(response));
    const bool taken = services_.parts.workers.try_submit([this, exchange, shared] {
      exchange->on_worker = true;
      leave_now(*exchange, std::move(*shared));
    });
    if (taken) return;
    response = std::move(*shared);
  }
  leave_now(*exchange, std::move(response));
}

void Gateway::leave_now(Exchange& exchange, http::Response response) {
  for (std::size_t index = exchange.entered; index-- > 0;) {
    if (stages_[index].leave != nullptr) stages_[index].leave(services_, exchange, response);
  }
  exchange.responder.send(std::move(response));
}

}  // namespace patchbay::gateway
