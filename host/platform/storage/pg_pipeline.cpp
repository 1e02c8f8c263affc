#include "platform/storage/pg_pipeline.hpp"

#include "platform/base/backoff.hpp"
#include "platform/base/log.hpp"
#include "platform/storage/pg_conninfo.hpp"
#include "platform/storage/pg_error.hpp"
#include "platform/storage/pg_wire.hpp"

#include <deque>

namespace patchbay::storage {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{25};
constexpr std::chrono::milliseconds kConnectTimeout{5'000};
// The server cancels a statement at the query's time-out; if its word does not come within this, the connection is
// dropped.
constexpr std::chrono::milliseconds kGraceMax{1'000};
constexpr base::Backoff kReconnectBackoff{std::chrono::milliseconds(50), std::chrono::milliseconds(5'000), 2.0};

struct Query {
  std::string sql;
  Params params;
  PgPipeline::Done done;  // empty once it was called
  SteadyClock::time_point deadline;
  bool sent_again = false;
};

void answer(PgPipeline::Done& done, sdk::Result<Rows> result) {
  if (!done) return;
  const auto call = std::exchange(done, nullptr);
  try {
    call(std::move(result));
  } catch (const std::exception& exception) {
    base::log_error("storage", "A query's continuation failed", {{"text", exception.what()}});
  }
}

sdk::Error timeout_error() {
  return sdk::transient_error("storage.timeout", "The database did not answer in time.");
}

}  // namespace

struct PgPipeline::Impl : PgWire::Listener, std::enable_shared_from_this<PgPipeline::Impl> {
  Impl(PgPipelineSettings pipeline_settings, EventLoop& event_loop)
      : settings(std::move(pipeline_settings)), loop(event_loop) {}

  void start();
  void stop();
  void query(std::string_view sql, Params params, Done done);
  void tick();
  void expire(SteadyClock::time_point now);
  void schedule_send();
  void send_waiting();

  void wire_up() override { failed_connects = 0; }
  void wire_answered(PgWire::Answer answer) override;
  void wire_lost() override;

  const PgPipelineSettings settings;
  EventLoop& loop;
  std::shared_ptr<PgWire> wire;
  std::shared_ptr<void> ticking;
  std::deque<Query> waiting;    // of this turn of the loop
  std::deque<Query> in_flight;  // in the order of their answers; deadlines ascend but for queries sent again
  bool send_scheduled = false;
  std::uint32_t failed_connects = 0;
  SteadyClock::time_point connect_at;
  SteadyClock::time_point connect_deadline;
};

void PgPipeline::Impl::start() {
  SessionSettings session;
  session.statement_timeout = settings.query_timeout;
  session.application_name = "patchbay-pipeline";
  auto conninfo = make_conninfo(settings.url, session);
  if (!conninfo.ok()) {
    base::log_error("storage", conninfo.error().message);
    return;  // every query answers storage.unavailable
  }
  wire = std::make_shared<PgWire>(std::move(conninfo).value(), loop, *this);
  ticking = loop.every(kTick, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
  tick();
}

void PgPipeline::Impl::stop() {
  ticking.reset();
  if (wire) wire->close();
  wire_lost();
}

void PgPipeline::Impl::query(std::string_view sql, Params params, Done done) {
  if (const auto checked = check_texts(sql, params); !checked.ok()) return answer(done, checked.error());
  if (!wire || wire->state() != PgWire::State::kUp) return answer(done, unavailable_error());
  if (waiting.size() + in_flight.size() >= settings.queries_max) {
    return answer(done, sdk::transient_error("storage.busy", "Too many database queries are under way."));
  }
  waiting.push_back(
      {std::string(sql), std::move(params), std::move(done), SteadyClock::now() + settings.query_timeout, false});
  schedule_send();
}

void PgPipeline::Impl::schedule_send() {
  if (std::exchange(send_scheduled, true)) return;
  loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->send_waiting();
  });
}

void PgPipeline::Impl::send_waiting() {
  send_scheduled = false;
  while (!waiting.empty() && wire->state() == PgWire::State::kUp) {
    in_flight.push_back(std::move(waiting.front()));
    waiting.pop_front();
    // May lose the wire, which answers and empties both queues; send() does not touch the texts after that.
    wire->send(in_flight.back().sql, in_flight.back().params);
  }
  if (wire->state() == PgWire::State::kUp) wire->flush();
}

void PgPipeline::Impl::wire_answered(PgWire::Answer result) {
  Query query = std::move(in_flight.front());
  in_flight.pop_front();
  if (auto* rows = std::get_if<Rows>(&result)) return answer(query.done, std::move(*rows));
  const auto& failure = std::get<SqlFailure>(result);
  if (is_stale_statement(failure) && !query.sent_again && query.done) {
    query.sent_again = true;
    waiting.push_front(std::move(query));
    return schedule_send();
  }
  answer(query.done, make_sql_error(failure, query.sql, query.params));
}

void PgPipeline::Impl::wire_lost() {
  ++failed_connects;
  connect_at = SteadyClock::now() + kReconnectBackoff.delay(failed_connects, base::random_fraction());
  auto sent = std::exchange(in_flight, {});
  auto unsent = std::exchange(waiting, {});
  for (auto& query : sent) answer(query.done, lost_connection_error(query.sql));
  for (auto& query : unsent) answer(query.done, unavailable_error());
}

void PgPipeline::Impl::tick() {
  const auto now = SteadyClock::now();
  if (wire->state() == PgWire::State::kDown && now >= connect_at) {
    connect_deadline = now + kConnectTimeout;
    wire->connect();
  } else if (wire->state() == PgWire::State::kConnecting && now >= connect_deadline) {
    wire->abandon("no connection in time");
  } else if (wire->state() == PgWire::State::kUp) {
    expire(now);
  }
}

void PgPipeline::Impl::expire(SteadyClock::time_point now) {
  std::vector<Done> late;
  for (auto& query : in_flight) {
    if (query.deadline > now) break;
    if (query.done) late.push_back(std::exchange(query.done, nullptr));
  }
  const auto grace = std::min<std::chrono::milliseconds>(kGraceMax, settings.query_timeout);
  const bool stuck = !in_flight.empty() && now >= in_flight.front().deadline + grace;
  for (auto& done : late) answer(done, timeout_error());
  if (stuck && wire->state() == PgWire::State::kUp) wire->abandon("no answer in time");
}

PgPipeline::PgPipeline(PgPipelineSettings settings, EventLoop& loop)
    : impl_(std::make_shared<Impl>(std::move(settings), loop)) {
  impl_->start();
}

PgPipeline::~PgPipeline() {
  impl_->stop();
}

void PgPipeline::query(std::string_view sql, Params params, Done done) {
  impl_->query(sql, std::move(params), std::move(done));
}

bool PgPipeline::connected() const {
  return impl_->wire && impl_->wire->state() == PgWire::State::kUp;
}

}  // namespace patchbay::storage
