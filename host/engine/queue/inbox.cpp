#include "engine/queue/inbox.hpp"

#include <algorithm>

namespace patchbay::queue {
namespace {

constexpr std::chrono::milliseconds kFirstDelay{8};
constexpr int kTriesMax = 7;  // 8 ms … 512 ms: about a second in all

}  // namespace

std::size_t Inbox::put(const std::vector<std::int64_t>& ids) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return 0;
  const std::size_t room = ids_max_ - std::min(ids_max_, ready_.size() + later_.size());
  const std::size_t taken = std::min(room, ids.size());
  for (std::size_t index = 0; index < taken; ++index) ready_.push_back({ids[index], 0});
  filled_.notify_all();
  return taken;
}

void Inbox::put_back(std::vector<Ticket> tickets) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  const auto now = std::chrono::steady_clock::now();
  for (Ticket& ticket : tickets) {
    if (ticket.tries >= kTriesMax || later_.size() >= ids_max_) continue;
    const auto ripe = now + kFirstDelay * (1 << ticket.tries);
    ++ticket.tries;
    later_.emplace(ripe, ticket);
  }
  filled_.notify_all();
}

void Inbox::take_ripe(Time now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    ready_.push_back(later_.begin()->second);
    later_.erase(later_.begin());
  }
}

std::vector<Ticket> Inbox::take(std::size_t count_max, std::size_t taker_count, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    take_ripe(now);
    if (!ready_.empty() || stopped_ || now >= deadline) break;
    // A copy: another thread may take the ticket away while this one waits.
    const Time until = later_.empty() ? deadline : std::min(deadline, later_.begin()->first);
    filled_.wait_until(lock, until);
  }
  if (stopped_) return {};
  const std::size_t takers = std::max<std::size_t>(taker_count, 1);
  const auto count = static_cast<std::ptrdiff_t>(std::min(count_max, (ready_.size() + takers - 1) / takers));
  std::vector<Ticket> taken(ready_.begin(), ready_.begin() + count);
  ready_.erase(ready_.begin(), ready_.begin() + count);
  emptied_.notify_all();
  return taken;
}

bool Inbox::wait_for_room(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, wait, [this] { return stopped_ || ready_.size() + later_.size() <= ids_max_ / 2; });
}

std::size_t Inbox::size() const {
  const std::lock_guard lock(mutex_);
  return ready_.size() + later_.size();
}

std::vector<std::int64_t> Inbox::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  std::vector<std::int64_t> left;
  for (const Ticket& ticket : ready_) left.push_back(ticket.id);
  for (const auto& [time, ticket] : later_) left.push_back(ticket.id);
  ready_.clear();
  later_.clear();
  filled_.notify_all();
  emptied_.notify_all();
  return left;
}

}  // namespace patchbay::queue
