#include "tests/sandbox/twilio/routes.hpp"

#include <array>

namespace patchbay::sandbox::twilio {
namespace {

/// A picture of one pixel.
constexpr std::string_view kPicture("\x89PNG\r\n\x1a\n sandbox picture", 24);

Reply get_message(Request& request) {
  const auto* record = request.account.find(request.message_sid);
  return record == nullptr ? refuse(not_found(request)) : reply(Account::shown(record->value));
}

bool is_final(std::string_view status) {
  for (const std::string_view last : {"delivered", "undelivered", "failed", "canceled", "read", "received", "sent"}) {
    if (status == last) return true;
  }
  return false;
}

/// An empty Body redacts, Status=canceled cancels what is scheduled; not both.
Reply update_message(Request& request) {
  const auto* record = request.account.find(request.message_sid);
  if (record == nullptr) return refuse(not_found(request));
  const bool redacts = request.has("Body"), cancels = request.has("Status");
  if (redacts == cancels) return refuse({400, 30400, "Give either an empty Body or Status=canceled."});
  auto message = record->value;
  if (redacts) {
    if (!request.param("Body").empty()) return refuse({400, 20001, "Body can only be emptied."});
    if (!is_final(sdk::string_at(message, "status")))
      return refuse({400, 20009, "Cannot redact a message that is not final."});
    message["body"] = "";
  } else {
    if (request.param("Status") != "canceled" || message.at("status") != "scheduled")
      return refuse({400, 30409, "Only a scheduled message can be canceled."});
    message["status"] = "canceled";
  }
  const auto& changed = request.account.change(*record, std::move(message));
  if (cancels) request.account.send_status(changed);
  return reply(Account::shown(changed));
}

Reply delete_message(Request& request) {
  const auto* record = request.account.find(request.message_sid);
  if (record == nullptr) return refuse(not_found(request));
  if (!is_final(sdk::string_at(record->value, "status")))
    return refuse({409, 20009, "Cannot delete this resource before it has completed."});
  request.account.erase(request.message_sid);
  return {204, "", "application/json", {}};
}

const Record* find_file(const Request& request) {
  const auto* file = request.account.media().find(request.media_sid);
  const bool of_message = file != nullptr && file->value.at("parent_sid") == json::string_view(request.message_sid);
  return of_message ? file : nullptr;
}

Reply get_media(Request& request) {
  const auto* file = find_file(request);
  return file == nullptr ? refuse(not_found(request)) : reply(file->value);
}

/// The bytes lie elsewhere: Twilio only says where.
Reply redirect_to_file(Request& request) {
  if (find_file(request) == nullptr) return refuse(not_found(request));
  const std::string host(request.http.header("Host").value_or("127.0.0.1"));
  return {307, "", "text/plain", {{"Location", "http://" + host + "/twilio/files/" + request.media_sid}}};
}

constexpr std::array<Route, 8> kRoutes{{{"GET", "/Messages.json", list_messages},
                                        {"POST", "/Messages.json", create_message},
                                        {"GET", "/Messages/{Sid}.json", get_message},
                                        {"POST", "/Messages/{Sid}.json", update_message},
                                        {"DELETE", "/Messages/{Sid}.json", delete_message},
                                        {"GET", "/Messages/{Sid}/Media.json", list_media},
                                        {"GET", "/Messages/{Sid}/Media/{MediaSid}.json", get_media},
                                        {"GET", "/Messages/{Sid}/Media/{MediaSid}", redirect_to_file}}};

/// Fills `sid` with what stands in the path where the pattern has a placeholder.
bool take_segment(std::string_view& pattern, std::string_view& path, std::string_view placeholder, std::string& sid) {
  if (!pattern.starts_with(placeholder)) return false;
  pattern.remove_prefix(placeholder.size());
  const auto end = std::min(path.find_first_of("/."), path.size());
  sid = path.substr(0, end);
  path.remove_prefix(end);
  return !sid.empty();
}

bool matches(std::string_view pattern, std::string_view path, std::string& message_sid, std::string& media_sid) {
  while (!pattern.empty()) {
    if (pattern.front() == '{') {
      const bool taken =
          take_segment(pattern, path, "{Sid}", message_sid) || take_segment(pattern, path, "{MediaSid}", media_sid);
      if (!taken) return false;
    } else if (path.empty() || path.front() != pattern.front()) {
      return false;
    } else {
      pattern.remove_prefix(1);
      path.remove_prefix(1);
    }
  }
  return path.empty();
}

}  // namespace

json::object ApiError::body() const {
  return {{"code", code},
          {"message", message},
          {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)},
          {"status", status}};
}

Reply reply(const json::value& value, int status) {
  return {status, to_wire(value), "application/json; charset=utf-8", {}};
}

Reply refuse(const ApiError& error) {
  return reply(error.body(), error.status);
}

std::string Request::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

bool Request::has(std::string_view name) const {
  for (const auto& field : params) {
    if (field.first == name) return true;
  }
  return false;
}

ApiError not_found(const Request& request) {
  return {404, 20404, "The requested resource " + request.http.path + " was not found"};
}

const Route* find_route(std::string_view method, std::string_view path, std::string& message_sid,
                        std::string& media_sid) {
  for (const auto& route : kRoutes) {
    if (route.method == method && matches(route.pattern, path, message_sid, media_sid)) return &route;
  }
  return nullptr;
}

Reply file_bytes() {
  return {200, std::string(kPicture), "image/png", {}};
}

}  // namespace patchbay::sandbox::twilio
