#include "app/cli/sync.hpp"

#include "app/hub.hpp"
#include "app/wiring.hpp"
#include "hub/sync/run_request.hpp"

#include <cstdio>
#include <unistd.h>

namespace patchbay::app::cli {
namespace {

constexpr std::chrono::milliseconds kLookEvery{250};

/// By id, or by `connector` or `connector/name`.
sdk::Result<connections::Connection> find_connection(const connections::ConnectionStore& store,
                                                     const std::string& wanted) {
  PATCHBAY_ASSIGN(const auto all, store.list());
  std::vector<connections::Connection> found;
  for (const auto& connection : all) {
    if (connection.id == wanted || connection.connector == wanted ||
        connection.connector + "/" + connection.name == wanted) {
      found.push_back(connection);
    }
  }
  if (found.size() == 1) return found.front();
  std::string known;
  for (const auto& connection : all)
    known += (known.empty() ? "" : ", ") + connection.connector + "/" + connection.name;
  if (all.empty())
    return sdk::not_found_error("sync.no_connection",
                                "there are no connections yet; make one with POST /api/v1/connections");
  return sdk::not_found_error(
      "sync.no_connection",
      (found.empty() ? "there is no connection '" : "several connections match '") + wanted + "'; known are " + known);
}

void print_progress(const std::string& state, const sdk::json::value& counts, const sdk::json::value& progress) {
  const auto count = [&](const char* name) {
    const auto* value = sdk::find_member(counts, name);
    return value != nullptr ? sdk::scalar_text(*value).value_or("0") : std::string("0");
  };
  const auto* done = sdk::find_member(progress, "resourcesDone");
  const auto* total = sdk::find_member(progress, "resourcesTotal");
  const long long part = done != nullptr && done->is_int64() ? done->as_int64() : 0;
  const long long whole = total != nullptr && total->is_int64() ? total->as_int64() : 0;
  std::string bar(20, '.');
  if (whole > 0)
    bar.replace(0, static_cast<std::size_t>(20 * part / whole), static_cast<std::size_t>(20 * part / whole), '#');
  std::printf("\r[%s] %-9s %-16s created %s  updated %s  unchanged %s  failed %s   ", bar.c_str(), state.c_str(),
              sdk::string_at(progress, "resource").c_str(), count("created").c_str(), count("updated").c_str(),
              count("unchanged").c_str(), count("failed").c_str());
  if (const auto* left = sdk::find_member(progress, "etaSeconds"); left != nullptr && left->is_int64()) {
    const auto* whole_run = sdk::find_member(progress, "etaOfAll");
    const bool more = whole_run == nullptr || !whole_run->is_bool() || !whole_run->get_bool();
    std::printf("about %lld s left%s   ", static_cast<long long>(left->get_int64()), more ? " or more" : "");
  }
  std::fflush(stdout);
}

sdk::Result<sdk::json::value> json_cell(const storage::Rows& rows, std::string_view column) {
  return sdk::parse_json(rows.text(0, column));
}

/// Looks at the run until it is over; its state.
sdk::Result<std::string> follow(storage::Database& database, const std::string& run_id) {
  base::StopSignal pause;
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  while (true) {
    PATCHBAY_ASSIGN(const auto rows,
                    database.query(storage::Lane::kInteractive,
                                   "select state, counts::text as counts, progress::text as progress, "
                                   "coalesce(error ->> 'message', '') as problem from sync_runs where id = $1",
                                   {run_id}));
    if (rows.empty()) return sdk::not_found_error("sync.no_run", "the run is gone");
    const std::string state = rows.text(0, "state");
    const bool over = state != "queued" && state != "running";
    PATCHBAY_ASSIGN(const auto counts, json_cell(rows, "counts"));
    PATCHBAY_ASSIGN(const auto progress, json_cell(rows, "progress"));
    if (terminal) print_progress(state, counts, progress);
    if (over) {
      std::printf("%s%s %s\n", terminal ? "\n" : "", state.c_str(), sdk::json::serialize(counts).c_str());
      if (!rows.text(0, "problem").empty()) std::fprintf(stderr, "error: %s\n", rows.text(0, "problem").c_str());
      return state;
    }
    pause.wait_for(kLookEvery);
  }
}

sdk::Result<int> run(Settings settings, const Arguments& arguments) {
  // This process does the work itself, beside a running hub or without one.
  settings.roles = {"worker"};
  base::StopSignal stop;
  PATCHBAY_ASSIGN(const auto platform, open_platform(std::move(settings), Servers::Ownership::kCommand, stop));
  PATCHBAY_ASSIGN(auto model, load_model(platform->settings));
  PATCHBAY_ASSIGN(const auto hub, Hub::make(*platform, std::move(model)));
  Hub::Parts& parts = hub->parts();
  PATCHBAY_ASSIGN(const auto connection, find_connection(parts.connections.store, arguments.operands.at(0)));
  sync::RunRequest request;
  request.connection_id = connection.id;
  request.mode = arguments.has("--full") ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
  request.resources.assign(arguments.operands.begin() + 1, arguments.operands.end());
  request.dry_run = arguments.has("--dry-run");
  request.trigger = "cli";
  PATCHBAY_TRY(sync::check_run_request(request, connection, parts.model->plugins));
  PATCHBAY_TRY(hub->start(Hub::Door::kClosed));
  std::optional<sync::RunStore::Queued> queued;
  PATCHBAY_TRY(
      platform->database->transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(queued, parts.work.runs.enqueue(session, request));
        return {};
      }));
  parts.work.runs.announce(*queued);
  std::printf("run %s of %s/%s\n", queued->run_id.c_str(), connection.connector.c_str(), connection.name.c_str());
  PATCHBAY_ASSIGN(const std::string state, follow(*platform->database, queued->run_id));
  hub->stop();
  platform->servers.stop();
  return state == "succeeded" ? kOk : kFailed;
}

}  // namespace

int sync_connection(const Arguments& arguments) {
  auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = run(std::move(*settings), arguments);
  return done.ok() ? *done : report(done.error());
}

}  // namespace patchbay::app::cli
