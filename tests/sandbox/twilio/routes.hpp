// Which function answers which path of Twilio's API.
#pragma once

#include "tests/sandbox/twilio/account.hpp"

#include <optional>

namespace patchbay::sandbox::twilio {

/// Twilio's error body; `code` is its own, not the status.
struct ApiError {
  int status = 400;
  std::int64_t code = 0;
  std::string message;
  json::object body() const;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
  sdk::Headers headers;
};

Reply reply(const json::value& value, int status = 200);
Reply refuse(const ApiError& error);

struct Request {
  Account& account;
  std::string message_sid, media_sid;
  const Fields& params;  // of the form, or of the query
  const http::Request& http;

  std::string param(std::string_view name) const;
  bool has(std::string_view name) const;
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // below the account, with {Sid} for a message's and {MediaSid} for a file's
  Reply (*handler)(Request&);
};

/// The route of a path below the account ("/Messages/SM….json"); fills in the sids.
const Route* find_route(std::string_view method, std::string_view path, std::string& message_sid,
                        std::string& media_sid);

Reply create_message(Request& request);
Reply list_messages(Request& request);
Reply list_media(Request& request);
ApiError not_found(const Request& request);
/// What every file holds.
Reply file_bytes();

}  // namespace patchbay::sandbox::twilio
