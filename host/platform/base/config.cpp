#include "platform/base/config.hpp"

#include "platform/base/setting_kind.hpp"
#include "platform/base/shipped_config.hpp"
#include "platform/base/yaml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <unistd.h>

namespace patchbay::base {
namespace {

constexpr std::string_view kShippedName = "config/patchbay.yaml";
constexpr std::string_view kPrefix = "PATCHBAY_";
// Read by the build, not by the hub, and often still in a developer's environment.
constexpr std::array<std::string_view, 2> kBuildVariables{"PATCHBAY_SANITIZER", "PATCHBAY_CCACHE"};

/// A leaf of a settings file.
struct Leaf {
  std::string key;
  const yaml::Node* node;
};

void collect_leaves(const yaml::Node& node, const std::string& prefix, std::vector<Leaf>& leaves) {
  for (const auto& [name, member] : node.members) {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    if (member.kind == yaml::Node::Kind::kMap) {
      collect_leaves(member, key, leaves);
    } else {
      leaves.push_back({key, &member});
    }
  }
}

/// The `# …` at the end of a line, without the mark.
std::string trailing_comment(std::string_view text, int line) {
  for (int skipped = 1; skipped < line; ++skipped) text.remove_prefix(text.find('\n') + 1);
  text = text.substr(0, text.find('\n'));
  const auto mark = text.rfind(" # ");
  return mark == std::string_view::npos ? std::string() : std::string(text.substr(mark + 3));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto begin = item.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    items.emplace_back(item.substr(begin, item.find_last_not_of(" \t") - begin + 1));
  }
  return items;
}

std::string join_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

sdk::Error config_error(const std::string& where, const std::string& what, const std::string& key = {}) {
  return sdk::invalid_error("config.invalid", where + ": " + what,
                            key.empty() ? std::nullopt : std::optional<std::string>(key));
}

std::string suggestion(const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = yaml::nearest_name(name, known);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

/// What a file says of one setting: scalars as their text, lists as items.
struct Reading {
  std::string text;
  std::vector<std::string> items;
};

sdk::Result<Reading> read_leaf(const Leaf& leaf, const SettingKind& kind) {
  if (kind.is_list()) {
    PATCHBAY_ASSIGN(auto items, leaf.node->texts());
    // One scalar may hold several, as in the environment.
    if (leaf.node->kind == yaml::Node::Kind::kScalar) items = split_list(leaf.node->scalar);
    return Reading{join_list(items), items};
  }
  if (leaf.node->is_null()) return Reading{};
  if (kind.name() == "boolean") {
    PATCHBAY_ASSIGN(const bool flag, leaf.node->boolean());
    return Reading{flag ? "true" : "false", {}};
  }
  PATCHBAY_ASSIGN(std::string text, leaf.node->text());
  return Reading{std::move(text), {}};
}

sdk::Result<Reading> read_variable(const std::string& text, const SettingKind& kind) {
  if (kind.is_list()) {
    auto items = split_list(text);
    return Reading{join_list(items), std::move(items)};
  }
  return Reading{text, {}};
}

sdk::Result<void> check_reading(const Reading& reading, const SettingKind& kind, const std::string& where,
                                const std::string& key) {
  const auto check_one = [&](const std::string& text) -> sdk::Result<void> {
    const auto checked = kind.check(text);
    // The value is not repeated: it may be a secret in the wrong place.
    if (!checked.ok()) return config_error(where, key + ": " + checked.error().message, key);
    return {};
  };
  if (!kind.is_list()) return check_one(reading.text);
  for (const std::string& item : reading.items) PATCHBAY_TRY(check_one(item));
  return {};
}

}  // namespace

/// Puts the three layers on top of each other.
class ConfigLoader {
 public:
  sdk::Result<void> load_shipped() {
    PATCHBAY_ASSIGN(const yaml::Node root, yaml::parse(shipped_config(), kShippedName));
    std::vector<Leaf> leaves;
    collect_leaves(root, "", leaves);
    for (const Leaf& leaf : leaves) {
      auto kind = SettingKind::parse(trailing_comment(shipped_config(), leaf.node->key_place.line));
      if (!kind.ok()) return config_error(leaf.node->key_place.text(), kind.error().message, leaf.key);
      names_.push_back(leaf.key);
      kinds_.emplace(leaf.key, std::move(kind).value());
      PATCHBAY_TRY(apply(leaf, "default"));
    }
    return {};
  }

  sdk::Result<void> load_file(const std::filesystem::path& file) {
    PATCHBAY_ASSIGN(const yaml::Node root, yaml::load_file(file));
    if (root.kind != yaml::Node::Kind::kMap && !root.is_null()) {
      return config_error(root.place.text(), "a map of settings is expected");
    }
    std::vector<Leaf> leaves;
    collect_leaves(root, "", leaves);
    for (const Leaf& leaf : leaves) {
      const std::string where = leaf.node->key_place.text();
      if (!kinds_.contains(leaf.key)) {
        // A section without content ("http:") sets nothing.
        if (leaf.node->is_null() && is_section(leaf.key)) continue;
        return config_error(where, "unknown setting '" + leaf.key + "'" + suggestion(leaf.key, names_), leaf.key);
      }
      PATCHBAY_TRY(apply(leaf, where));
    }
    return {};
  }

  sdk::Result<void> load_environment(const Config::Environment& environment) {
    std::map<std::string, std::string> keys;
    std::vector<std::string> variables;
    for (const std::string& key : names_) {
      variables.push_back(Config::environment_name(key));
      keys.emplace(variables.back(), key);
    }
    for (const auto& [variable, text] : environment) {
      const bool of_build =
          std::find(kBuildVariables.begin(), kBuildVariables.end(), variable) != kBuildVariables.end();
      if (!variable.starts_with(kPrefix) || of_build) continue;
      const auto key = keys.find(variable);
      if (key == keys.end()) return config_error(variable, "unknown setting" + suggestion(variable, variables));
      if (text.empty()) continue;
      const SettingKind& kind = kinds_.at(key->second);
      PATCHBAY_ASSIGN(Reading reading, read_variable(text, kind));
      PATCHBAY_TRY(store(key->second, std::move(reading), variable));
    }
    return {};
  }

  std::map<std::string, Config::Value, std::less<>> take() { return std::move(values_); }

 private:
  bool is_section(const std::string& key) const {
    return std::any_of(names_.begin(), names_.end(),
                       [&](const std::string& name) { return name.starts_with(key + "."); });
  }

  sdk::Result<void> apply(const Leaf& leaf, const std::string& origin) {
    auto reading = read_leaf(leaf, kinds_.at(leaf.key));
    if (!reading.ok())
      return config_error(leaf.node->key_place.text(), leaf.key + ": " + reading.error().message, leaf.key);
    return store(leaf.key, std::move(reading).value(), origin);
  }

  sdk::Result<void> store(const std::string& key, Reading reading, const std::string& origin) {
    const SettingKind& kind = kinds_.at(key);
    PATCHBAY_TRY(check_reading(reading, kind, origin, key));
    values_[key] = {std::move(reading.text), std::move(reading.items), kind.name(), origin};
    return {};
  }

  std::vector<std::string> names_;
  std::map<std::string, SettingKind> kinds_;
  std::map<std::string, Config::Value, std::less<>> values_;
};

sdk::Result<Config> Config::load(const std::optional<std::filesystem::path>& file, const Environment& environment) {
  ConfigLoader loader;
  PATCHBAY_TRY(loader.load_shipped());
  if (file) PATCHBAY_TRY(loader.load_file(*file));
  PATCHBAY_TRY(loader.load_environment(environment));
  Config config;
  config.values_ = loader.take();
  return config;
}

Config::Environment Config::process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && text.starts_with(kPrefix)) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

std::string Config::environment_name(std::string_view key) {
  std::string name(kPrefix);
  for (const char character : key) {
    const bool lower = character >= 'a' && character <= 'z';
    name += character == '.' ? '_' : lower ? static_cast<char>(character - 'a' + 'A') : character;
  }
  return name;
}

const Config::Value& Config::value(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) throw std::logic_error("there is no setting " + std::string(key));
  return found->second;
}

std::string Config::text(std::string_view key) const {
  return value(key).text;
}

bool Config::flag(std::string_view key) const {
  return value(key).text == "true";
}

long long Config::integer(std::string_view key) const {
  const std::string& text = value(key).text;
  long long number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::chrono::milliseconds Config::duration(std::string_view key) const {
  return parse_duration(value(key).text).value();
}

std::uint64_t Config::bytes(std::string_view key) const {
  return parse_bytes(value(key).text).value();
}

std::vector<std::string> Config::list(std::string_view key) const {
  return value(key).items;
}

std::string Config::origin(std::string_view key) const {
  return value(key).origin;
}

std::vector<std::string> Config::keys() const {
  std::vector<std::string> keys;
  keys.reserve(values_.size());
  for (const auto& [key, unused] : values_) keys.push_back(key);
  return keys;
}

}  // namespace patchbay::base
