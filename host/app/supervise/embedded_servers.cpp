#include "app/supervise/embedded_servers.hpp"

#include "platform/base/backoff.hpp"
#include "platform/base/log.hpp"
#include "platform/process/child_process.hpp"

namespace patchbay::supervise {
namespace {

constexpr std::chrono::milliseconds kWatchInterval{250};
constexpr std::chrono::milliseconds kStartPoll{15};
constexpr std::chrono::seconds kEndLimit{30};
constexpr std::chrono::minutes kStableAfter{1};

}  // namespace

EmbeddedServers::EmbeddedServers(std::vector<std::unique_ptr<SupervisedServer>> servers) {
  for (auto& server : servers) {
    Watched watched;
    watched.server = std::move(server);
    watched_.push_back(std::move(watched));
  }
}

EmbeddedServers::~EmbeddedServers() {
  stop();
}

sdk::Result<void> EmbeddedServers::start(std::chrono::milliseconds limit) {
  for (Watched& watched : watched_) PATCHBAY_TRY(bring_up(watched, limit));
  watcher_ = std::thread([this] { watch(); });
  return {};
}

sdk::Result<void> EmbeddedServers::bring_up(Watched& watched, std::chrono::milliseconds limit) {
  SupervisedServer& server = *watched.server;
  if (const auto running = server.find_running()) {
    base::log_info("supervise", server.name() + " of an earlier hub still runs; it is taken over", {{"pid", *running}});
    watched.pid = *running;
  } else {
    PATCHBAY_TRY(server.prepare());
    PATCHBAY_ASSIGN(watched.pid, server.start());
    base::log_info("supervise", server.name() + " started", {{"pid", watched.pid}});
  }
  watched.started_at = std::chrono::steady_clock::now();
  const auto deadline = watched.started_at + limit;
  while (!server.answers()) {
    if (!process::is_alive(watched.pid)) {
      return sdk::permanent_error("supervise.start",
                                  server.name() + " ended during its start; see the log folder in var_dir");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return sdk::transient_error("supervise.start", server.name() + " does not answer; see the log folder in var_dir");
    }
    if (!stop_.wait_for(kStartPoll)) return sdk::cancelled_error("supervise.stopped", "the start was given up");
  }
  return server.complete();
}

void EmbeddedServers::watch() {
  while (stop_.wait_for(kWatchInterval)) {
    for (Watched& watched : watched_) {
      if (process::is_alive(watched.pid)) {
        if (watched.crashes > 0 && std::chrono::steady_clock::now() - watched.started_at > kStableAfter)
          watched.crashes = 0;
      } else {
        revive(watched);
      }
    }
  }
}

void EmbeddedServers::revive(Watched& watched) {
  const auto now = std::chrono::steady_clock::now();
  SupervisedServer& server = *watched.server;
  if (watched.pid > 0) {
    ++watched.crashes;
    const base::Backoff backoff{std::chrono::milliseconds(50), std::chrono::seconds(30), 2.0};
    watched.restart_at = now + backoff.delay(static_cast<std::uint32_t>(watched.crashes), base::random_fraction());
    base::log_error("supervise", server.name() + " ended unexpectedly; it is started again",
                    {{"crashes", watched.crashes}});
    watched.pid = -1;
  }
  if (now < watched.restart_at) return;
  auto prepared = server.prepare();
  auto started = prepared.ok() ? server.start() : sdk::Result<pid_t>(prepared.error());
  if (!started.ok()) {
    base::log_error("supervise", server.name() + " cannot be started: " + started.error().message);
    watched.restart_at = now + std::chrono::seconds(2);
    return;
  }
  watched.pid = *started;
  watched.started_at = now;
}

void EmbeddedServers::stop() {
  if (stopped_) return;
  stopped_ = true;
  stop_.stop();
  if (watcher_.joinable()) watcher_.join();
  for (auto watched = watched_.rbegin(); watched != watched_.rend(); ++watched) {
    if (watched->pid <= 0) continue;
    if (!watched->server->end(watched->pid, kEndLimit)) {
      base::log_warning("supervise", watched->server->name() + " had to be killed");
    }
    watched->pid = -1;
  }
}

int end_orphans(const std::vector<std::unique_ptr<SupervisedServer>>& servers) {
  int ended = 0;
  for (auto server = servers.rbegin(); server != servers.rend(); ++server) {
    if (const auto pid = (*server)->find_running()) {
      (*server)->end(*pid, kEndLimit);
      ++ended;
    }
  }
  return ended;
}

}  // namespace patchbay::supervise
