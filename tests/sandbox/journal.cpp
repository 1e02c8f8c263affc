#include "tests/sandbox/journal.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

namespace patchbay::sandbox {
namespace {

sdk::Error journal_error(const std::filesystem::path& path, const std::string& what) {
  return sdk::permanent_error("sandbox.journal", path.string() + ": " + what);
}

/// Own lines, so numbers stay as they are: sdk::parse_json would turn long ones into text.
std::optional<json::object> parse_line(const std::string& line) {
  boost::system::error_code code;
  auto value = json::parse(line, code);
  if (code || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

sdk::Result<void> cut_torn_line(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(0, std::ios::end);
  auto size = static_cast<std::streamoff>(in.tellg());
  while (size > 0) {
    in.seekg(size - 1);
    if (in.get() == '\n') break;
    --size;
  }
  std::error_code code;
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(size), code);
  if (code) return journal_error(path, code.message());
  return {};
}

/// Every member asked for must be as the folder has it; members the folder adds (the epoch) are its own.
sdk::Result<void> check_origin(const std::filesystem::path& path, const json::object& asked, const json::object& kept) {
  for (const auto& [name, value] : asked) {
    const auto* found = kept.if_contains(name);
    if (found != nullptr && (*found == value || name == "epoch")) continue;
    return journal_error(path, "holds the state of another data set (" + std::string(name) + " is " +
                                   (found != nullptr ? to_storage(*found) : "missing") + ", asked for " +
                                   to_storage(value) + "); use another --var or remove the folder");
  }
  return {};
}

}  // namespace

Journal::Journal(std::filesystem::path file, json::object origin, bool sync)
    : path_(std::move(file)), origin_(std::move(origin)), sync_(sync) {}

sdk::Result<std::unique_ptr<Journal>> Journal::open(Options options) {
  std::error_code code;
  std::filesystem::create_directories(options.directory, code);
  if (code) return journal_error(options.directory, code.message());
  const auto path = options.directory / "changes.jsonl";
  std::unique_ptr<Journal> journal(new Journal(path, options.origin, options.sync));
  PATCHBAY_TRY(journal->lock());
  if (std::filesystem::exists(path, code)) {
    PATCHBAY_TRY(cut_torn_line(path));
    std::ifstream in(path);
    std::string line;
    if (std::getline(in, line)) {
      auto kept = parse_line(line);
      if (!kept) return journal_error(path, "the first line is not the origin of the data");
      PATCHBAY_TRY(check_origin(path, options.origin, *kept));
      journal->origin_ = std::move(*kept);
      PATCHBAY_TRY(journal->open_for_append());
      return journal;
    }
  }
  PATCHBAY_TRY(journal->rewrite({}));
  return journal;
}

sdk::Result<void> Journal::lock() {
  const auto path = path_.parent_path() / "lock";
  lock_.reset(std::fopen(path.c_str(), "ae"));
  if (!lock_) return journal_error(path, std::strerror(errno));
  if (::flock(::fileno(lock_.get()), LOCK_EX | LOCK_NB) != 0)
    return journal_error(path, "another sandbox uses this folder");
  return {};
}

sdk::Result<void> Journal::open_for_append() {
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) return journal_error(path_, std::strerror(errno));
  return {};
}

sdk::Result<void> Journal::replay(const std::function<sdk::Result<void>(const json::object&)>& apply) const {
  std::ifstream in(path_);
  std::string line;
  std::getline(in, line);
  for (int number = 2; std::getline(in, line); ++number) {
    const auto change = parse_line(line);
    if (!change) return journal_error(path_, "line " + std::to_string(number) + " is damaged");
    PATCHBAY_TRY(apply(*change));
  }
  return {};
}

sdk::Result<void> Journal::append(const json::object& change) {
  const auto line = to_storage(change) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fflush(file_.get()) != 0) {
    return journal_error(path_, std::strerror(errno));
  }
  if (sync_ && ::fsync(::fileno(file_.get())) != 0) return journal_error(path_, std::strerror(errno));
  return {};
}

sdk::Result<void> Journal::rewrite(const std::vector<json::object>& changes) {
  const auto temporary = path_.string() + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << to_storage(origin_) << '\n';
    for (const auto& change : changes) out << to_storage(change) << '\n';
    out.flush();
    if (!out) return journal_error(temporary, "cannot write");
  }
  std::error_code code;
  std::filesystem::rename(temporary, path_, code);
  if (code) return journal_error(path_, code.message());
  return open_for_append();
}

}  // namespace patchbay::sandbox
