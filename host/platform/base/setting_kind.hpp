// What a setting may hold, as the trailing comment in config/patchbay.yaml declares it: `# integer 1..65535`.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::base {

/// Kind and bounds of one setting.
class SettingKind {
 public:
  /// Reads "<kind>", "<kind> a|b|c" or "<kind> least..most"; kind is string, boolean, integer, duration, bytes or list.
  static sdk::Result<SettingKind> parse(std::string_view comment);

  const std::string& name() const { return name_; }
  bool is_list() const { return name_ == "list"; }
  /// Whether `text` is a value of this kind within its bounds; the message says what was expected. Empty is "not set"
  /// for strings.
  sdk::Result<void> check(std::string_view text) const;

 private:
  sdk::Result<void> check_words(std::string_view text) const;
  sdk::Result<void> check_range(std::string_view text) const;
  /// The value as a number in the kind's unit (milliseconds, bytes).
  sdk::Result<long long> measure(std::string_view text) const;

  std::string name_;
  std::vector<std::string> words_;
  std::string least_;
  std::string most_;
};

}  // namespace patchbay::base
