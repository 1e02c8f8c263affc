#include "hub/webhooks/fallback.hpp"

#include "platform/base/log.hpp"

#include <algorithm>

namespace patchbay::webhooks {
namespace {

constexpr std::string_view kPart = "webhooks";
constexpr int kDrainShard = 15;
constexpr std::chrono::milliseconds kIdle{1'000};

sdk::Error unavailable(std::string message) {
  sdk::Error error = sdk::transient_error("webhooks.unavailable", std::move(message));
  error.retry_after = std::chrono::seconds(5);
  return error;
}

/// An XRANGE reply as entries.
std::vector<redis::StreamEntry> parse_range(const redis::Reply& reply) {
  std::vector<redis::StreamEntry> entries;
  for (const redis::Reply& item : reply.items) {
    if (item.items.size() != 2) continue;
    redis::StreamEntry entry{item.items[0].text, {}};
    const auto& fields = item.items[1].items;
    for (std::size_t index = 0; index + 1 < fields.size(); index += 2) {
      entry.fields.emplace_back(fields[index].text, fields[index + 1].text);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool may_pass(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kTransient;
}

}  // namespace

Fallback::Fallback(redis::Client& client, storage::Database& database, queue::WorkQueue& queue,
                   FallbackSettings settings, base::Metrics& metrics)
    : client_(client),
      database_(database),
      queue_(queue),
      settings_(settings),
      stream_key_(client.key("receipts")),
      refused_key_(client.key("receipts:refused")),
      written_count_(
          metrics.counter("patchbay_webhooks_fallback_total", "Receipts kept in Redis while PostgreSQL was away")),
      drained_count_(metrics.counter("patchbay_webhooks_drained_total", "Receipts moved from Redis to PostgreSQL")),
      at_risk_gauge_(metrics.gauge("patchbay_webhooks_at_risk_count", "Receipts that only Redis holds")) {}

Fallback::~Fallback() {
  stop();
}

void Fallback::start() {
  writer_ = std::thread([this] { run_writer(); });
  drain_ = std::thread([this] { run_drain(); });
}

void Fallback::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  writer_signal_.stop();
  drain_signal_.stop();
  if (writer_.joinable()) writer_.join();
  if (drain_.joinable()) drain_.join();
}

std::optional<std::uint64_t> Fallback::at_risk_count() const {
  const std::lock_guard lock(mutex_);
  return at_risk_;
}

void Fallback::store(Receipts receipts, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_ && jobs_.size() < settings_.waiting_max) {
      jobs_.push_back({std::move(receipts), std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(unavailable("Too many receipts wait to be stored."));
  writer_signal_.wake();
}

void Fallback::run_writer() {
  bool running = true;
  while (running) {
    running = writer_signal_.wait_for(kIdle);
    while (true) {
      std::vector<Job> jobs;
      {
        const std::lock_guard lock(mutex_);
        const auto count = static_cast<std::ptrdiff_t>(std::min(jobs_.size(), settings_.batch_max));
        std::move(jobs_.begin(), jobs_.begin() + count, std::back_inserter(jobs));
        jobs_.erase(jobs_.begin(), jobs_.begin() + count);
      }
      if (jobs.empty()) break;
      write(std::move(jobs));
    }
  }
}

void Fallback::write(std::vector<Job> jobs) {
  const auto answer_all = [&](const sdk::Error& error) {
    base::log_warning(kPart, "receipts could not be stored", {{"code", error.code}, {"count", jobs.size()}});
    for (Job& job : jobs) job.done(unavailable("The receipt could not be stored; send it again."));
  };
  const auto durable_before = client_.durable();
  if (!durable_before.ok()) return answer_all(durable_before.error());
  if (!*durable_before)
    return answer_all(sdk::permanent_error("webhooks.redis_not_durable", "Redis does not fsync every write."));
  std::vector<redis::Command> commands;
  for (const Job& job : jobs) {
    for (const Receipt& receipt : *job.receipts) commands.push_back(make_entry(stream_key_, receipt));
  }
  const auto replies = client_.pipeline(commands);
  if (!replies.ok()) return answer_all(replies.error());
  // Asked once more: the server that took the writes may not be the one that was asked before.
  const auto durable = client_.durable();
  if (!durable.ok() || !*durable)
    return answer_all(sdk::permanent_error("webhooks.redis_not_durable", "Redis was replaced."));
  std::size_t next = 0;
  for (Job& job : jobs) {
    bool good = true;
    for (std::size_t index = 0; index < job.receipts->size(); ++index) good = (*replies)[next++].ok() && good;
    if (good) written_count_.add(static_cast<double>(job.receipts->size()));
    job.done(good ? sdk::Result<void>()
                  : sdk::Result<void>(unavailable("The receipt could not be stored; send it again.")));
  }
  drain_signal_.wake();
}

void Fallback::run_drain() {
  do {
    auto left = drain_once();
    while (left.ok() && *left > 0 && !drain_signal_.stopped()) left = drain_once();
  } while (drain_signal_.wait_for(settings_.drain_interval));
}

sdk::Result<std::size_t> Fallback::drain_once() {
  const auto seen = [this](std::optional<std::uint64_t> count) {
    const std::lock_guard lock(mutex_);
    at_risk_ = count;
    if (count) at_risk_gauge_.set(static_cast<double>(*count));
  };
  const auto length = client_.command({"XLEN", stream_key_});
  seen(length.ok() ? std::optional(static_cast<std::uint64_t>(std::max(length->integer, 0LL))) : std::nullopt);
  if (!length.ok()) return length.error();
  if (length->integer <= 0) return std::size_t{0};
  PATCHBAY_ASSIGN(const redis::Reply range,
                  client_.command({"XRANGE", stream_key_, "-", "+", "COUNT", std::to_string(settings_.batch_max)}));
  std::vector<std::pair<std::string, Receipt>> entries;
  std::vector<std::string> ids;
  for (const redis::StreamEntry& entry : parse_range(range)) {
    ids.push_back(entry.id);
    if (auto receipt = parse_entry(entry)) entries.emplace_back(entry.id, std::move(*receipt));
  }
  std::vector<const Receipt*> receipts;
  for (const auto& [id, receipt] : entries) receipts.push_back(&receipt);
  const auto moved = move(receipts);
  if (!moved.ok() && may_pass(moved.error())) return moved.error();
  if (moved.ok()) {
    PATCHBAY_TRY(remove(ids));
  } else {
    PATCHBAY_TRY(move_one_by_one(entries));
  }
  drained_count_.add(static_cast<double>(entries.size()));
  const auto left =
      static_cast<std::size_t>(length->integer) - std::min(ids.size(), static_cast<std::size_t>(length->integer));
  seen(left);
  return left;
}

sdk::Result<void> Fallback::move(const std::vector<const Receipt*>& receipts) {
  if (receipts.empty()) return {};
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database_.query(storage::Lane::kWorker, insert_statement(), insert_params(receipts, kDrainShard)));
  queue_.announce(std::string(kWorkKind), inserted_ids(rows));
  return {};
}

sdk::Result<void> Fallback::move_one_by_one(const std::vector<std::pair<std::string, Receipt>>& entries) {
  for (const auto& [id, receipt] : entries) {
    const auto moved = move({&receipt});
    if (moved.ok()) {
      PATCHBAY_TRY(remove({id}));
    } else if (may_pass(moved.error())) {
      return moved.error();
    } else {
      base::log_error(kPart, "PostgreSQL refuses a receipt; it was set aside in Redis",
                      {{"code", moved.error().code}, {"stream", refused_key_}});
      PATCHBAY_TRY(set_aside(id, make_entry(refused_key_, receipt)));
    }
  }
  return {};
}

sdk::Result<void> Fallback::set_aside(const std::string& entry_id, const redis::Command& copy) {
  PATCHBAY_TRY(client_.command(copy));
  return remove({entry_id});
}

sdk::Result<void> Fallback::remove(const std::vector<std::string>& entry_ids) {
  if (entry_ids.empty()) return {};
  redis::Command command{"XDEL", stream_key_};
  command.insert(command.end(), entry_ids.begin(), entry_ids.end());
  PATCHBAY_TRY(client_.command(command));
  return {};
}

}  // namespace patchbay::webhooks
