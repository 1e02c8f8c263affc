#include "tests/sandbox/google/replies.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::google {
namespace {

std::string_view domain_of(std::string_view reason) {
  const bool usage = reason.find("imitExceeded") != std::string_view::npos || reason == "quotaExceeded";
  return usage ? "usageLimits" : "global";
}

std::string_view status_word(int status) {
  switch (status) {
    case 400:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    default:
      return "";
  }
}

}  // namespace

http::Response ok(const json::value& body) {
  return http::Response::json(200, to_wire(body));
}

http::Response refused(int status, std::string_view reason, std::string_view message) {
  json::object error{{"code", status}, {"message", message}};
  json::object item{{"domain", domain_of(reason)}, {"reason", reason}, {"message", message}};
  if (status == 401) {
    item["locationType"] = "header";
    item["location"] = "Authorization";
  }
  error["errors"] = json::array{std::move(item)};
  if (const auto word = status_word(status); !word.empty()) error["status"] = word;
  if (reason == "insufficientPermissions") {
    error["details"] = json::array{json::object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                                                {"reason", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
                                                {"domain", "googleapis.com"}}};
  }
  return http::Response::json(status, to_wire(json::object{{"error", std::move(error)}}));
}

http::Response not_found() {
  return refused(404, "notFound", "Not Found");
}

http::Response oauth_refused(int status, std::string_view error, std::string_view description) {
  return http::Response::json(status, to_wire(json::object{{"error", error}, {"error_description", description}}));
}

std::string parameter(const http::Request& request, std::string_view name) {
  return std::string(request.query_value(name).value_or(""));
}

std::size_t size_parameter(const http::Request& request, std::string_view name, std::size_t otherwise,
                           std::size_t most) {
  const auto text = parameter(request, name);
  std::size_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp<std::size_t>(value, 1, most);
}

std::optional<json::object> object_body(const http::Request& request) {
  if (request.body.empty()) return json::object();
  auto parsed = sdk::parse_json(request.body, {64 * 1024 * 1024, 64});
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(parsed->get_object());
}

void merge_patch(json::object& target, const json::object& patch) {
  for (const auto& member : patch) {
    if (member.value().is_null()) {
      target.erase(member.key());
      continue;
    }
    auto& place = target[member.key()];
    if (!member.value().is_object()) {
      place = member.value();
      continue;
    }
    if (!place.is_object()) place = json::object();
    merge_patch(place.get_object(), member.value().get_object());
  }
}

std::string iso_time(std::int64_t milliseconds) {
  return sdk::format_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds)));
}

std::optional<std::int64_t> parse_iso(std::string_view text) {
  const auto time = sdk::parse_time(text);
  if (!time) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

std::string page_token(std::size_t offset, std::string_view question) {
  return sdk::base64url_encode(std::to_string(offset) + "/" + std::string(question));
}

std::optional<std::size_t> parse_page_token(std::string_view token, std::string_view question) {
  const auto text = sdk::base64_decode(token);
  if (!text) return std::nullopt;
  const auto slash = text->find('/');
  if (slash == std::string::npos || std::string_view(*text).substr(slash + 1) != question) return std::nullopt;
  std::size_t offset = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + slash, offset);
  if (code != std::errc() || end != text->data() + slash) return std::nullopt;
  return offset;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    parts.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

}  // namespace patchbay::sandbox::google
