#include "app/cli/command.hpp"

#include "platform/base/yaml.hpp"

#include <cstdio>

namespace patchbay::app::cli {
namespace {

const OptionRule kConfigOption{"--config", "FILE", "settings file that overrides the shipped defaults"};

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

std::string usage_line(const Command& command) {
  return "patchbay " + command.name + (command.options.empty() ? "" : " [options]") +
         (command.operands.empty() ? "" : " " + command.operands);
}

void print_overview() {
  std::string text =
      "Patchbay, an integration hub for service businesses.\n\nusage: patchbay COMMAND [options]\n\n"
      "With no settings at all the hub runs its own PostgreSQL and Redis below ./var; `patchbay serve` is the place to "
      "start.\n\n";
  for (const Command& command : commands()) {
    if (!command.hidden) text += "  " + padded(command.name, 16) + command.summary + "\n";
  }
  text +=
      "\n`patchbay COMMAND --help` tells more. Every setting has an environment name: http.port is "
      "PATCHBAY_HTTP_PORT.\n"
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 cannot reach a server, 5 a check found problems.\n";
  std::fputs(text.c_str(), stdout);
}

/// The command whose words the line begins with; how many words it took.
const Command* find_command(const std::vector<std::string>& words, std::size_t& taken) {
  for (std::size_t count : {2u, 1u}) {
    if (words.size() < count) continue;
    std::string name = words[0];
    for (std::size_t index = 1; index < count; ++index) name += " " + words[index];
    for (const Command& command : commands()) {
      if (command.name == name) {
        taken = count;
        return &command;
      }
    }
  }
  return nullptr;
}

/// The commands that begin with this word, as for `patchbay user`.
std::string group_overview(const std::string& word) {
  std::string text;
  for (const Command& command : commands()) {
    if (!command.hidden && command.name.starts_with(word + " "))
      text += "  " + padded(usage_line(command), 44) + command.summary + "\n";
  }
  return text.empty() ? text : "usage:\n" + text + "\n`patchbay " + word + " COMMAND --help` tells more.\n";
}

/// A group's own name shows its commands; asked for without a mistake, that is no error.
int show_group(const std::vector<std::string>& words, const std::string& overview) {
  const bool asked = words.size() == 2 && (words[1] == "--help" || words[1] == "-h");
  if (words.size() > 1 && !asked)
    std::fprintf(stderr, "error: there is no command '%s %s'\n", words[0].c_str(), words[1].c_str());
  std::fputs(overview.c_str(), asked ? stdout : stderr);
  return asked ? kOk : kUsage;
}

int unknown_command(const std::string& word) {
  std::vector<std::string> known;
  for (const Command& command : commands()) {
    if (!command.hidden) known.push_back(command.name.substr(0, command.name.find(' ')));
  }
  const std::string nearest = base::yaml::nearest_name(word, known);
  std::fprintf(stderr, "error: there is no command '%s'%s; `patchbay --help` lists them\n", word.c_str(),
               nearest.empty() ? "" : (" (did you mean '" + nearest + "'?)").c_str());
  return kUsage;
}

}  // namespace

std::string Arguments::option(const std::string& name, std::string fallback) const {
  const auto found = options.find(name);
  return found == options.end() ? std::move(fallback) : found->second;
}

std::optional<std::filesystem::path> Arguments::config_file() const {
  const std::string file = option("--config");
  if (file.empty()) return std::nullopt;
  return std::filesystem::path(file);
}

sdk::Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments;
  std::vector<OptionRule> rules = command.options;
  rules.push_back(kConfigOption);
  for (std::size_t index = 0; index < words.size(); ++index) {
    const std::string& word = words[index];
    if (word.size() < 2 || word[0] != '-') {
      arguments.operands.push_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const OptionRule& known) { return known.name == name; });
    if (rule == rules.end()) return sdk::invalid_error("cli.option", "unknown option '" + name + "'");
    if (rule->value.empty()) {
      arguments.options[name] = "yes";
    } else if (equals != std::string::npos) {
      arguments.options[name] = word.substr(equals + 1);
    } else if (index + 1 < words.size()) {
      arguments.options[name] = words[++index];
    } else {
      return sdk::invalid_error("cli.option", "option '" + name + "' needs a value: " + rule->value);
    }
  }
  if (arguments.operands.size() < command.operands_min || arguments.operands.size() > command.operands_max) {
    return sdk::invalid_error("cli.operands", "usage: " + usage_line(command));
  }
  return arguments;
}

std::string help_of(const Command& command) {
  std::string text = "usage: " + usage_line(command) + "\n\n" + command.summary + ".\n";
  if (!command.help.empty()) text += "\n" + command.help + "\n";
  text += "\noptions:\n";
  std::vector<OptionRule> rules = command.options;
  rules.push_back(kConfigOption);
  for (const OptionRule& rule : rules)
    text += "  " + padded(rule.name + (rule.value.empty() ? "" : " " + rule.value), 22) + rule.help + "\n";
  return text;
}

int report(const sdk::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  const std::string part = error.code.substr(0, error.code.find('.'));
  if (part == "cli") return kUsage;
  if (part == "settings" || part == "config" || part == "yaml" || part == "secrets" || part == "secret_box")
    return kConfiguration;
  if (error.error_class == sdk::ErrorClass::kTransient) return kCannotReach;
  return kFailed;
}

int run_command_line(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_overview();
    return words.empty() ? kUsage : kOk;
  }
  if (words[0] == "--version") {
    std::puts("patchbay " PATCHBAY_VERSION);
    return kOk;
  }
  std::size_t taken = 0;
  const Command* command = find_command(words, taken);
  if (command == nullptr) {
    const std::string group = group_overview(words[0]);
    return group.empty() ? unknown_command(words[0]) : show_group(words, group);
  }
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(taken), words.end());
  for (const std::string& word : rest) {
    if (word == "--help" || word == "-h") {
      std::fputs(help_of(*command).c_str(), stdout);
      return kOk;
    }
  }
  const auto arguments = parse_arguments(*command, rest);
  if (!arguments.ok()) {
    std::fprintf(stderr, "error: %s\n`patchbay %s --help` tells more\n", arguments.error().message.c_str(),
                 command->name.c_str());
    return kUsage;
  }
  return command->run(*arguments);
}

}  // namespace patchbay::app::cli
