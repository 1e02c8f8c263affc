#include "engine/queue/worker.hpp"

#include "engine/queue/active_claim.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"

#include <algorithm>
#include <exception>
#include <set>

namespace patchbay::queue {
namespace {

constexpr std::string_view kPart = "queue";
constexpr std::string_view kGroup = "workers";
constexpr std::size_t kEntriesPerRead = 32;
constexpr std::chrono::milliseconds kBlock{400};
constexpr std::chrono::milliseconds kRoomWait{200};
constexpr std::chrono::milliseconds kPause{250};
constexpr std::chrono::milliseconds kIdleWait{1'000};
constexpr std::chrono::milliseconds kIdleTick{400};
constexpr int kClaimTries = 3;
constexpr int kSettleTries = 5;

std::vector<std::int64_t> ids_of(const std::vector<Ticket>& tickets) {
  std::vector<std::int64_t> ids;
  ids.reserve(tickets.size());
  for (const Ticket& ticket : tickets) ids.push_back(ticket.id);
  return ids;
}

base::Counter finished_counter(base::Metrics& metrics, const std::string& kind, const std::string& result) {
  return metrics.counter("patchbay_queue_finished_total", "Items of work by how a try ended",
                         {{"kind", kind}, {"result", result}});
}

}  // namespace

Worker::Kind::Kind(WorkHandler& its_handler, std::size_t its_thread_count, std::size_t ids_max, base::Metrics& metrics)
    : handler(its_handler),
      name(its_handler.kind()),
      thread_count(std::max<std::size_t>(its_thread_count, 1)),
      inbox(ids_max),
      applied_count(finished_counter(metrics, name, "applied")),
      retried_count(finished_counter(metrics, name, "retried")),
      postponed_count(finished_counter(metrics, name, "postponed")),
      dead_count(finished_counter(metrics, name, "dead")) {}

Worker::Worker(storage::Database& database, Road& road, std::vector<WorkHandler*> handlers, WorkerSettings settings,
               base::Metrics& metrics)
    : road_(road), claims_(database, settings.lease), settings_(std::move(settings)) {
  for (WorkHandler* handler : handlers) {
    const auto threads = settings_.threads.find(handler->kind());
    kinds_.push_back(std::make_unique<Kind>(*handler, threads == settings_.threads.end() ? 1 : threads->second,
                                            settings_.inbox_ids_max, metrics));
  }
}

Worker::~Worker() {
  stop();
}

void Worker::start() {
  reader_ = std::thread([this] { read_road(); });
  lease_keeper_ = std::thread([this] { keep_leases(); });
  for (const auto& kind : kinds_) {
    for (std::size_t index = 0; index < kind->thread_count; ++index) {
      kind->threads.emplace_back([this, &kind = *kind] { run(kind); });
    }
  }
}

void Worker::stop() {
  if (stopping_.exchange(true)) return;
  reader_signal_.stop();
  if (reader_.joinable()) reader_.join();
  // Ids that were taken off the road and not claimed go back to it, for the other hosts or the next start.
  for (const auto& kind : kinds_) road_.announce(kind->name, kind->inbox.stop());
  pause_signal_.stop();
  wait_for_work_under_way();
  for (const auto& kind : kinds_) {
    for (std::thread& thread : kind->threads) thread.join();
    kind->threads.clear();
  }
  lease_signal_.stop();
  if (lease_keeper_.joinable()) lease_keeper_.join();
}

void Worker::wait_for_work_under_way() {
  std::unique_lock lock(active_mutex_);
  if (idle_.wait_for(lock, settings_.stop_grace, [this] { return active_.empty(); })) return;
  for (const auto& [id, claim] : active_) claim->cancel().cancel();
}

std::size_t Worker::waiting_count() const {
  std::size_t count = 0;
  for (const auto& kind : kinds_) count += kind->inbox.size();
  return count;
}

void Worker::read_road() {
  redis::StreamReader reader(road_.client(), road_.stream_key(), std::string(kGroup), base::new_uuid());
  while (!reader_signal_.stopped()) {
    for (const auto& kind : kinds_)
      kind->inbox.wait_for_room(kRoomWait);  // a slow kind holds the road up no longer than this
    if (reader_signal_.stopped()) return;
    auto entries = reader.read(kEntriesPerRead, kBlock);
    if (!entries.ok()) {
      if (!road_closed_.exchange(true)) {
        base::log_warning(kPart, "the road is closed; work is read from PostgreSQL", {{"code", entries.error().code}});
      }
      reader_signal_.wait_for(kPause);
      continue;
    }
    if (road_closed_.exchange(false)) base::log_info(kPart, "the road is open");
    dispatch(*entries);
    std::vector<std::string> ids;
    for (const auto& entry : *entries) ids.push_back(entry.id);
    // At once and not after the work: the rows say what is left to do, and entries of a worker that died need no
    // collecting.
    if (!ids.empty() && !reader.acknowledge(ids).ok()) road_closed_ = true;
  }
}

void Worker::dispatch(const std::vector<redis::StreamEntry>& entries) {
  for (const auto& entry : entries) {
    const RoadLoad load = parse_entry(entry);
    for (const auto& kind : kinds_) {
      if (load.kind.empty() || load.kind == kind->name) kind->inbox.put(load.ids);
    }
  }
}

void Worker::run(Kind& kind) {
  while (!stopping_) {
    const bool closed = road_closed_;
    const auto tickets =
        kind.inbox.take(kind.handler.batch_max(), kind.thread_count, closed ? settings_.poll : kIdleWait);
    if (stopping_ || (tickets.empty() && !closed)) continue;
    const std::string claim_id = base::new_uuid();
    const auto items = tickets.empty() ? claim_due(kind, claim_id) : claim(kind, claim_id, tickets);
    if (!items.empty()) work(kind, claim_id, items);
  }
}

std::vector<WorkItem> Worker::claim(Kind& kind, const std::string& claim_id, const std::vector<Ticket>& tickets) {
  const ClaimRequest request{kind.name, claim_id, tickets.size(), kind.handler.takes_lane_runs()};
  for (int attempt = 1; attempt <= kClaimTries; ++attempt) {
    auto claimed = claims_.claim(request, ids_of(tickets));
    if (claimed.ok()) {
      return_unclaimed(kind, tickets, *claimed);
      return std::move(claimed).value();
    }
    if (claimed.error().code == "storage.unique") continue;  // somebody was a moment faster with one lane of these
    base::log_warning(kPart, "work could not be claimed", {{"kind", kind.name}, {"code", claimed.error().code}});
    pause_signal_.wait_for(kPause);
    break;
  }
  kind.inbox.put_back(tickets);
  return {};
}

std::vector<WorkItem> Worker::claim_due(Kind& kind, const std::string& claim_id) {
  auto claimed = claims_.claim_due({kind.name, claim_id, kind.handler.batch_max(), kind.handler.takes_lane_runs()});
  if (claimed.ok()) return std::move(claimed).value();
  if (claimed.error().code != "storage.unique") pause_signal_.wait_for(kPause);
  return {};
}

void Worker::return_unclaimed(Kind& kind, const std::vector<Ticket>& tickets, const std::vector<WorkItem>& claimed) {
  if (claimed.size() >= tickets.size()) return;
  std::set<std::int64_t> taken;
  for (const WorkItem& item : claimed) taken.insert(item.id);
  std::map<std::int64_t, Ticket> left;
  for (const Ticket& ticket : tickets) {
    if (!taken.contains(ticket.id)) left.emplace(ticket.id, ticket);
  }
  std::vector<std::int64_t> ids;
  for (const auto& [id, ticket] : left) ids.push_back(id);
  const auto due = claims_.still_due(kind.name, ids);
  if (!due.ok()) return;  // the sweeper finds them
  std::vector<Ticket> back;
  for (const std::int64_t id : *due) back.push_back(left.at(id));
  kind.inbox.put_back(std::move(back));
}

void Worker::work(Kind& kind, const std::string& claim_id, const std::vector<WorkItem>& items) {
  const auto active = std::make_shared<ActiveClaim>(claims_, claim_id, items);
  {
    const std::lock_guard lock(active_mutex_);
    active_.emplace(claim_id, active);
  }
  const auto outcomes = call_handler(kind, items, *active);
  settle(kind, claim_id, items, outcomes);
  const std::lock_guard lock(active_mutex_);
  active_.erase(claim_id);
  idle_.notify_all();
}

std::vector<WorkOutcome> Worker::call_handler(Kind& kind, const std::vector<WorkItem>& items, ActiveClaim& claim) {
  std::vector<WorkOutcome> outcomes;
  try {
    outcomes = kind.handler.handle(items, claim);
  } catch (const std::exception& thrown) {
    base::log_error(kPart, "a handler threw", {{"kind", kind.name}, {"what", thrown.what()}});
    outcomes.clear();
  } catch (...) {
    base::log_error(kPart, "a handler threw something that is no std::exception", {{"kind", kind.name}});
    outcomes.clear();
  }
  // A missing outcome counts as a failed try: what the handler completed before it failed is no longer under the claim.
  const WorkOutcome failed{WorkOutcome::Kind::kFailed,
                           sdk::transient_error("queue.handler_failed", "The handler broke off without an outcome."),
                           {}};
  outcomes.resize(items.size(), failed);
  return outcomes;
}

void Worker::settle(Kind& kind, const std::string& claim_id, const std::vector<WorkItem>& items,
                    const std::vector<WorkOutcome>& outcomes) {
  std::vector<Settlement> settlements;
  const auto now = std::chrono::system_clock::now();
  for (std::size_t index = 0; index < items.size(); ++index) {
    const WorkOutcome& outcome = outcomes[index];
    if (outcome.kind == WorkOutcome::Kind::kCompleted) {
      kind.applied_count.add();
      continue;
    }
    if (outcome.kind == WorkOutcome::Kind::kPostponed) {
      settlements.push_back({items[index].id, false, false, outcome.delay, outcome.error});
      kind.postponed_count.add();
      continue;
    }
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - items[index].created_at);
    const RetryDecision decision =
        decide_retry(settings_.retry, outcome.error, items[index].attempts, age, base::random_fraction());
    const bool dead = decision.next == RetryDecision::Next::kDead;
    const bool counted = decision.next != RetryDecision::Next::kPostpone;
    (dead ? kind.dead_count : counted ? kind.retried_count : kind.postponed_count).add();
    settlements.push_back({items[index].id, dead, counted, decision.delay, outcome.error});
  }
  if (settlements.empty()) return;
  for (int attempt = 1; attempt <= kSettleTries; ++attempt) {
    const auto settled = claims_.settle(claim_id, settlements);
    if (settled.ok()) return;
    base::log_warning(kPart, "outcomes could not be recorded", {{"kind", kind.name}, {"code", settled.error().code}});
    if (attempt < kSettleTries) pause_signal_.wait_for(kPause * attempt);
  }
  // Then the lease runs out and the sweeper makes the rows due again.
}

void Worker::keep_leases() {
  auto renew_again = std::chrono::steady_clock::now() + settings_.lease / 3;
  while (lease_signal_.wait_for(std::min(kIdleTick, settings_.lease / 6))) {
    if (std::chrono::steady_clock::now() < renew_again) continue;
    renew_again = std::chrono::steady_clock::now() + settings_.lease / 3;
    std::vector<std::shared_ptr<ActiveClaim>> claims;
    std::vector<std::string> ids;
    std::vector<std::int64_t> item_ids;
    {
      const std::lock_guard lock(active_mutex_);
      for (const auto& [id, claim] : active_) {
        claims.push_back(claim);
        ids.push_back(id);
        item_ids.insert(item_ids.end(), claim->item_ids().begin(), claim->item_ids().end());
      }
    }
    if (claims.empty()) continue;
    const auto held = claims_.renew(ids, item_ids);
    if (!held.ok()) continue;
    for (const auto& claim : claims) {
      if (!held->contains(claim->id())) claim->cancel().cancel();  // done already, or lost: nothing more to do under it
    }
  }
}

}  // namespace patchbay::queue
