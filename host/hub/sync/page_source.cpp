#include "hub/sync/page_source.hpp"

namespace patchbay::sync {
namespace {

/// Pages that wait at most; the fetch of another may be under way.
constexpr std::size_t kPagesAheadMax = 8;

}  // namespace

PageSource::PageSource(sdk::ServiceClient& client, sdk::ListRequest first, ServiceCaller& caller)
    : client_(client), request_(std::move(first)), caller_(caller), thread_([this] { run(); }) {}

PageSource::~PageSource() {
  {
    const std::lock_guard lock(mutex_);
    if (!finished_) caller_.cancel().cancel();
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PageSource::run() {
  while (true) {
    auto page = caller_([&](const sdk::CallContext& context) { return client_.list(context, request_); });
    if (page.ok() && !page.value().next_cursor.empty() && page.value().next_cursor == request_.page_cursor) {
      page = sdk::permanent_error("sync.cursor_loop", "The connector answered the same page cursor again.");
    }
    const bool last = !page.ok() || page.value().next_cursor.empty();
    if (!last) request_.page_cursor = page.value().next_cursor;
    push(std::move(page), last);
    if (last) return;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || pages_.size() < kPagesAheadMax; });
    if (stopping_) return;
  }
}

void PageSource::push(sdk::Result<sdk::Page> page, bool last) {
  const std::lock_guard lock(mutex_);
  pages_.push_back(std::move(page));
  finished_ = last;
  changed_.notify_all();
}

sdk::Result<std::optional<sdk::Page>> PageSource::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !pages_.empty() || finished_; });
  if (pages_.empty()) return std::optional<sdk::Page>();
  sdk::Result<sdk::Page> page = std::move(pages_.front());
  pages_.pop_front();
  changed_.notify_all();
  if (!page.ok()) return std::move(page).error();
  return std::optional<sdk::Page>(std::move(page).value());
}

std::optional<sdk::Page> PageSource::try_next() {
  const std::lock_guard lock(mutex_);
  if (pages_.empty() || !pages_.front().ok()) return std::nullopt;
  std::optional<sdk::Page> page = std::move(pages_.front()).value();
  pages_.pop_front();
  changed_.notify_all();
  return page;
}

}  // namespace patchbay::sync
