#include "platform/base/ids.hpp"

#include "platform/base/sodium.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace patchbay::base {
namespace {

constexpr std::uint16_t kCounterMax = 0x0FFF;
constexpr std::uint16_t kCounterStartMask = 0x07FF;  // Room to count up within the millisecond.

/// Random bytes for many ids by one system call.
class RandomBytes {
 public:
  template <std::size_t kCount>
  void fill(std::array<std::uint8_t, kCount>& target) {
    static_assert(kCount <= kSize);
    if (used_ + kCount > kSize) {
      require_sodium();
      randombytes_buf(bytes_.data(), kSize);
      used_ = 0;
    }
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), kCount, target.begin());
    used_ += kCount;
  }

 private:
  static constexpr std::size_t kSize = 640;
  std::array<std::uint8_t, kSize> bytes_{};
  std::size_t used_ = kSize;
};

/// Ids of one thread rise even within a millisecond and when the clock is set back.
struct Sequence {
  RandomBytes random;
  std::uint64_t last_millisecond = 0;
  std::uint16_t counter = 0;

  void advance(std::uint64_t now, std::uint16_t random_bits) {
    if (now > last_millisecond) {
      last_millisecond = now;
      counter = random_bits & kCounterStartMask;
    } else if (counter < kCounterMax) {
      ++counter;
    } else {
      ++last_millisecond;
      counter = random_bits & kCounterStartMask;
    }
  }
};

std::string format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  const std::string digits =
      sdk::hex_encode(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string text;
  text.reserve(36);
  for (std::size_t index = 0; index < digits.size(); ++index) {
    if (index == 8 || index == 12 || index == 16 || index == 20) text += '-';
    text += digits[index];
  }
  return text;
}

}  // namespace

std::string new_uuid() {
  thread_local Sequence sequence;
  std::array<std::uint8_t, 10> random{};
  sequence.random.fill(random);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  sequence.advance(static_cast<std::uint64_t>(now.count()), static_cast<std::uint16_t>(random[0] << 8 | random[1]));

  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t index = 0; index < 6; ++index) {
    bytes[index] = static_cast<std::uint8_t>(sequence.last_millisecond >> (40 - 8 * index));
  }
  bytes[6] = static_cast<std::uint8_t>(0x70 | sequence.counter >> 8);
  bytes[7] = static_cast<std::uint8_t>(sequence.counter);
  std::copy_n(random.begin() + 2, 8, bytes.begin() + 8);
  bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3F));
  return format_uuid(bytes);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char character = text[index];
    const bool dash = index == 8 || index == 13 || index == 18 || index == 23;
    const bool hex = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f') ||
                     (character >= 'A' && character <= 'F');
    if (dash ? character != '-' : !hex) return false;
  }
  return true;
}

std::string random_token(std::size_t byte_count) {
  require_sodium();
  std::string bytes(byte_count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return sdk::base64url_encode(bytes);
}

}  // namespace patchbay::base
