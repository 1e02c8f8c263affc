#include "platform/http/problem.hpp"

namespace patchbay::http {

Response problem_response(int status, std::string_view code, std::string_view message, std::string_view request_id) {
  sdk::json::object body{{"type", "about:blank"}, {"title", reason_phrase(status)},
                         {"status", status},      {"detail", message},
                         {"code", code},          {"message", message}};
  if (!request_id.empty()) body["requestId"] = request_id;
  Response response = Response::json(status, sdk::json::serialize(body));
  response.content_type = "application/problem+json";
  if (!request_id.empty()) response.set_header("X-Request-Id", std::string(request_id));
  return response;
}

}  // namespace patchbay::http
