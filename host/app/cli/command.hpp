// One command of `patchbay`: a name, what it says of itself, and what it does. cli/commands.cpp has the list.
#pragma once

#include "app/settings.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::app::cli {

/// Exit codes that scripts rely on.
enum ExitCode { kOk = 0, kFailed = 1, kUsage = 2, kConfiguration = 3, kCannotReach = 4, kProblemsFound = 5 };

/// An option as it is typed: "--role ROLE" or, without a value, "--full".
struct OptionRule {
  std::string name;   // "--role"
  std::string value;  // "ROLE"; empty: a switch
  std::string help;
};

struct Arguments {
  std::map<std::string, std::string> options;  // switches have "yes"
  std::vector<std::string> operands;
  bool has(const std::string& name) const { return options.count(name) > 0; }
  std::string option(const std::string& name, std::string fallback = {}) const;
  std::optional<std::filesystem::path> config_file() const;
};

struct Command {
  std::string name;      // "user add"
  std::string operands;  // "CONNECTION [RESOURCE…]"
  std::string summary;   // one line for the list
  std::string help;      // further lines
  std::vector<OptionRule> options;
  std::size_t operands_min = 0, operands_max = 0;
  std::function<int(const Arguments&)> run;
  bool hidden = false;
};

const std::vector<Command>& commands();

/// Reads the words after the command's name; a message where they do not fit.
sdk::Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words);
std::string help_of(const Command& command);

/// Prints "error: …" and gives the code: what was typed wrongly (codes "cli.…") 2, configuration mistakes 3,
/// unreachable servers 4, else 1.
int report(const sdk::Error& error);

int run_command_line(int argc, char** argv);

}  // namespace patchbay::app::cli
