#include "app/cli/replay.hpp"

#include "app/platform.hpp"
#include "engine/queue/dead_letters.hpp"
#include "engine/queue/road.hpp"
#include "engine/queue/work_queue.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace patchbay::app::cli {
namespace {

sdk::Result<std::int64_t> parse_id(const std::string& text) {
  std::int64_t id = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || id <= 0) {
    return sdk::invalid_error("cli.id",
                              "'" + text + "' is no id; GET /api/v1/webhook-events and /dead-letters show them");
  }
  return id;
}

sdk::Result<int> replay(Settings settings, const Arguments& arguments) {
  base::StopSignal stop;
  PATCHBAY_ASSIGN(const auto platform, open_platform(std::move(settings), Servers::Ownership::kCommand, stop));
  queue::Road road(*platform->redis, platform->metrics);
  road.start();
  queue::PgWorkQueue queue(road);
  const queue::DeadLetters dead_letters(*platform->database, queue);
  int failed = 0;
  if (arguments.has("--dead")) {
    queue::DeadLetterFilter filter;
    filter.kind = arguments.option("--kind");
    PATCHBAY_ASSIGN(const std::size_t count, dead_letters.retry_all(filter));
    std::printf("%zu dead letter%s put back to work\n", count, count == 1 ? "" : "s");
  }
  for (const std::string& operand : arguments.operands) {
    PATCHBAY_ASSIGN(const std::int64_t id, parse_id(operand));
    const auto done = dead_letters.replay(id, arguments.option("--kind", "webhook"));
    if (done.ok()) {
      std::printf("%s is worked on again\n", operand.c_str());
    } else {
      std::fprintf(stderr, "error: %s: %s\n", operand.c_str(), done.error().message.c_str());
      ++failed;
    }
  }
  road.stop();
  platform->servers.stop();
  return failed == 0 ? kOk : kFailed;
}

}  // namespace

int replay_work(const Arguments& arguments) {
  if (arguments.operands.empty() && !arguments.has("--dead")) {
    std::fputs("error: name events by id, or --dead for all dead letters; `patchbay replay --help` tells more\n",
               stderr);
    return kUsage;
  }
  const std::string kind = arguments.option("--kind", "webhook");
  if (std::find(queue::kWorkKinds.begin(), queue::kWorkKinds.end(), kind) == queue::kWorkKinds.end()) {
    std::string known;
    for (const std::string_view name : queue::kWorkKinds) known += (known.empty() ? "" : ", ") + std::string(name);
    return report(sdk::invalid_error("cli.kind", "there is no kind '" + kind + "'; kinds are " + known));
  }
  for (const std::string& operand : arguments.operands) {
    if (const auto id = parse_id(operand); !id.ok()) return report(id.error());
  }
  auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = replay(std::move(*settings), arguments);
  return done.ok() ? *done : report(done.error());
}

}  // namespace patchbay::app::cli
