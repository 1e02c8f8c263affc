// The reading half of e-mail headers, and the encoded words of both halves.
#include "mime.hpp"

#include <algorithm>
#include <optional>

namespace patchbay::google {
namespace {

// "=?UTF-8?B?" and "?=" leave 63 of 75 characters, which are 45 bytes in base64.
constexpr std::size_t kWordBytesMax = 45;

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 128) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

/// The text of "Q" encoding: '_' is a blank, "=C3" a byte.
std::optional<std::string> decode_q(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '_') {
      out += ' ';
    } else if (text[at] != '=') {
      out += text[at];
    } else {
      const auto byte = sdk::hex_decode(text.substr(at + 1, 2));
      if (!byte.ok() || byte->size() != 1) return std::nullopt;
      out += *byte;
      at += 2;
    }
  }
  return out;
}

/// One "=?charset?B|Q?text?="; nullopt where it cannot be read.
std::optional<std::string> decode_word(std::string_view word) {
  const auto first = word.find('?', 2);
  const auto second = first == std::string_view::npos ? first : word.find('?', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::string charset(word.substr(2, first - 2));
  charset.resize(std::min(charset.find('*'), charset.size()));  // RFC 2231 puts a language behind
  const std::string_view text = word.substr(second + 1, word.size() - second - 3);
  const std::string_view kind = word.substr(first + 1, second - first - 1);
  std::optional<std::string> bytes;
  if (sdk::equals_ignoring_case(kind, "B")) {
    if (auto decoded = sdk::base64_decode(text); decoded.ok()) bytes = std::move(*decoded);
  } else if (sdk::equals_ignoring_case(kind, "Q")) {
    bytes = decode_q(text);
  }
  if (!bytes) return std::nullopt;
  if (sdk::equals_ignoring_case(charset, "ISO-8859-1") || sdk::equals_ignoring_case(charset, "WINDOWS-1252"))
    return latin1_to_utf8(*bytes);
  const bool utf8 = sdk::equals_ignoring_case(charset, "UTF-8") || sdk::equals_ignoring_case(charset, "US-ASCII");
  if (!utf8) return std::nullopt;
  return bytes;
}

/// Where the encoded word that begins at `start` ends (behind its "?="), or npos.
std::size_t end_of_word(std::string_view text, std::size_t start) {
  const auto charset = text.find('?', start + 2);
  const auto kind = charset == std::string_view::npos ? charset : text.find('?', charset + 1);
  const auto close = kind == std::string_view::npos ? kind : text.find("?=", kind + 1);
  return close == std::string_view::npos ? close : close + 2;
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 32 && c < 127; });
}

std::string encode_words(std::string_view text) {
  if (is_ascii(text) && text.find("=?") == std::string_view::npos) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t take = std::min(text.size(), kWordBytesMax);
    while (take < text.size() && take > 1 && (static_cast<unsigned char>(text[take]) & 0xC0) == 0x80) --take;
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + sdk::base64_encode(text.substr(0, take)) + "?=";
    text.remove_prefix(take);
  }
  return out;
}

std::string decode_words(std::string_view text) {
  std::string out;
  std::string between;  // blanks between two encoded words are not part of the text
  std::string pending;  // bytes of words in a row: a character may be cut by bad senders
  const auto flush = [&](bool keep_blanks) {
    out += pending;
    pending.clear();
    if (keep_blanks) out += between;
    between.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "=?") == 0) {
      const std::size_t end = end_of_word(text, at);
      const auto decoded = end == std::string_view::npos ? std::nullopt : decode_word(text.substr(at, end - at));
      if (decoded) {
        if (pending.empty()) flush(true);
        between.clear();
        pending += *decoded;
        at = end;
        continue;
      }
    }
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
      if (text[at] != '\r' && text[at] != '\n') between += text[at];
    } else {
      flush(true);
      out += text[at];
    }
    ++at;
  }
  flush(true);
  return sdk::is_utf8(out) ? out : latin1_to_utf8(out);
}

std::string address_of(std::string_view mailbox) {
  const auto open = mailbox.rfind('<');
  const auto close = mailbox.rfind('>');
  if (open != std::string_view::npos && close != std::string_view::npos && close > open)
    return std::string(mailbox.substr(open + 1, close - open - 1));
  const auto from = mailbox.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return std::string(mailbox.substr(from, mailbox.find_last_not_of(" \t") - from + 1));
}

std::vector<std::string> split_addresses(std::string_view list) {
  std::vector<std::string> mailboxes;
  std::string current;
  bool quoted = false;
  int comment = 0;
  const auto finish = [&] {
    const auto from = current.find_first_not_of(" \t\r\n");
    if (from != std::string::npos) mailboxes.push_back(current.substr(from));
    current.clear();
  };
  for (std::size_t at = 0; at < list.size(); ++at) {
    const char c = list[at];
    if (quoted && c == '\\' && at + 1 < list.size()) {
      current += c;
      current += list[++at];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && c == '(') ++comment;
    if (!quoted && c == ')') comment = std::max(0, comment - 1);
    if (c == ',' && !quoted && comment == 0) {
      finish();
    } else {
      current += c;
    }
  }
  finish();
  return mailboxes;
}

}  // namespace patchbay::google
