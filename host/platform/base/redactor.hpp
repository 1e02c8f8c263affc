// Replaces known secrets in a text, in a time that does not grow with the number of secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchbay::base {

/// Thread-safe. Remembers the last `secrets_max` secrets; shorter ones than kShortest are not taken, because they would
/// black out ordinary text.
class Redactor {
 public:
  static constexpr std::size_t kShortest = 6;

  explicit Redactor(std::size_t secrets_max) : secrets_max_(secrets_max) {}
  /// Also hides the forms that the secret takes inside JSON and in a URL.
  void add(std::string_view secret);
  std::string redact(std::string text) const;

 private:
  void add_form(std::string form);
  void forget_oldest();

  const std::size_t secrets_max_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> forms_by_prefix_;
  std::deque<std::string> in_order_;
};

}  // namespace patchbay::base
