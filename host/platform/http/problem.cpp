#include "platform/http/problem.hpp"

namespace patchbay::http {

Response problem_response(int status, std::string_view code, std::string_view message) {
  const sdk::json::object body{{"type", "about:blank"}, {"title", reason_phrase(status)},
                               {"status", status},      {"detail", message},
                               {"code", code},          {"message", message}};
  Response response = Response::json(status, sdk::json::serialize(body));
  response.content_type = "application/problem+json";
  return response;
}

}  // namespace patchbay::http
