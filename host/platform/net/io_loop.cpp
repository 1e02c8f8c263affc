#include "platform/net/io_loop.hpp"

#include "platform/base/log.hpp"

#include <array>
#include <ctime>

namespace patchbay::net {
namespace {

/// IMF-fixdate; names are written out because strftime would take them from the locale.
std::string http_date(std::time_t time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  const int length = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                   kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                                   parts.tm_min, parts.tm_sec);
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace

IoLoop::IoLoop(std::size_t index, std::chrono::milliseconds tick_period)
    : index_(index), tick_period_(tick_period), date_(http_date(std::time(nullptr))) {}

void IoLoop::start() {
  post([this] { tick(); });
  thread_ = std::thread([this] { run(); });
}

void IoLoop::run() {
  // A handler that throws is a fault of that handler; the other connections of the thread go on.
  while (!context_.stopped()) {
    try {
      context_.run();
    } catch (const std::exception& exception) {
      base::log_error("net", "a handler threw on an I/O thread", {{"what", exception.what()}});
    } catch (...) {
      base::log_error("net", "a handler threw on an I/O thread");
    }
  }
}

void IoLoop::tick() {
  date_ = http_date(std::time(nullptr));
  timer_.expires_after(tick_period_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
  const TimePoint now = std::chrono::steady_clock::now();
  for_each_connection([now](Connection& connection) { connection.on_tick(now); });
}

template <typename Step>
void IoLoop::for_each_connection(Step step) {
  // From the end: a connection that removes itself is replaced by one that was visited already.
  for (std::size_t index = connections_.size(); index-- > 0;) {
    if (index >= connections_.size()) continue;
    const auto connection = connections_[index];
    step(*connection);
  }
}

void IoLoop::add(std::shared_ptr<Connection> connection) {
  connection->slot_ = connections_.size();
  connections_.push_back(std::move(connection));
}

void IoLoop::remove(Connection& connection) {
  const std::size_t slot = connection.slot_;
  if (slot >= connections_.size() || connections_[slot].get() != &connection) return;
  const auto removed = std::move(connections_[slot]);
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot_ = slot;
  }
  connections_.pop_back();
}

void IoLoop::add_cancellable(std::weak_ptr<Cancellable> object) {
  std::erase_if(cancellables_, [](const auto& known) { return known.expired(); });
  cancellables_.push_back(std::move(object));
}

void IoLoop::request_flush(std::shared_ptr<Flushable> object) {
  bool first = false;
  {
    const std::lock_guard lock(flush_mutex_);
    first = flush_requests_.empty();
    flush_requests_.push_back(std::move(object));
  }
  if (first) post([this] { flush_requested(); });
}

void IoLoop::flush_requested() {
  {
    const std::lock_guard lock(flush_mutex_);
    flushing_.swap(flush_requests_);
  }
  for (const auto& object : flushing_) {
    try {
      object->flush();
    } catch (const std::exception& exception) {
      base::log_error("net", "a socket could not be flushed", {{"what", exception.what()}});
    }
  }
  flushing_.clear();
}

void IoLoop::drain() {
  post([this] { for_each_connection([](Connection& connection) { connection.drain(); }); });
}

void IoLoop::abort_connections() {
  post([this] { for_each_connection([](Connection& connection) { connection.abort(); }); });
}

void IoLoop::stop_and_join() {
  if (!thread_.joinable()) return;
  post([this] {
    cancel_all();
    timer_.cancel();
    // Two turns later every operation cancelled here and in abort_connections has ended.
    post([this] { post([this] { context_.stop(); }); });
  });
  thread_.join();
  ended_ = true;
  run_leftovers();
}

void IoLoop::cancel_all() {
  for (const auto& weak : cancellables_) {
    if (const auto object = weak.lock()) object->cancel();
  }
}

void IoLoop::run_leftovers() {
  // What was posted while the loop ended may own what owns the loop: it must not stay in the queue for ever.
  keep_running_.reset();
  try {
    context_.restart();
    context_.poll();
    cancel_all();
    context_.restart();
    context_.poll();
  } catch (const std::exception& exception) {
    base::log_error("net", "a handler threw after its I/O thread", {{"what", exception.what()}});
  }
  context_.stop();
}

}  // namespace patchbay::net
