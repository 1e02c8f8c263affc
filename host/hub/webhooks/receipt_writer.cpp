#include "hub/webhooks/receipt_writer.hpp"

#include "platform/base/log.hpp"

#include <algorithm>

namespace patchbay::webhooks {
namespace {

constexpr std::chrono::milliseconds kTick{20};

}  // namespace

struct ReceiptWriter::Alive {};

ReceiptWriter::ReceiptWriter(storage::PgPipeline& pipeline, storage::EventLoop& loop, Fallback& fallback,
                             queue::WorkQueue& queue, ReceiptWriterSettings settings, base::Metrics& metrics)
    : pipeline_(pipeline),
      fallback_(fallback),
      queue_(queue),
      settings_(settings),
      stored_count_(metrics.counter("patchbay_webhooks_stored_total", "Receipts committed in PostgreSQL")),
      repeated_count_(metrics.counter("patchbay_webhooks_repeated_total", "Receipts that were stored already")),
      late_count_(metrics.counter("patchbay_webhooks_late_total", "Receipts that PostgreSQL did not commit in time")),
      commit_seconds_(metrics.histogram("patchbay_webhooks_commit_seconds", "Time of one group of receipts")),
      alive_(std::make_shared<Alive>()),
      ticker_(loop.every(kTick, [this] { tick(); })) {}

ReceiptWriter::~ReceiptWriter() {
  ticker_.reset();
  const sdk::Error stopped = sdk::transient_error("webhooks.stopping", "The hub is stopping; send it again.");
  for (const auto* group : {&under_way_}) {
    for (const auto& pending : *group) {
      if (!pending->answered) pending->done(stopped);
    }
  }
  for (const auto& pending : waiting_) pending->done(stopped);
}

bool ReceiptWriter::stalled(Time now) const {
  return !under_way_.empty() && now - sent_at_ >= settings_.store_timeout;
}

void ReceiptWriter::store(std::vector<Receipt> receipts, Done done) {
  if (receipts.empty()) return done(Stored::kDatabase);
  if (waiting_count_ + receipts.size() > settings_.waiting_max) {
    sdk::Error busy = sdk::transient_error("webhooks.busy", "Too many receipts wait to be stored.");
    busy.retry_after = std::chrono::seconds(2);
    return done(std::move(busy));
  }
  auto pending = std::make_shared<Pending>();
  pending->receipts = std::make_shared<const std::vector<Receipt>>(std::move(receipts));
  pending->done = std::move(done);
  pending->since = std::chrono::steady_clock::now();
  // No point in waiting behind a group that is late already.
  if (stalled(pending->since)) return fall_back(*pending);
  waiting_count_ += pending->receipts->size();
  waiting_.push_back(std::move(pending));
  if (under_way_.empty()) flush();
}

std::vector<ReceiptWriter::PendingPointer> ReceiptWriter::take_group() {
  std::vector<PendingPointer> group;
  std::size_t count = 0;
  while (!waiting_.empty()) {
    const PendingPointer& next = waiting_.front();
    const std::size_t size = next->receipts->size();
    if (!group.empty() && (count + size > settings_.group_max || next->alone)) break;
    const bool alone = next->alone;
    group.push_back(next);
    waiting_.pop_front();
    waiting_count_ -= size;
    count += size;
    if (alone) break;
  }
  return group;
}

void ReceiptWriter::flush() {
  std::vector<PendingPointer> group = take_group();
  if (group.empty()) return;
  std::vector<const Receipt*> receipts;
  for (const auto& pending : group) {
    for (const Receipt& receipt : *pending->receipts) receipts.push_back(&receipt);
  }
  under_way_ = group;
  sent_at_ = std::chrono::steady_clock::now();
  pipeline_.query(
      insert_statement(), insert_params(receipts, settings_.shard),
      [this, alive = std::weak_ptr(alive_), group = std::move(group)](const sdk::Result<storage::Rows>& rows) {
        if (!alive.expired()) finish(group, rows);
      });
}

void ReceiptWriter::finish(const std::vector<PendingPointer>& group, const sdk::Result<storage::Rows>& rows) {
  under_way_.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - sent_at_;
  if (rows.ok()) {
    commit_seconds_.observe(took.count());
    queue_.announce(std::string(kWorkKind), inserted_ids(*rows));
    std::size_t count = 0;
    for (const auto& pending : group) {
      count += pending->receipts->size();
      if (!pending->answered) pending->done(Stored::kDatabase);
    }
    const std::size_t fresh = inserted_count(*rows);
    stored_count_.add(static_cast<double>(fresh));
    repeated_count_.add(static_cast<double>(count - std::min(count, fresh)));
  } else if (rows.error().error_class == sdk::ErrorClass::kTransient) {
    for (const auto& pending : group) {
      if (!pending->answered) fall_back(*pending);
    }
  } else {
    retry_alone(group, rows.error());
  }
  flush();
}

/// One receipt that PostgreSQL refuses for its content must not take its group along.
void ReceiptWriter::retry_alone(const std::vector<PendingPointer>& group, const sdk::Error& error) {
  if (group.size() == 1) {
    base::log_error("webhooks", "PostgreSQL refuses a receipt", {{"code", error.code}, {"message", error.message}});
    if (!group.front()->answered) group.front()->done(error);
    return;
  }
  for (auto pending = group.rbegin(); pending != group.rend(); ++pending) {
    if ((*pending)->answered) continue;
    (*pending)->alone = true;
    waiting_count_ += (*pending)->receipts->size();
    waiting_.push_front(*pending);
  }
}

void ReceiptWriter::fall_back(Pending& pending) {
  pending.answered = true;
  late_count_.add(static_cast<double>(pending.receipts->size()));
  fallback_.store(pending.receipts, [done = std::move(pending.done)](sdk::Result<void> stored) {
    done(stored.ok() ? sdk::Result<Stored>(Stored::kFallback) : sdk::Result<Stored>(std::move(stored).error()));
  });
}

void ReceiptWriter::tick() {
  const auto late = std::chrono::steady_clock::now() - settings_.store_timeout;
  // What is under way may still be committed after the fallback took it too: the dedupe key makes that harmless.
  for (const auto& pending : under_way_) {
    if (!pending->answered && pending->since <= late) fall_back(*pending);
  }
  while (!waiting_.empty() && waiting_.front()->since <= late) {
    waiting_count_ -= waiting_.front()->receipts->size();
    fall_back(*waiting_.front());
    waiting_.pop_front();
  }
}

}  // namespace patchbay::webhooks
