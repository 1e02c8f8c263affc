// ISO 8601 times and the variants that services really send.
#include <patchbay/sdk/encoding.hpp>

#include <cstdio>

namespace patchbay::sdk {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Reads a text from left to right; every take_ tells whether it could.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take_number(std::size_t digits, int& number) {
    if (rest_.size() < digits) return false;
    number = 0;
    for (std::size_t index = 0; index < digits; ++index) {
      if (rest_[index] < '0' || rest_[index] > '9') return false;
      number = number * 10 + (rest_[index] - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool take_fraction(nanoseconds& fraction) {
    long long scale = 100'000'000;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      fraction += nanoseconds((rest_[count] - '0') * scale);
      scale /= 10;
    }
    rest_.remove_prefix(count);
    return count > 0;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool take_date(Scanner& scanner, std::chrono::sys_days& date) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!scanner.take_number(4, year) || !scanner.take("-") || !scanner.take_number(2, month) || !scanner.take("-") ||
      !scanner.take_number(2, day)) {
    return false;
  }
  const std::chrono::year_month_day parts{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day))};
  date = std::chrono::sys_days(parts);
  return parts.ok();
}

bool take_time_of_day(Scanner& scanner, nanoseconds& time) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!scanner.take_number(2, hour) || !scanner.take(":") || !scanner.take_number(2, minute)) return false;
  if (scanner.take(":") && !scanner.take_number(2, second)) return false;
  time = hours(hour) + minutes(minute) + seconds(second);
  if ((scanner.take(".") || scanner.take(",")) && !scanner.take_fraction(time)) return false;
  // 60 is a leap second and 24:00 the end of a day; both are the first moment after.
  return minute < 60 && second <= 60 && (hour < 24 || (hour == 24 && time == hours(24)));
}

bool take_zone(Scanner& scanner, minutes& offset) {
  if (scanner.at_end()) return true;
  scanner.take(" ");
  if (scanner.take("Z") || scanner.take("z") || scanner.take("UTC") || scanner.take("GMT")) return true;
  const bool negative = scanner.take("-");
  if (!negative && !scanner.take("+")) return false;
  int hour = 0;
  int minute = 0;
  if (!scanner.take_number(2, hour)) return false;
  scanner.take(":");
  if (!scanner.at_end() && !scanner.take_number(2, minute)) return false;
  if (hour > 18 || minute > 59) return false;
  offset = (hours(hour) + minutes(minute)) * (negative ? -1 : 1);
  return true;
}

}  // namespace

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto in_day = std::chrono::floor<std::chrono::milliseconds>(time - day);
  const std::chrono::hh_mm_ss clock(in_day);
  char text[64];
  const int length =
      std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(text, static_cast<std::size_t>(length));
}

Result<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
  Scanner scanner(text);
  std::chrono::sys_days date;
  nanoseconds time_of_day{0};
  minutes offset{0};
  bool valid = take_date(scanner, date);
  if (valid && !scanner.at_end()) {
    valid = (scanner.take("T") || scanner.take("t") || scanner.take(" ")) && take_time_of_day(scanner, time_of_day) &&
            take_zone(scanner, offset) && scanner.at_end();
  }
  if (!valid) return invalid_error("encoding.time", "The text is not an ISO 8601 date or time.");
  // system_clock counts nanoseconds in 64 bits: a year outside this range would wrap round.
  const int year = static_cast<int>(std::chrono::year_month_day(date).year());
  if (year < 1678 || year > 2261) return invalid_error("encoding.time_range", "The year must be within 1678 and 2261.");
  return std::chrono::time_point_cast<std::chrono::system_clock::duration>(date + time_of_day - offset);
}

}  // namespace patchbay::sdk
