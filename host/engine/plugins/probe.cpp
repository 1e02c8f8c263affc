#include "engine/plugins/probe.hpp"

#include "engine/plugins/elf_file.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/process/child_process.hpp"

#include <patchbay/sdk/json.hpp>

#include <fstream>
#include <iterator>

namespace patchbay::plugins {
namespace {

using Verdicts = std::map<std::filesystem::path, ProbeVerdict>;

sdk::json::object load_json(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const auto parsed = sdk::parse_json(text);
  return parsed.ok() && parsed->is_object() ? parsed->as_object() : sdk::json::object();
}

/// Written beside and renamed, so that a killed hub never leaves half a file.
void save_json(const std::filesystem::path& file, const sdk::json::object& content) {
  std::filesystem::path fresh = file;
  fresh += ".new";
  std::error_code failure;
  {
    std::ofstream stream(fresh, std::ios::trunc);
    stream << sdk::json::serialize(content) << "\n";
    if (!stream) return;
  }
  std::filesystem::rename(fresh, file, failure);
}

/// Spawns one child for `files`. Nothing for a file means that the child did not get through it.
Verdicts probe_in_child(const LoaderSettings& settings, const std::vector<std::filesystem::path>& files,
                        std::string& why) {
  const std::filesystem::path output =
      std::filesystem::temp_directory_path() / ("patchbay-probe-" + base::new_uuid() + ".json");
  process::SpawnSettings child;
  child.arguments = {settings.program.string(), "plugin-probe", output.string()};
  for (const auto& file : files) child.arguments.push_back(file.string());
  const auto status = process::run_to_end(child, settings.probe_limit);
  if (!status.ok()) {
    why = "it did not finish loading in time in a probe process";
  } else if (*status != 0) {
    why = "loading it ends the process (status " + std::to_string(*status) + " in a probe process)";
  }
  Verdicts verdicts;
  const sdk::json::object content = load_json(output);
  for (const auto& file : files) {
    const auto found = content.find(file.string());
    if (found == content.end()) continue;
    verdicts[file] = {sdk::string_at(found->value(), "accepted") == "yes", sdk::string_at(found->value(), "stage"),
                      sdk::string_at(found->value(), "message")};
  }
  std::error_code failure;
  std::filesystem::remove(output, failure);
  return verdicts;
}

}  // namespace

Verdicts probe_files(const LoaderSettings& settings, const std::vector<std::filesystem::path>& files) {
  sdk::json::object kept = settings.verdict_file.empty() ? sdk::json::object() : load_json(settings.verdict_file);
  Verdicts verdicts;
  std::map<std::filesystem::path, std::string> digests;
  std::vector<std::filesystem::path> fresh;
  for (const auto& file : files) {
    const auto digest = file_sha256(file);
    if (!digest.ok()) {
      verdicts[file] = {false, "file", file.string() + ": " + digest.error().message};
      continue;
    }
    digests[file] = *digest;
    if (kept.contains(*digest)) {
      verdicts[file] = {true, {}, {}};
    } else {
      fresh.push_back(file);
    }
  }
  std::string why;
  if (!fresh.empty()) verdicts.merge(probe_in_child(settings, fresh, why));
  for (const auto& file : fresh) {
    if (verdicts.count(file) == 0) {
      verdicts.merge(probe_in_child(settings, {file}, why));
      if (verdicts.count(file) == 0) verdicts[file] = {false, "probe", file.string() + ": " + why};
    }
    if (verdicts[file].accepted) kept[digests[file]] = file.filename().string();
  }
  if (!fresh.empty() && !settings.verdict_file.empty()) save_json(settings.verdict_file, kept);
  return verdicts;
}

int run_probe(const std::filesystem::path& output, const std::vector<std::filesystem::path>& files) {
  sdk::json::object content;
  for (const auto& file : files) {
    LoadProblem problem;
    const bool accepted = load_plugin(file, problem).has_value();
    content[file.string()] = {
        {"accepted", accepted ? "yes" : "no"}, {"stage", problem.stage}, {"message", problem.message}};
    // After each file: what a later one does to the process does not take the earlier verdicts along.
    save_json(output, content);
  }
  return 0;
}

}  // namespace patchbay::plugins
