#include "tests/sandbox/google/gmail.hpp"
#include "tests/sandbox/google/mail.hpp"
#include "tests/sandbox/google/replies.hpp"

#include <charconv>
#include <sstream>

namespace patchbay::sandbox::google {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         }) != text.end();
}

bool has_label(const json::object& message, std::string_view label) {
  for (const auto& item : message.at("labelIds").as_array()) {
    if (sdk::equals_ignoring_case(std::string_view(item.as_string()), label)) return true;
  }
  return false;
}

std::int64_t time_of(const json::object& message) {
  return std::strtoll(sdk::string_at(message, "internalDate").c_str(), nullptr, 10);
}

/// "2026/01/31", or seconds since 1970.
std::int64_t day_ms(std::string text) {
  if (text.find('/') == std::string::npos) return std::strtoll(text.c_str(), nullptr, 10) * 1000;
  std::replace(text.begin(), text.end(), '/', '-');
  return parse_iso(text).value_or(0);
}

bool meets_word(const json::object& message, const std::string& word, std::int64_t now_ms) {
  const auto& payload = message.at("payload").as_object();
  const auto colon = word.find(':');
  const auto name = word.substr(0, colon);
  const auto value = colon == std::string::npos ? std::string() : word.substr(colon + 1);
  if (colon == std::string::npos)
    return contains(header_of(payload, "Subject"), word) || contains(text_of(payload), word);
  if (name == "from" || name == "to" || name == "subject") return contains(header_of(payload, name), value);
  if (name == "rfc822msgid") {
    const auto id = header_of(payload, "Message-ID");
    return id == value || id == "<" + value + ">";
  }
  if (name == "is") return value == "unread" ? has_label(message, "UNREAD") : !has_label(message, "UNREAD");
  if (name == "in" || name == "label") return value == "anywhere" || has_label(message, value);
  if (name == "after") return time_of(message) >= day_ms(value);
  if (name == "before") return time_of(message) < day_ms(value);
  if (name == "newer_than") {
    int days = 0;
    std::from_chars(value.data(), value.data() + value.size(), days);
    return time_of(message) >= now_ms - days * 86'400'000LL;
  }
  return false;
}

}  // namespace

bool meets_search(const json::object& message, std::string_view search, std::int64_t now_ms) {
  std::istringstream words{std::string(search)};
  for (std::string word; words >> word;) {
    const bool without = word.size() > 1 && word[0] == '-';
    if (meets_word(message, without ? word.substr(1) : word, now_ms) == without) return false;
  }
  return true;
}

}  // namespace patchbay::sandbox::google
