// A small generator whose numbers depend on the seed alone: the standard distributions differ between libraries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::sandbox {

/// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// 0 .. bound-1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  double fraction() { return static_cast<double>(next() >> 11) / 9007199254740992.0; }
  bool chance(double probability) { return fraction() < probability; }
  template <typename Container>
  const auto& pick(const Container& items) {
    return items[static_cast<std::size_t>(below(items.size()))];
  }
  /// Letters and digits, as service ids are made of.
  std::string letters_and_digits(std::size_t length) {
    static constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string text;
    while (text.size() < length) text += kAlphabet[static_cast<std::size_t>(below(kAlphabet.size()))];
    return text;
  }

 private:
  std::uint64_t state_;
};

/// A generator of its own for one purpose, so that more draws in one place move nothing elsewhere.
inline Random derived_random(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0) {
  std::uint64_t hash = 1469598103934665603ULL ^ (seed * 0x9E3779B97F4A7C15ULL) ^ (index * 0xD6E8FEB86659FD93ULL);
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return Random(hash);
}

}  // namespace patchbay::sandbox
