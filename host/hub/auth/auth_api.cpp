#include "hub/auth/auth_api.hpp"

#include "engine/gateway/operation.hpp"
#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <array>

namespace patchbay::auth {
namespace {

using gateway::Access;
using gateway::LimitClass;
using gateway::Route;
using sdk::json::object;

Origin origin_of(const gateway::RequestContext& context) {
  const http::Request& request = context.request;
  return {request.remote_address, std::string(request.header("User-Agent").value_or("")), request.request_id};
}

/// A required text of the body; a missing one, or another type, is noted in `errors`.
std::string required_text(const object& body, std::initializer_list<std::string_view> names,
                          std::vector<sdk::Error>& errors) {
  for (const auto name : names) {
    const auto* member = body.if_contains(name);
    if (member != nullptr && member->is_string() && !member->get_string().empty())
      return std::string(member->get_string());
  }
  const std::string first(*names.begin());
  errors.push_back(sdk::invalid_error("request.missing_field", "The field " + first + " is required.", first));
  return {};
}

std::string optional_text(const object& body, std::string_view name, std::vector<sdk::Error>& errors) {
  const auto* member = body.if_contains(name);
  if (member == nullptr || member->is_null()) return {};
  if (member->is_string()) return std::string(member->get_string());
  errors.push_back(sdk::invalid_error("request.not_text", "The field must be text.", std::string(name)));
  return {};
}

http::Response invalid(const gateway::RequestContext& context, const std::vector<sdk::Error>& errors) {
  sdk::Error summary = sdk::invalid_error("request.invalid", errors.front().message);
  return gateway::problem_response(summary, context.request.request_id, errors);
}

object signed_in_json(const SignedIn& signed_in) {
  object data;
  data["token"] = signed_in.access.token;
  data["refreshToken"] = signed_in.refresh_token;
  data["expiresAt"] = sdk::format_time(signed_in.access.expires_at);
  data["user"] = user_json(signed_in.user);
  if (auto client = client_json(signed_in.user)) {
    data["client"] = *client;
    data["customer"] = std::move(*client);  // the second name that a document prints
  }
  if (signed_in.password_change_required) data["passwordChangeRequired"] = true;
  return data;
}

Route route(std::string method, std::string pattern, std::string summary, gateway::BlockingHandler handler) {
  Route made;
  made.method = std::move(method);
  made.pattern = std::move(pattern);
  made.summary = std::move(summary);
  made.tag = "auth";
  made.handler = std::move(handler);
  made.idempotency_key = false;
  return made;
}

object text_members(std::string_view members, object operation) {
  return gateway::takes(gateway::shape(members), std::move(operation));
}

object user_schema() {
  return gateway::shape(
      "id:uuid username:text email:text name:text role:text phone:text? status:text clientId:uuid? customerId:uuid? "
      "emailVerified:boolean preferences:object lastLoginAt:time? createdAt:time?");
}

object answers_signed_in(int status) {
  object data = gateway::shape(
      "token:text refreshToken:text expiresAt:time user:any client:object~ customer:object~ "
      "passwordChangeRequired:boolean~");
  data["properties"].get_object()["user"] = user_schema();
  return gateway::answers(status, "Tokens, and who is signed in", std::move(data));
}

object answers_self() {
  object data =
      gateway::shape("user:any client:object~ customer:object~ permissions:text[] passwordChangeRequired:boolean~");
  data["properties"].get_object()["user"] = user_schema();
  return gateway::answers(200, "Who is signed in", std::move(data));
}

}  // namespace

AuthApi::AuthApi(AuthApiParts parts, const AuthSettings& settings, MakeClient make_client)
    : parts_(parts), settings_(settings), make_client_(std::move(make_client)) {}

gateway::Routes AuthApi::routes() {
  gateway::Routes routes;
  add_credential_routes(routes);
  add_session_routes(routes);
  return routes;
}

void AuthApi::add_credential_routes(gateway::Routes& routes) {
  const auto add_public = [&](const char* pattern, const char* summary, object operation,
                              gateway::BlockingHandler handler) {
    Route made = route("POST", pattern, summary, std::move(handler));
    made.access = Access::kPublic;
    made.limit = LimitClass::kAuth;
    made.operation = std::move(operation);
    routes.push_back(std::move(made));
  };
  for (const char* pattern : {"/auth/login", "/login"}) {
    add_public(pattern, "Sign in by e-mail or username",
               text_members("password:text email:text~ username:text~", answers_signed_in(200)),
               [this](const Context& context) { return login(context); });
  }
  for (const char* pattern : {"/auth/register", "/register"}) {
    add_public(pattern, "Register a user and his client",
               text_members("email:text password:text name:text~ username:text~ phone:text~ company:text~",
                            answers_signed_in(201)),
               [this](const Context& context) { return register_user(context); });
  }
  add_public("/auth/refresh", "New tokens for a refresh token, which works once",
             text_members("refreshToken:text", answers_signed_in(200)),
             [this](const Context& context) { return refresh(context); });

  Route change = route("POST", "/auth/change-password", "Change one's own password",
                       [this](const Context& context) { return change_password(context); });
  change.limit = LimitClass::kAuth;
  change.open_while_password_expired = true;
  change.operation = text_members("currentPassword:text newPassword:text",
                                  gateway::answers(200, "Changed", gateway::shape("changed:boolean")));
  routes.push_back(std::move(change));
}

void AuthApi::add_session_routes(gateway::Routes& routes) {
  Route out =
      route("POST", "/auth/logout", "End this session", [this](const Context& context) { return logout(context); });
  out.open_while_password_expired = true;
  out.operation = gateway::answers(200, "The session has ended", gateway::shape("loggedOut:boolean"));
  routes.push_back(std::move(out));
  Route self = route("GET", "/auth/me", "Who is signed in, and what he may do",
                     [this](const Context& context) { return me(context); });
  self.open_while_password_expired = true;
  self.operation = answers_self();
  routes.push_back(std::move(self));
  Route list = route("GET", "/auth/sessions", "One's own live sessions",
                     [this](const Context& context) { return list_sessions(context); });
  list.operation = gateway::answers_list(
      "Live sessions",
      gateway::shape(
          "id:uuid createdAt:time lastUsedAt:time expiresAt:time userAgent:text address:text current:boolean"));
  routes.push_back(std::move(list));
  Route end = route("DELETE", "/auth/sessions/{id}", "End one of one's own sessions",
                    [this](const Context& context) { return end_session(context); });
  end.operation = gateway::answers_nothing(204, "The session has ended");
  routes.push_back(std::move(end));
}

AuthApi::Answer AuthApi::login(const Context& context) {
  PATCHBAY_ASSIGN(const object body, gateway::json_body(context.request));
  std::vector<sdk::Error> errors;
  const std::string name = required_text(body, {"email", "username"}, errors);
  const std::string password = required_text(body, {"password"}, errors);
  if (!errors.empty()) return invalid(context, errors);
  PATCHBAY_ASSIGN(const SignedIn signed_in, parts_.sign_in.login(name, password, origin_of(context)));
  return gateway::data_response(200, signed_in_json(signed_in));
}

AuthApi::Answer AuthApi::refresh(const Context& context) {
  PATCHBAY_ASSIGN(const object body, gateway::json_body(context.request));
  std::vector<sdk::Error> errors;
  const std::string token = required_text(body, {"refreshToken", "refresh_token"}, errors);
  if (!errors.empty()) return invalid(context, errors);
  PATCHBAY_ASSIGN(const SignedIn signed_in, parts_.sign_in.refresh(token, origin_of(context)));
  return gateway::data_response(200, signed_in_json(signed_in));
}

AuthApi::Answer AuthApi::logout(const Context& context) {
  const policy::Principal& principal = context.principal;
  PATCHBAY_TRY(parts_.sign_in.end_session(principal.user_id, principal.session_id, "logout"));
  return gateway::data_response(200, object{{"loggedOut", true}}, {{"message", "Logged out"}});
}

AuthApi::Answer AuthApi::change_password(const Context& context) {
  PATCHBAY_ASSIGN(const object body, gateway::json_body(context.request));
  std::vector<sdk::Error> errors;
  const std::string current = required_text(body, {"currentPassword", "current_password"}, errors);
  const std::string next = required_text(body, {"newPassword", "new_password"}, errors);
  if (!errors.empty()) return invalid(context, errors);
  PATCHBAY_TRY(parts_.sign_in.change_password(context.principal, current, next, origin_of(context)));
  return gateway::data_response(200, object{{"changed", true}},
                                {{"message", "Password changed; other sessions were ended"}});
}

AuthApi::Answer AuthApi::me(const Context& context) {
  PATCHBAY_ASSIGN(const auto user, parts_.users.find_by_id(context.principal.user_id));
  if (!user) return sdk::auth_error("auth.session_ended", "The session has ended");
  object data;
  data["user"] = user_json(*user);
  if (auto client = client_json(*user)) {
    data["client"] = *client;
    data["customer"] = std::move(*client);
  }
  sdk::json::array permissions;
  for (const auto& permission : parts_.policy.permissions(user->role)) permissions.emplace_back(permission);
  data["permissions"] = std::move(permissions);
  if (context.principal.password_change_required) data["passwordChangeRequired"] = true;
  return gateway::data_response(200, data);
}

AuthApi::Answer AuthApi::list_sessions(const Context& context) {
  PATCHBAY_ASSIGN(const auto sessions, parts_.sessions.list(context.principal.user_id));
  sdk::json::array items;
  for (const auto& session : sessions) {
    items.emplace_back(object{{"id", session.id},
                              {"createdAt", session.created_at},
                              {"lastUsedAt", session.last_used_at},
                              {"expiresAt", session.expires_at},
                              {"userAgent", session.user_agent},
                              {"address", session.address},
                              {"current", session.id == context.principal.session_id}});
  }
  const std::size_t count = items.size();
  return gateway::data_response(
      200, std::move(items),
      {{"pagination",
        object{{"page", 1}, {"pageSize", 100}, {"totalPages", count == 0 ? 0 : 1}, {"totalCount", count}}}});
}

AuthApi::Answer AuthApi::end_session(const Context& context) {
  PATCHBAY_ASSIGN(const bool ended,
                  parts_.sign_in.end_session(context.principal.user_id, context.path_param("id"), "ended_by_user"));
  if (!ended) return sdk::not_found_error("auth.session_not_found", "There is no such session.");
  return http::Response::empty(204);
}

AuthApi::Answer AuthApi::register_user(const Context& context) {
  if (settings_.registration != Registration::kOpen || !make_client_) {
    return sdk::permanent_error("auth.registration_closed", "Registration is not open. Ask for an invitation.");
  }
  PATCHBAY_ASSIGN(const object body, gateway::json_body(context.request));
  std::vector<sdk::Error> errors;
  for (const char* decided : {"role", "clientId", "status"}) {
    if (body.contains(decided)) {
      errors.push_back(
          sdk::invalid_error("auth.field_refused", "This field cannot be chosen at registration.", decided));
    }
  }
  UserRequest request;
  request.email = required_text(body, {"email"}, errors);
  request.password = required_text(body, {"password"}, errors);
  request.username = optional_text(body, "username", errors);
  request.name = optional_text(body, "name", errors);
  request.phone = optional_text(body, "phone", errors);
  const std::string company = optional_text(body, "company", errors);
  if (company.size() > 255)
    errors.push_back(
        sdk::invalid_error("auth.invalid_user", "A company's name has at most 255 characters.", "company"));
  if (request.username.empty()) {
    request.username =
        username_from(request.name.empty() ? request.email.substr(0, request.email.find('@')) : request.name);
  }
  request.role = "customer_admin";
  request.client_id = "00000000-0000-0000-0000-000000000000";  // takes its place below, with the client
  if (errors.empty()) errors = check_user(request);
  if (!errors.empty()) return invalid(context, errors);

  PATCHBAY_ASSIGN(const User user, create_registered(request, company, !body.contains("username")));
  PATCHBAY_ASSIGN(const SignedIn signed_in, parts_.sign_in.open_session(user, origin_of(context)));
  return gateway::data_response(201, signed_in_json(signed_in), {{"message", "User created successfully"}});
}

sdk::Result<User> AuthApi::create_registered(const UserRequest& request, const std::string& company, bool may_rename) {
  PATCHBAY_ASSIGN(const std::string hash, parts_.hasher.hash(request.password));
  const std::string name = request.name.empty() ? request.username : request.name;
  const NewClient client{company.empty() ? name : company, company.empty() ? "INDIVIDUAL" : "BUSINESS", request.email,
                         request.phone};
  NewUser user{request.username, request.email, name, request.phone, request.role, "", hash, false};
  std::string id;
  const auto write = [&] {
    return parts_.database.transaction(storage::Lane::kInteractive,
                                       [&](storage::Session& session) -> sdk::Result<void> {
                                         PATCHBAY_ASSIGN(user.client_id, make_client_(session, client));
                                         PATCHBAY_ASSIGN(id, parts_.users.create(session, user, parts_.clock.now()));
                                         return {};
                                       });
  };
  auto written = write();
  // A username that we made up ourselves gives way to one that is there already.
  for (int attempt = 0; attempt < 3 && !written.ok() && may_rename && written.error().code == "auth.username_taken";
       ++attempt) {
    user.username = request.username.substr(0, 40) + "." + base::new_uuid().substr(28);
    written = write();
  }
  PATCHBAY_TRY(written);
  PATCHBAY_ASSIGN(auto found, parts_.users.find_by_id(id));
  if (!found) return sdk::permanent_error("internal.user_lost", "The new user was not found again.");
  return std::move(*found);
}

}  // namespace patchbay::auth
