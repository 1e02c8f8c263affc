#include "engine/events/pump.hpp"

#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"

#include <string_view>

namespace patchbay::events {
namespace {

constexpr std::string_view kPart = "events";
constexpr int kRoundsMax = 20;  // batches of one sink before the next sink has its turn
constexpr std::chrono::milliseconds kRedisPause{1'000};
constexpr std::chrono::milliseconds kReadGap{4};  // least time between two reads: many commits share one

// A look without a lock first: an idle sink costs no transaction id.
constexpr std::string_view kHasNews = R"sql(
select 1 from event_sinks s where s.name = $1 and exists (
  select 1 from outbox o where (o.xid, o.id) > (s.xid, s.id) and o.xid < pg_snapshot_xmin(pg_current_snapshot()))
)sql";
constexpr std::string_view kStartSink = R"sql(
insert into event_sinks (name, xid, id) values ($1, pg_snapshot_xmin(pg_current_snapshot()), 0) on conflict (name) do nothing
)sql";
constexpr std::string_view kLockSink =
    "select xid::text as xid, id from event_sinks where name = $1 for update skip locked";
constexpr std::string_view kMoveSink =
    "update event_sinks set xid = $2::xid8, id = $3::bigint, updated_at = now() where name = $1";

void log_problem(std::string_view what, const sdk::Error& error, const std::string& sink = {}) {
  base::log_warning(kPart, what, {{"sink", sink}, {"code", error.code}, {"message", error.message}});
}

/// Waits for a wake, and in any case for kReadGap.
void pause_for(base::StopSignal& signal, std::chrono::milliseconds duration) {
  const auto not_before = std::chrono::steady_clock::now() + kReadGap;
  if (!signal.wait_for(duration)) return;
  for (auto now = std::chrono::steady_clock::now(); now < not_before; now = std::chrono::steady_clock::now()) {
    if (!signal.wait_for(std::chrono::ceil<std::chrono::milliseconds>(not_before - now))) return;
  }
}

}  // namespace

Pump::Pump(storage::Database& database, redis::Client* redis, std::vector<EventSink*> sinks, LiveAudience* live,
           PumpSettings settings, base::Metrics& metrics)
    : database_(database),
      redis_(redis),
      sinks_(std::move(sinks)),
      live_(live),
      settings_(settings),
      reader_(database),
      instance_(base::new_uuid()),
      broadcast_count_(metrics.counter("patchbay_events_broadcast_total", "Events read for the sockets of this host")),
      delivered_count_(
          metrics.counter("patchbay_events_delivered_total", "Events that this host gave to shared sinks")) {}

Pump::~Pump() {
  stop();
}

void Pump::start() {
  if (redis_ != nullptr) {
    auto wake_both = [this] {
      tail_woken_.store(true, std::memory_order_relaxed);
      tail_signal_.wake();
      sinks_signal_.wake();
    };
    subscription_ = std::make_unique<redis::Subscription>(
        *redis_, std::vector<std::string>{redis_->key("wake:events")},
        [this, wake_both](const std::string&, const std::string& sender) {
          if (sender != instance_) wake_both();
        },
        wake_both);
  }
  if (live_ != nullptr) tail_ = std::thread([this] { run_tail(); });
  sink_thread_ = std::thread([this] { run_sinks(); });
}

void Pump::stop() {
  tail_signal_.stop();
  sinks_signal_.stop();
  if (tail_.joinable()) tail_.join();
  if (sink_thread_.joinable()) sink_thread_.join();
  subscription_.reset();
}

void Pump::wake() {
  woken_here_.store(true, std::memory_order_relaxed);
  tail_woken_.store(true, std::memory_order_relaxed);
  tail_signal_.wake();
  sinks_signal_.wake();
}

void Pump::run_tail() {
  std::optional<Position> position;
  std::chrono::milliseconds pause = settings_.poll;
  while (!tail_signal_.stopped()) {
    bool more = false;
    // An event that is not readable yet, since an older transaction still runs, is looked for soon, then less and less
    // often.
    pause = tail_woken_.exchange(false, std::memory_order_relaxed) ? kReadGap : std::min(pause * 2, settings_.poll);
    if (!position) {
      auto present = reader_.present();
      if (present.ok()) {
        position = *present;
        live_->started(*position);
      }
    } else {
      more = read_tail(*position);
    }
    live_->tick();
    if (!more) pause_for(tail_signal_, pause);
  }
}

bool Pump::read_tail(Position& position) {
  auto events = reader_.read(position, settings_.batch_max);
  if (!events.ok()) {
    log_problem("reading the outbox for the sockets failed", events.error());
    return false;
  }
  if (events->empty()) return false;
  const bool more = events->size() == settings_.batch_max;
  position = position_of(events->back());
  broadcast_count_.add(static_cast<double>(events->size()));
  live_->broadcast(std::move(events).value());
  return more;
}

void Pump::run_sinks() {
  bool prepared = false;
  while (!sinks_signal_.stopped()) {
    if (!prepared) {
      prepared = true;
      for (EventSink* sink : sinks_) {
        if (!database_.query(storage::Lane::kWorker, kStartSink, {sink->name()}).ok()) prepared = false;
      }
    }
    tell_other_hosts();
    serve_all();
    trim_when_due();
    pause_for(sinks_signal_, settings_.poll);
  }
}

void Pump::serve_all() {
  for (EventSink* sink : sinks_) {
    for (int round = 0; round < kRoundsMax && !sinks_signal_.stopped(); ++round) {
      auto more = serve(*sink);
      if (!more.ok())
        log_problem("a sink could not take its events; they stay in the outbox", more.error(), sink->name());
      if (!more.ok() || !*more) break;
      if (round + 1 == kRoundsMax) sinks_signal_.wake();
    }
  }
}

sdk::Result<bool> Pump::serve(EventSink& sink) {
  PATCHBAY_ASSIGN(const storage::Rows news, database_.query(storage::Lane::kWorker, kHasNews, {sink.name()}));
  if (news.empty()) return false;
  std::size_t count = 0;
  auto moved = database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    count = 0;
    PATCHBAY_ASSIGN(const storage::Rows held, session.execute(kLockSink, {sink.name()}));
    if (held.empty()) return {};  // another host is at it
    const auto position = parse_position(held.text(0, "xid") + "-" + held.text(0, "id"));
    if (!position) return sdk::permanent_error("events.bad_position", "A sink's position cannot be read.");
    PATCHBAY_ASSIGN(const auto events, OutboxReader::read(session, *position, settings_.batch_max));
    if (events.empty()) return {};
    PATCHBAY_TRY(sink.deliver(session, events));
    const Position last = position_of(events.back());
    PATCHBAY_TRY(session.execute(kMoveSink, {sink.name(), std::to_string(last.xid), std::to_string(last.id)}));
    count = events.size();
    return {};
  });
  if (!moved.ok()) return std::move(moved).error();
  if (count > 0) sink.committed();
  delivered_count_.add(static_cast<double>(count));
  return count == settings_.batch_max;
}

void Pump::tell_other_hosts() {
  if (redis_ == nullptr || !woken_here_.exchange(false, std::memory_order_relaxed)) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < redis_again_) return;  // they poll as well
  if (!redis_->command({"PUBLISH", redis_->key("wake:events"), instance_}).ok()) redis_again_ = now + kRedisPause;
}

void Pump::trim_when_due() {
  const auto now = std::chrono::steady_clock::now();
  if (now < trim_again_) return;
  trim_again_ = now + settings_.retention_interval;
  std::vector<std::string> lossless;
  for (const EventSink* sink : sinks_) {
    if (sink->lossless()) lossless.push_back(sink->name());
  }
  for (int round = 0; round < kRoundsMax && !sinks_signal_.stopped(); ++round) {
    auto removed = reader_.trim(settings_.retention, lossless, 1'000);
    if (!removed.ok()) return log_problem("removing old events failed", removed.error());
    if (*removed < 1'000) return;
  }
}

}  // namespace patchbay::events
