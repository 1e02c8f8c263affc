#include "tests/sandbox/google/mail.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/http.hpp>

namespace patchbay::sandbox::google {
namespace {

constexpr int kDepthMax = 10;

std::string trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// A parameter of a structured header: boundary="x", filename*=UTF-8''x.
std::string header_parameter(const std::string& header, const std::string& name) {
  const auto at = lower(header).find(name + "=");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 1;
  if (from < header.size() && header[from] == '"') {
    const auto end = header.find('"', from + 1);
    return end == std::string::npos ? std::string() : header.substr(from + 1, end - from - 1);
  }
  return trimmed(header.substr(from, header.find(';', from) - from));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte =
        text[at] == '%' ? sdk::hex_decode(text.substr(at + 1, 2)) : sdk::Result<std::string>(std::string());
    if (text[at] == '%' && byte && byte->size() == 1) {
      out += *byte;
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string file_name(const std::string& disposition) {
  const auto extended = header_parameter(disposition, "filename*");
  const auto quote = extended.rfind('\'');
  if (quote != std::string::npos) return percent_decoded(extended.substr(quote + 1));
  return header_parameter(disposition, "filename");
}

std::string decoded(std::string_view content, const std::string& encoding) {
  if (encoding == "base64") {
    std::string dense;
    for (const char c : content) {
      if (c != '\r' && c != '\n' && c != ' ') dense += c;
    }
    return sdk::base64_decode(dense).value_or("");
  }
  if (encoding != "quoted-printable") return std::string(content);
  std::string out;
  for (std::size_t at = 0; at < content.size(); ++at) {
    if (content[at] != '=') {
      out += content[at];
    } else if (content.substr(at + 1, 2) == "\r\n") {
      at += 2;
    } else {
      out += sdk::hex_decode(content.substr(at + 1, 2)).value_or("");
      at += 2;
    }
  }
  return out;
}

/// Reads "Name: value" lines with their folded followers; where the content begins, or npos.
std::size_t read_headers(std::string_view raw, json::array& headers) {
  std::size_t at = 0;
  while (at < raw.size()) {
    const auto end = raw.find("\r\n", at);
    if (end == std::string_view::npos) return std::string_view::npos;
    const auto line = raw.substr(at, end - at);
    at = end + 2;
    if (line.empty()) return at;
    if (line[0] == ' ' || line[0] == '\t') {
      if (headers.empty()) return std::string_view::npos;
      auto& value = headers.back().as_object().at("value").as_string();
      value += std::string_view(" ");
      const auto folded = trimmed(line);
      value += std::string_view(folded);
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::string_view::npos;
    headers.push_back(json::object{{"name", line.substr(0, colon)}, {"value", trimmed(line.substr(colon + 1))}});
  }
  return at;
}

std::vector<std::string_view> cut_parts(std::string_view content, const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  std::vector<std::string_view> parts;
  auto at = content.find(delimiter);
  while (at != std::string_view::npos) {
    at += delimiter.size();
    if (content.substr(at, 2) == "--") break;
    at = content.find("\r\n", at);
    if (at == std::string_view::npos) break;
    at += 2;
    const auto end = content.find("\r\n" + delimiter, at);
    if (end == std::string_view::npos) break;
    parts.push_back(content.substr(at, end - at));
    at = end + 2;
  }
  return parts;
}

std::optional<json::object> parse_part(std::string_view raw, const std::string& number, int depth) {
  json::object part{{"partId", number}};
  json::array headers;
  const auto begin = read_headers(raw, headers);
  if (begin == std::string_view::npos || depth > kDepthMax) return std::nullopt;
  part["headers"] = std::move(headers);
  const auto content = raw.substr(begin);
  const auto type = header_of(part, "Content-Type");
  const auto mime = lower(trimmed(type.substr(0, type.find(';'))));
  part["mimeType"] = mime.empty() ? "text/plain" : mime;
  part["filename"] = file_name(header_of(part, "Content-Disposition"));
  if (mime.starts_with("multipart/")) {
    json::array parts;
    for (const auto inner : cut_parts(content, header_parameter(type, "boundary"))) {
      const auto child = (number.empty() ? "" : number + ".") + std::to_string(parts.size());
      auto parsed = parse_part(inner, child, depth + 1);
      if (!parsed) return std::nullopt;
      parts.push_back(std::move(*parsed));
    }
    part["body"] = json::object{{"size", 0}};
    part["parts"] = std::move(parts);
    return part;
  }
  const auto bytes = decoded(content, lower(header_of(part, "Content-Transfer-Encoding")));
  part["body"] = json::object{{"size", bytes.size()}, {"data", sdk::base64url_encode(bytes)}};
  return part;
}

}  // namespace

std::optional<json::object> parse_mail(std::string_view raw) {
  return parse_part(raw, "", 0);
}

std::string header_of(const json::object& payload, std::string_view name) {
  const auto* headers = payload.if_contains("headers");
  if (headers == nullptr) return {};
  for (const auto& header : headers->as_array()) {
    if (sdk::equals_ignoring_case(sdk::string_at(header, "name"), name)) return sdk::string_at(header, "value");
  }
  return {};
}

std::string text_of(const json::object& payload) {
  if (sdk::string_at(payload, "mimeType") == "text/plain" && sdk::string_at(payload, "filename").empty())
    return sdk::base64_decode(sdk::string_at(payload, "body.data")).value_or("");
  if (const auto* parts = payload.if_contains("parts")) {
    for (const auto& part : parts->as_array()) {
      if (auto text = text_of(part.as_object()); !text.empty()) return text;
    }
  }
  return {};
}

std::string compose_mail(const json::object& members) {
  std::string mail;
  const std::pair<const char*, const char*> headers[] = {
      {"From", "from"}, {"To", "to"}, {"Cc", "cc"}, {"Subject", "subject"}, {"Message-ID", "messageId"},
      {"Date", "date"}};
  for (const auto& [header, member] : headers) {
    const auto value = sdk::string_at(members, member);
    if (value.empty()) continue;
    const bool plain = std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= 32 && c < 127; });
    const auto open = value.rfind(" <");
    std::string encoded = value;
    if (!plain && open != std::string::npos)
      encoded = "=?UTF-8?B?" + sdk::base64_encode(value.substr(0, open)) + "?=" + value.substr(open);
    else if (!plain)
      encoded = "=?UTF-8?B?" + sdk::base64_encode(value) + "?=";
    mail += std::string(header) + ": " + encoded + "\r\n";
  }
  const auto text = sdk::string_at(members, "text"), html = sdk::string_at(members, "html");
  mail += "MIME-Version: 1.0\r\n";
  const std::string plain_part =
      "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
      sdk::base64_encode(text) + "\r\n";
  if (html.empty()) return mail + plain_part;
  const std::string boundary = "000000000000sandbox";
  return mail + "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n" +
         plain_part + "--" + boundary +
         "\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         sdk::base64_encode(html) + "\r\n--" + boundary + "--\r\n";
}

}  // namespace patchbay::sandbox::google
