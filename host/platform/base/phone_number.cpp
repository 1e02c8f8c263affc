#include "platform/base/phone_number.hpp"

#include "platform/base/phone_regions.hpp"

#include <algorithm>
#include <array>

namespace patchbay::base {
namespace {

constexpr std::size_t kTextMax = 64;
constexpr std::size_t kInternationalDigitsMax = 15;  // E.164

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return lowered;
}

/// Cuts "ext. 12", "x12", "#12", ";ext=12" and ", 12" off.
std::string_view without_extension(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kMarks{"ext", "x", "#", ";", ","};
  std::size_t end = text.size();
  for (const std::string_view mark : kMarks) end = std::min(end, text.find(mark));
  return text.substr(0, end);
}

/// The digits of a number as it was written.
struct Written {
  bool international = false;  ///< Began with +.
  std::string digits;
};

std::optional<Written> read_digits(std::string_view text) {
  Written written;
  // "+44 (0)20 …": the trunk prefix in brackets is for callers inside the country.
  const auto bracketed = text.find("(0)");
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char character = text[index];
    if (is_digit(character)) {
      if (!(written.international && bracketed != std::string_view::npos && index == bracketed + 1)) {
        written.digits += character;
      }
    } else if (character == '+' && written.digits.empty() && !written.international) {
      written.international = true;
    } else if (std::string_view(" -./()\t").find(character) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  return written;
}

bool fits(const PhoneRegion& region, std::string_view national) {
  if (national.size() < region.digits_least || national.size() > region.digits_most) return false;
  // North America: area code and exchange both begin with 2 to 9.
  if (region.calling_code == "1") return national[0] >= '2' && national[3] >= '2';
  return region.trunk != "0" || national[0] != '0';
}

std::string international(const PhoneRegion& region, std::string_view national) {
  return "+" + std::string(region.calling_code) + std::string(national);
}

bool strip_prefix(std::string_view& digits, std::string_view prefix) {
  if (prefix.empty() || !digits.starts_with(prefix)) return false;
  digits.remove_prefix(prefix.size());
  return true;
}

/// Mexico dialled 044 and 045 before mobile numbers and +52 1 from abroad until 2020; such numbers are still in address
/// books.
std::string_view without_mexican_mobile_prefix(std::string_view national) {
  for (const std::string_view prefix : {"044", "045", "1"}) {
    if (national.size() == 10 + prefix.size() && strip_prefix(national, prefix)) break;
  }
  return national;
}

/// Brazil dials the two digits of a carrier between the trunk prefix and the area code.
std::string_view without_brazilian_carrier(std::string_view national) {
  if (national.size() == 12 || national.size() == 13) national.remove_prefix(2);
  return national;
}

std::optional<std::string> from_international(std::string_view digits) {
  const PhoneRegion* region = find_phone_region_by_digits(digits);
  if (region == nullptr || digits.size() > kInternationalDigitsMax + 1) return std::nullopt;
  std::string_view national = digits.substr(region->calling_code.size());
  // People leave the trunk prefix in: "+44 020 7946 0000".
  if (region->trunk == "0") strip_prefix(national, "0");
  if (region->country == "MX") national = without_mexican_mobile_prefix(national);
  const std::string number = international(*region, national);
  if (!fits(*region, national) || number.size() > kInternationalDigitsMax + 1) return std::nullopt;
  return number;
}

std::optional<std::string> from_national(const PhoneRegion& region, std::string_view digits) {
  std::string_view national = digits;
  const bool stripped = strip_prefix(national, region.trunk);
  if (stripped && region.country == "BR") national = without_brazilian_carrier(national);
  if (region.country == "MX") national = without_mexican_mobile_prefix(national);
  if (fits(region, national)) return international(region, national);
  // The trunk digit was the first of the number itself: Russian 800 numbers.
  if (stripped && fits(region, digits)) return international(region, digits);
  // Written with the calling code and without the plus.
  std::string_view rest = digits;
  if (strip_prefix(rest, region.calling_code) && fits(region, rest)) return international(region, rest);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> normalize_phone(std::string_view text, std::string_view region) {
  if (text.size() > kTextMax) return std::nullopt;
  const std::string lowered = lower(text);
  std::string_view number = lowered;
  strip_prefix(number, "tel:");
  const auto written = read_digits(without_extension(number));
  if (!written) return std::nullopt;
  std::string_view digits = written->digits;
  if (written->international) return from_international(digits);
  const PhoneRegion* home = find_phone_region(region);
  // An exit code only counts where a known number follows: 00 may also begin a mistyped national one.
  for (const std::string_view exit : {std::string_view("00"), home == nullptr ? std::string_view() : home->exit}) {
    std::string_view rest = digits;
    if (!strip_prefix(rest, exit)) continue;
    if (auto found = from_international(rest)) return found;
  }
  return home == nullptr ? std::nullopt : from_national(*home, digits);
}

}  // namespace patchbay::base
