#include "engine/gateway/route.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::gateway {
namespace {

using sdk::ErrorClass;

sdk::json::object body_of(const http::Response& response) {
  return sdk::parse_json(response.body)->as_object();
}

TEST(StatusOf, MapsClassesAndCodes) {
  EXPECT_EQ(status_of(sdk::invalid_error("x.y", "m")), 400);
  EXPECT_EQ(status_of(sdk::auth_error("auth.no_token", "m")), 401);
  EXPECT_EQ(status_of(sdk::auth_error("stripe.unauthorized", "m")), 502);
  EXPECT_EQ(status_of(sdk::permanent_error("policy.forbidden", "m")), 403);
  EXPECT_EQ(status_of(sdk::not_found_error("clients.not_found", "m")), 404);
  EXPECT_EQ(status_of(sdk::conflict_error("workflow.illegal_move", "m")), 409);
  EXPECT_EQ(status_of(sdk::conflict_error("resources.precondition_failed", "m")), 412);
  EXPECT_EQ(status_of(sdk::invalid_error("request.unsupported_media_type", "m")), 415);
  EXPECT_EQ(status_of(sdk::invalid_error("request.unsupported_encoding", "m")), 415);
  EXPECT_EQ(status_of(sdk::conflict_error("request.idempotency_mismatch", "m")), 422);
  EXPECT_EQ(status_of(sdk::rate_limited_error("limits.user", "m", std::chrono::seconds(2))), 429);
  EXPECT_EQ(status_of(sdk::permanent_error("storage.sql", "m")), 500);
  EXPECT_EQ(status_of(sdk::transient_error("storage.unavailable", "m")), 503);
}

TEST(ProblemResponse, HasTheMembersOfTheContract) {
  const auto response = problem_response(sdk::invalid_error("request.json", "Broken.", "name"), "r-1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = body_of(response);
  EXPECT_EQ(body.at("type"), "urn:patchbay:problem:request.json");
  EXPECT_EQ(body.at("title"), "Bad Request");
  EXPECT_EQ(body.at("status"), 400);
  EXPECT_EQ(body.at("detail"), "Broken.");
  EXPECT_EQ(body.at("code"), "request.json");
  EXPECT_EQ(body.at("message"), "Broken.");
  EXPECT_EQ(body.at("requestId"), "r-1");
  EXPECT_EQ(body.at("errors").at(0).at("field"), "name");
}

TEST(ProblemResponse, ListsEveryFieldError) {
  const auto response =
      problem_response(sdk::invalid_error("resources.invalid", "Two fields are wrong."), "r-2",
                       {sdk::invalid_error("a.b", "first", "one"), sdk::invalid_error("a.c", "second", "two")});
  const auto body = body_of(response);
  ASSERT_EQ(body.at("errors").as_array().size(), 2U);
  EXPECT_EQ(body.at("errors").at(1).at("code"), "a.c");
}

TEST(ProblemResponse, HidesWhatBrokeInside) {
  const auto response = problem_response(sdk::permanent_error("storage.sql", "relation users does not exist"), "r-3");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("relation"), std::string::npos);
  EXPECT_EQ(body_of(response).at("message"), "Server error");
}

TEST(ProblemResponse, SaysWhenToComeBackAndHowToSignIn) {
  EXPECT_EQ(problem_response(sdk::rate_limited_error("limits.user", "m", std::chrono::milliseconds(1500)), "")
                .header("Retry-After"),
            "2");
  EXPECT_EQ(problem_response(sdk::transient_error("storage.unavailable", "m"), "").header("Retry-After"), "1");
  EXPECT_TRUE(problem_response(sdk::auth_error("auth.no_token", "m"), "").header("WWW-Authenticate"));
}

TEST(DataResponse, WrapsDataWithExtraMembersAndTime) {
  const auto response = data_response(201, {{"id", "1"}}, {{"message", "made \"it\""}});
  EXPECT_EQ(response.status, 201);
  const auto body = body_of(response);
  EXPECT_EQ(body.at("data").at("id"), "1");
  EXPECT_EQ(body.at("message"), "made \"it\"");
  EXPECT_THAT(std::string(body.at("timestamp").as_string()), testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
}

TEST(JsonBody, TakesObjectsOnly) {
  http::Request request;
  request.body = R"({"a":1})";
  EXPECT_EQ(json_body(request)->at("a"), 1);
  request.body = "[1]";
  EXPECT_EQ(json_body(request).error().code, "request.not_an_object");
  request.body = "{";
  EXPECT_EQ(json_body(request).error().code, "request.json");
  EXPECT_EQ(json_body(request).error().error_class, ErrorClass::kInvalid);
}

TEST(PathParam, IsFoundByName) {
  RequestContext context;
  context.path_params["id"] = "7";
  EXPECT_EQ(context.path_param("id"), "7");
  EXPECT_THROW(context.path_param("other"), std::out_of_range);
}

TEST(ReplyCall, MapsAnErrorOnce) {
  auto context = std::make_shared<RequestContext>();
  context->request.request_id = "r-9";
  std::vector<http::Response> sent;
  const Reply reply(context, http::Responder([&](http::Response response) { sent.push_back(std::move(response)); }));
  reply(sdk::not_found_error("clients.not_found", "No such client."));
  reply(http::Response::text(200, "late"));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].status, 404);
  EXPECT_EQ(body_of(sent[0]).at("requestId"), "r-9");
}

}  // namespace
}  // namespace patchbay::gateway
