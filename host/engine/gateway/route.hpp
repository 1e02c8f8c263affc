// What the gateway serves: routes with their access rule and handler. Parts declare routes; the gateway runs them.
#pragma once

#include "engine/policy/principal.hpp"
#include "platform/http/message.hpp"

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace patchbay::gateway {

/// One request on its way through the gateway.
struct RequestContext {
  http::Request request;
  policy::Principal principal;
  std::map<std::string, std::string, std::less<>> path_params;  // "{id}" → "id"
  std::string trace_id;
  /// Of a name in the route's pattern; throws std::out_of_range for another (a programmer's error).
  const std::string& path_param(std::string_view name) const;
};

/// Runs on the interactive worker pool and may block. An error becomes problem+json in one place.
using BlockingHandler = std::function<sdk::Result<http::Response>(const RequestContext&)>;

/// Answers an asynchronous request; errors are mapped as for blocking handlers. Callable once, from any thread.
class Reply {
 public:
  Reply(std::shared_ptr<RequestContext> context, http::Responder responder);
  void operator()(sdk::Result<http::Response> result) const;

 private:
  std::shared_ptr<RequestContext> context_;
  http::Responder responder_;
};

/// Runs on the I/O thread: must not block. `context->request.io_thread` tells which one.
using AsyncHandler = std::function<void(std::shared_ptr<RequestContext>, Reply)>;

enum class Access { kPublic, kSignedIn };
/// Which limit counts the request besides the global one.
enum class LimitClass { kNone, kAuth, kWebhook };

struct Route {
  std::string method;
  std::string pattern;  // below the base path: "/clients/{id}"; {id} must be a UUID, other names take any text
  Access access = Access::kSignedIn;
  std::string permission;  // needed in addition; empty: none
  std::variant<BlockingHandler, AsyncHandler> handler;
  std::string tag;  // group in the API document
  std::string summary;
  sdk::json::object operation;  // further OpenAPI members: parameters, requestBody, responses
  LimitClass limit = LimitClass::kNone;
  bool idempotency_key = true;  // on POST, with a BlockingHandler
  bool open_while_password_expired = false;
  bool at_root = false;        // also answered without the base path (operations)
  bool raw_body = false;       // no content type or JSON check (webhooks)
  bool secret_answer = false;  // the answer holds a secret: never kept for a repeated Idempotency-Key
};

using Routes = std::vector<Route>;

/// {"data": …, "timestamp": …} with `extra` members in between.
http::Response data_response(int status, const sdk::json::value& data, const sdk::json::object& extra = {});
/// The request's JSON object, or kInvalid "request.json" / "request.not_an_object".
sdk::Result<sdk::json::object> json_body(const http::Request& request);
/// problem+json of an error; the only place where classes and codes become status numbers.
http::Response problem_response(const sdk::Error& error, std::string_view request_id,
                                const std::vector<sdk::Error>& field_errors = {});
/// Status of an error: by code where one has its own (403 policy.forbidden, 412 …), else by class.
int status_of(const sdk::Error& error);

}  // namespace patchbay::gateway
