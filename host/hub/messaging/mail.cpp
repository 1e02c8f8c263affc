#include "hub/messaging/mail.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace patchbay::messaging {
namespace {

constexpr std::size_t kLineBytes = 76;
constexpr std::size_t kWordBytes = 42;  // of UTF-8 in an encoded word: 56 of base64, 68 with its frame
constexpr std::size_t kAddressBytesMax = 254;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

/// A header's text: as it is where it is plain, else in encoded words that end between characters.
std::string header_text(std::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), is_control, ' ');
  if (is_plain(clean) && clean.find("=?") == std::string::npos && clean.size() <= 900) return clean;
  std::string encoded;
  for (std::string_view rest = clean; !rest.empty();) {
    std::size_t size = std::min(kWordBytes, rest.size());
    while (size < rest.size() && size > 1 && (static_cast<unsigned char>(rest[size]) & 0xC0) == 0x80) --size;
    encoded += (encoded.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + sdk::base64_encode(rest.substr(0, size)) + "?=";
    rest.remove_prefix(size);
  }
  return encoded;
}

std::string header_address(const MailAddress& address) {
  if (address.name.empty()) return address.address;
  if (!is_plain(address.name)) return header_text(address.name) + " <" + address.address + ">";
  std::string quoted;
  for (const char c : address.name) quoted += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string(1, c);
  return "\"" + quoted + "\" <" + address.address + ">";
}

std::string base64_lines(std::string_view bytes) {
  const std::string encoded = sdk::base64_encode(bytes);
  std::string lines;
  for (std::size_t at = 0; at < encoded.size(); at += kLineBytes) lines += encoded.substr(at, kLineBytes) + "\r\n";
  return lines;
}

/// Lines of text end with CR LF on the wire.
std::string wire_text(std::string_view text) {
  std::string wire;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    if (text[at] == '\n' || text[at] == '\r') {
      wire += "\r\n";
    } else {
      wire += text[at];
    }
  }
  return wire;
}

std::string part(std::string_view type, std::string_view bytes, std::string_view more_headers = {}) {
  return "Content-Type: " + std::string(type) + "\r\n" + std::string(more_headers) +
         "Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(bytes);
}

std::string multipart(std::string_view kind, const std::string& boundary, const std::vector<std::string>& parts) {
  std::string whole = "Content-Type: multipart/" + std::string(kind) + "; boundary=\"" + boundary + "\"\r\n\r\n";
  for (const std::string& one : parts) whole += "--" + boundary + "\r\n" + one + "\r\n";
  return whole + "--" + boundary + "--\r\n";
}

/// A boundary that base64 cannot hold.
std::string boundary_of(const Mail& mail, std::string_view which) {
  return "=_" + sdk::hex_encode(base::sha256(mail.message_id + std::string(which))).substr(0, 32);
}

std::string content_of(const Mail& mail) {
  const std::string text = part("text/plain; charset=utf-8", wire_text(mail.text));
  if (mail.html.empty()) return text;
  return multipart("alternative", boundary_of(mail, "alternative"),
                   {text, part("text/html; charset=utf-8", wire_text(mail.html))});
}

/// type/subtype of letters, digits and the marks that types are made of.
bool is_content_type(std::string_view type) {
  const auto slash = type.find('/');
  const bool plain = std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("/.+-_").find(c) != std::string_view::npos;
  });
  return plain && slash != std::string_view::npos && slash > 0 && slash + 1 < type.size() && type.rfind('/') == slash;
}

std::string attachment_part(const sdk::MessageAttachment& attachment) {
  const std::string type =
      is_content_type(attachment.content_type) ? attachment.content_type : "application/octet-stream";
  // RFC 2231: any name, as percent-encoded UTF-8.
  const std::string disposition =
      "Content-Disposition: attachment; filename*=UTF-8''" + sdk::url_encode(attachment.name) + "\r\n";
  return part(type, attachment.content, disposition);
}

std::string date_text(sdk::SystemTime time) {
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

bool is_address(std::string_view address) {
  const auto at = address.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < address.size() && address.size() <= kAddressBytesMax &&
         is_plain(address) && address.find_first_of(" <>\"(),;:\\") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

sdk::Result<MailAddress> parse_mail_address(std::string_view text) {
  text = trimmed(text);
  MailAddress parsed;
  if (const auto open = text.rfind('<'); open != std::string_view::npos && text.ends_with('>')) {
    std::string_view name = trimmed(text.substr(0, open));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    parsed.name = name;
    text = text.substr(open + 1, text.size() - open - 2);
  }
  parsed.address = text;
  if (!is_address(text) || std::any_of(parsed.name.begin(), parsed.name.end(), is_control) ||
      !sdk::is_utf8(parsed.name))
    return sdk::invalid_error("mail.address", "This is no e-mail address.");
  return parsed;
}

std::string compose(const Mail& mail) {
  std::string recipients;
  for (const MailAddress& to : mail.to) recipients += (recipients.empty() ? "" : ",\r\n ") + header_address(to);
  std::string whole = "Date: " + date_text(mail.date) + "\r\nFrom: " + header_address(mail.from) +
                      "\r\nTo: " + recipients + "\r\nSubject: " + header_text(mail.subject) +
                      "\r\nMessage-ID: " + header_text(mail.message_id) + "\r\n";
  if (!mail.in_reply_to.empty() && is_plain(mail.in_reply_to))
    whole += "In-Reply-To: " + mail.in_reply_to + "\r\nReferences: " + mail.in_reply_to + "\r\n";
  whole += "MIME-Version: 1.0\r\n";
  if (mail.attachments.empty()) return whole + content_of(mail);
  std::vector<std::string> parts{content_of(mail)};
  for (const auto& attachment : mail.attachments) parts.push_back(attachment_part(attachment));
  return whole + multipart("mixed", boundary_of(mail, "mixed"), parts);
}

}  // namespace patchbay::messaging
