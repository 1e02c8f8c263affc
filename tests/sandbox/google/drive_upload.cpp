#include "tests/sandbox/google/drive.hpp"
#include "tests/sandbox/google/replies.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::google {
namespace {

constexpr std::size_t kGranularity = 262'144;
constexpr std::int64_t kSessionMilliseconds = 7LL * 86'400'000;

/// "bytes 0-524287/2000000", "bytes */2000000".
struct ContentRange {
  bool probe = false;
  std::size_t first = 0, last = 0, total = 0;
};

std::optional<ContentRange> parse_range(std::string_view text) {
  ContentRange range;
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits, std::size_t& out) {
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return !digits.empty() && code == std::errc() && end == digits.data() + digits.size();
  };
  if (!number(text.substr(slash + 1), range.total)) return std::nullopt;
  const auto span = text.substr(0, slash);
  if (span == "*") {
    range.probe = true;
    return range;
  }
  const auto dash = span.find('-');
  if (dash == std::string_view::npos || !number(span.substr(0, dash), range.first) ||
      !number(span.substr(dash + 1), range.last) || range.last < range.first || range.last >= range.total)
    return std::nullopt;
  return range;
}

http::Response go_on(std::size_t stored) {
  auto response = http::Response::empty(308);
  if (stored > 0) response.set_header("Range", "bytes=0-" + std::to_string(stored - 1));
  return response;
}

/// The body of a part, without its headers.
std::string_view content_of(std::string_view part) {
  const auto at = part.find("\r\n\r\n");
  return at == std::string_view::npos ? std::string_view() : part.substr(at + 4);
}

std::string_view part_header(std::string_view part, std::string_view name) {
  const auto headers = part.substr(0, part.find("\r\n\r\n"));
  for (std::size_t at = 0; at < headers.size();) {
    const auto end = std::min(headers.find("\r\n", at), headers.size());
    const auto line = headers.substr(at, end - at);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && sdk::equals_ignoring_case(line.substr(0, colon), name)) {
      auto value = line.substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
    at = end + 2;
  }
  return {};
}

}  // namespace

http::Response Drive::finish(const json::object& metadata, const std::string& content, const std::string& file_id,
                             const http::Request& request) {
  if (!file_id.empty()) {
    if (!change_file(file_id, metadata, content)) return refused(404, "notFound", "File not found: " + file_id + ".");
    return ok(with_fields(shown(*account_.find("files", file_id)), parameter(request, "fields")));
  }
  const auto id = sdk::string_at(metadata, "id");
  if (!id.empty() && account_.find("files", id) != nullptr)
    return refused(409, "fileIdInUse", "A file already exists with the provided ID.");
  return ok(with_fields(make_file(metadata, content, true), parameter(request, "fields")));
}

http::Response Drive::multipart(const http::Request& request, const std::string& file_id) {
  const std::string type(request.header("Content-Type").value_or(""));
  auto at = type.find("boundary=");
  if (!type.starts_with("multipart/related") || at == std::string::npos)
    return refused(400, "badContent", "multipart/related with a boundary is needed");
  auto boundary = type.substr(at + 9, type.find(';', at) - at - 9);
  if (boundary.size() > 1 && boundary.front() == '"') boundary = boundary.substr(1, boundary.size() - 2);
  const std::string delimiter = "--" + boundary;
  std::vector<std::string_view> parts;
  const std::string_view body(request.body);
  for (auto from = body.find(delimiter); from != std::string_view::npos;) {
    from = body.find("\r\n", from + delimiter.size());
    if (from == std::string_view::npos) break;
    const auto end = body.find("\r\n" + delimiter, from + 2);
    if (end == std::string_view::npos) break;
    parts.push_back(body.substr(from + 2, end - from - 2));
    from = end + 2;
  }
  if (parts.size() != 2) return refused(400, "badContent", "two parts are needed");
  auto metadata = sdk::parse_json(content_of(parts[0]));
  if (!metadata || !metadata->is_object()) return refused(400, "parseError", "Parse Error");
  auto& members = metadata->get_object();
  if (!members.contains("mimeType")) members["mimeType"] = part_header(parts[1], "Content-Type");
  std::string content(content_of(parts[1]));
  if (sdk::equals_ignoring_case(part_header(parts[1], "Content-Transfer-Encoding"), "base64"))
    content = sdk::base64_decode(content).value_or("");
  return finish(members, content, file_id, request);
}

http::Response Drive::begin_session(const http::Request& request, const std::string& file_id) {
  const auto metadata = object_body(request);
  if (!metadata) return refused(400, "parseError", "Parse Error");
  const auto id = account_.context().new_id("ABg5-U", 60);
  account_.put("uploads", id,
               {{"metadata", *metadata},
                {"file", file_id},
                {"type", std::string(request.header("X-Upload-Content-Type").value_or(""))},
                {"content", ""},
                {"expiresAt", account_.now_ms() + kSessionMilliseconds}});
  auto response = http::Response::empty(200);
  const auto path = request.path + "?uploadType=resumable&upload_id=" + id;
  response.set_header("Location", "http://" + std::string(request.header("Host").value_or("127.0.0.1")) + path);
  return response;
}

http::Response Drive::continue_session(const http::Request& request, const std::string& id) {
  const auto* record = account_.find("uploads", id);
  if (record == nullptr || record->value.at("expiresAt").to_number<std::int64_t>() < account_.now_ms())
    return refused(404, "notFound", "The upload session is gone");
  json::object session = record->value;
  std::string content = sdk::base64_decode(sdk::string_at(session, "content")).value_or("");
  const auto text = request.header("Content-Range");
  if (text) {
    const auto range = parse_range(*text);
    if (!range) return refused(400, "badRequest", "Invalid Content-Range");
    if (range->probe && content.size() < range->total) return go_on(content.size());
    if (!range->probe) {
      const bool last = range->last + 1 == range->total;
      const std::size_t size = range->last - range->first + 1;
      if (range->first != content.size() || size != request.body.size()) return go_on(content.size());
      if (!last && size % kGranularity != 0) return refused(400, "badRequest", "Chunks are multiples of 256 KiB");
      content += request.body;
      session["content"] = sdk::base64_encode(content);
      account_.put("uploads", id, session);
      if (!last) return go_on(content.size());
    }
  } else {
    content = request.body;
  }
  auto metadata = session.at("metadata").as_object();
  if (!metadata.contains("mimeType") && !sdk::string_at(session, "type").empty())
    metadata["mimeType"] = session.at("type");
  const auto file_id = sdk::string_at(session, "file");
  account_.erase("uploads", id);
  return finish(metadata, content, file_id, request);
}

http::Response Drive::upload(const http::Request& request, const std::vector<std::string>& parts) {
  if (parts.empty() || parts[0] != "files" || parts.size() > 2) return not_found();
  const auto file_id = parts.size() == 2 ? parts[1] : std::string();
  if (const auto id = parameter(request, "upload_id"); !id.empty() && request.method == "PUT")
    return continue_session(request, id);
  if (request.method != (file_id.empty() ? "POST" : "PATCH")) return not_found();
  const auto type = parameter(request, "uploadType");
  if (type == "multipart") return multipart(request, file_id);
  if (type == "resumable") return begin_session(request, file_id);
  if (type == "media") {
    const std::string mime(request.header("Content-Type").value_or("application/octet-stream"));
    return finish({{"mimeType", mime}}, request.body, file_id, request);
  }
  return refused(400, "badRequest", "Bad Request");
}

}  // namespace patchbay::sandbox::google
