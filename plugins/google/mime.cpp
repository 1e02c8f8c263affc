#include "mime.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

namespace patchbay::google {
namespace {

constexpr std::size_t kLineMax = 76;
constexpr std::size_t kPlainLineMax = 998;

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

/// Base64 in lines of 76 characters.
std::string wrapped_base64(std::string_view bytes) {
  const std::string whole = sdk::base64_encode(bytes);
  std::string text;
  text.reserve(whole.size() + whole.size() / kLineMax * 2 + 2);
  for (std::size_t at = 0; at < whole.size(); at += kLineMax) text += whole.substr(at, kLineMax) + "\r\n";
  return text;
}

/// Line ends as mail has them, whatever they were.
std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    out += text[at] == '\n' || text[at] == '\r' ? std::string("\r\n") : std::string(1, text[at]);
  }
  return out;
}

bool fits_seven_bits(std::string_view text) {
  std::size_t line = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) > 126 || c == '\0') return false;
    line = c == '\n' ? 0 : line + 1;
    if (line > kPlainLineMax) return false;
  }
  return true;
}

/// One part: its headers, an empty line, its content.
std::string text_part(const std::string& type, const std::string& text) {
  const std::string lines = with_crlf(text);
  const std::string headers = "Content-Type: " + type + "; charset=UTF-8\r\n";
  if (fits_seven_bits(lines)) return headers + "Content-Transfer-Encoding: 7bit\r\n\r\n" + lines + "\r\n";
  return headers + "Content-Transfer-Encoding: base64\r\n\r\n" + wrapped_base64(lines);
}

/// RFC 2231: a plain name for old readers, the true one beside it.
std::string file_name_parameter(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool safe = byte >= 32 && byte < 127 && c != '"' && c != '\\';
    if ((byte & 0xC0) != 0x80) plain += safe ? c : '_';  // one mark for each character
  }
  std::string parameter = "filename=\"" + plain + "\"";
  if (plain != name) parameter += ";\r\n filename*=UTF-8''" + sdk::url_encode(name);
  return parameter;
}

std::string attachment_part(const sdk::MessageAttachment& attachment) {
  const std::string type = attachment.content_type.empty() ? "application/octet-stream" : attachment.content_type;
  return "Content-Type: " + type + "\r\nContent-Disposition: attachment; " + file_name_parameter(attachment.name) +
         "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrapped_base64(attachment.content);
}

/// "=_" occurs in no base64; a text is looked through.
std::string free_boundary(const std::vector<std::string>& parts) {
  for (int number = 0;; ++number) {
    const std::string boundary = "=_patchbay_" + std::to_string(number);
    const bool taken = std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return part.find("--" + boundary) != std::string::npos;
    });
    if (!taken) return boundary;
  }
}

std::string multipart(const std::string& kind, const std::vector<std::string>& parts) {
  const std::string boundary = free_boundary(parts);
  std::string text = "Content-Type: multipart/" + kind + "; boundary=\"" + boundary + "\"\r\n\r\n";
  for (const std::string& part : parts) text += "--" + boundary + "\r\n" + part + "\r\n";
  return text + "--" + boundary + "--\r\n";
}

std::string mail_content(const sdk::OutgoingMessage& message) {
  std::string content = text_part("text/plain", message.text);
  if (!message.html.empty()) {
    const std::string html = text_part("text/html", message.html);
    content = message.text.empty() ? html : multipart("alternative", {content, html});
  }
  if (message.attachments.empty()) return content;
  std::vector<std::string> parts{std::move(content)};
  for (const auto& attachment : message.attachments) parts.push_back(attachment_part(attachment));
  return multipart("mixed", parts);
}

/// "Zoë <zoe@x.io>" → "=?UTF-8?B?Wm/Dqw==?= <zoe@x.io>".
sdk::Result<std::string> encode_mailbox(const std::string& mailbox, const char* field) {
  const std::string address = address_of(mailbox);
  const auto at = address.find('@');
  if (has_line_break(mailbox) || !is_ascii(address) || at == std::string::npos || at == 0 || at + 1 == address.size() ||
      address.find_first_of(" ,;<>\"") != std::string::npos)
    return sdk::invalid_error("google.address", "'" + std::string(field) + "' holds no usable e-mail address", field);
  const auto open = mailbox.rfind('<');
  if (open == std::string::npos) return address;
  std::string name = mailbox.substr(0, open);
  while (!name.empty() && (name.back() == ' ' || name.back() == '"')) name.pop_back();
  name.erase(0, std::min(name.find_first_not_of(" \""), name.size()));
  if (name.empty()) return address;
  if (!is_ascii(name)) return encode_words(name) + " <" + address + ">";
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == ' '; });
  if (plain) return name + " <" + address + ">";
  std::string quoted;
  for (const char c : name) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return "\"" + quoted + "\" <" + address + ">";
}

sdk::Result<void> add_addresses(const char* header, const std::vector<std::string>& mailboxes, const char* field,
                                std::string& headers) {
  std::string line;
  for (const std::string& mailbox : mailboxes) {
    PATCHBAY_ASSIGN(const std::string encoded, encode_mailbox(mailbox, field));
    line += (line.empty() ? "" : ",\r\n ") + encoded;
  }
  if (!line.empty()) headers += std::string(header) + ": " + line + "\r\n";
  return {};
}

/// Texts of an option: one, or a list.
std::vector<std::string> texts_of(const sdk::json::object& options, const char* name) {
  std::vector<std::string> texts;
  const auto* value = options.if_contains(name);
  if (value != nullptr && value->is_string()) texts.emplace_back(value->as_string());
  if (value != nullptr && value->is_array()) {
    for (const auto& item : value->as_array()) {
      if (item.is_string()) texts.emplace_back(item.as_string());
    }
  }
  return texts;
}

/// "Sat, 21 Nov 2026 03:35:38 +0000".
std::string format_date(sdk::SystemTime time) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
  return text.data();
}

sdk::Result<void> check_texts(const sdk::OutgoingMessage& message, const MailEnvelope& envelope) {
  for (const std::string& text : {envelope.subject, envelope.message_id, envelope.in_reply_to, envelope.references}) {
    if (has_line_break(text) || !sdk::is_utf8(text))
      return sdk::invalid_error("google.header", "a header cannot hold a line break", "subject");
  }
  for (const auto& attachment : message.attachments) {
    const bool type = is_ascii(attachment.content_type) && !has_line_break(attachment.content_type);
    if (attachment.name.empty() || has_line_break(attachment.name) || !sdk::is_utf8(attachment.name) || !type)
      return sdk::invalid_error("google.attachment", "an attachment needs a name and a type in one line",
                                "attachments");
  }
  if (!sdk::is_utf8(message.text) || !sdk::is_utf8(message.html))
    return sdk::invalid_error("google.text", "the text is not UTF-8", "text");
  return {};
}

}  // namespace

sdk::Result<std::string> make_mail(const sdk::OutgoingMessage& message, const MailEnvelope& envelope) {
  PATCHBAY_TRY(check_texts(message, envelope));
  std::string headers = "Date: " + format_date(envelope.date) + "\r\n";
  if (!message.from.empty()) PATCHBAY_TRY(add_addresses("From", {message.from}, "from", headers));
  PATCHBAY_TRY(add_addresses("To", message.to, "to", headers));
  PATCHBAY_TRY(add_addresses("Cc", texts_of(message.options, "cc"), "options.cc", headers));
  PATCHBAY_TRY(add_addresses("Bcc", texts_of(message.options, "bcc"), "options.bcc", headers));
  PATCHBAY_TRY(add_addresses("Reply-To", texts_of(message.options, "replyTo"), "options.replyTo", headers));
  headers += "Subject: " + encode_words(envelope.subject) + "\r\n";
  if (!envelope.message_id.empty()) headers += "Message-ID: " + envelope.message_id + "\r\n";
  if (!envelope.in_reply_to.empty()) headers += "In-Reply-To: " + envelope.in_reply_to + "\r\n";
  if (!envelope.references.empty()) headers += "References: " + envelope.references + "\r\n";
  return headers + "MIME-Version: 1.0\r\n" + mail_content(message);
}

}  // namespace patchbay::google
