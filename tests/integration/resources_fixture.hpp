// The resource layer on a real database: routes are found and run as the gateway runs them, without sockets and
// sign-in.
#pragma once

#include "business/dashboard/dashboard.hpp"
#include "business/entities/registry.hpp"
#include "business/entities/routes.hpp"
#include "engine/gateway/router.hpp"
#include "engine/resources/routes.hpp"
#include "platform/base/ids.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/support/poll_loop.hpp"
#include "tests/support/test_database.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>

namespace patchbay::testing {

class CountingWake : public events::Wake {
 public:
  void wake() override { ++count; }
  std::atomic<int> count = 0;
};

/// No pipeline at all, or one that the test's own loop turns.
class TestPipelines : public resources::PipelineSource {
 public:
  storage::PgPipeline* pipeline(std::size_t) override { return pipeline_; }
  storage::PgPipeline* pipeline_ = nullptr;
};

struct Answer {
  int status = 0;
  http::Response response;
  sdk::json::value body;
  const sdk::json::value& data() const { return body.at("data"); }
  std::string text(std::string_view path) const { return sdk::string_at(body, path); }
};

class ResourcesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const gateway::Routes& routes :
         {resources::make_routes(parts_), entities::make_routes(parts_), dashboard_.routes()}) {
      for (const gateway::Route& route : routes) {
        const auto added = router_.add(route);
        ASSERT_TRUE(added.ok()) << route.method << " " << route.pattern << ": " << added.error().message;
        ASSERT_TRUE(policy_.is_permission(route.permission)) << route.permission;
      }
    }
  }

  static policy::Principal principal(const std::string& role, const std::string& client_id = {}) {
    policy::Principal principal;
    principal.kind = policy::Principal::Kind::kUser;
    principal.role = role;
    principal.client_id = client_id;
    principal.user_id = base::new_uuid();
    return principal;
  }

  /// A user that exists in the table, as technicians must.
  policy::Principal stored_user(const std::string& role) {
    policy::Principal user = principal(role);
    const std::string name = role + user.user_id.substr(24);
    execute(
        "insert into users (id, username, email, name, role) values ($1::uuid, $2::text, $2::text || '@example.com', "
        "$2::text, $3)",
        {user.user_id, name, role});
    return user;
  }

  storage::Rows execute(std::string_view sql, const storage::Params& params = {}) {
    auto rows = pool_.query(storage::Lane::kInteractive, sql, params);
    EXPECT_TRUE(rows.ok()) << sql << ": " << (rows.ok() ? "" : rows.error().message);
    return rows.ok() ? std::move(rows).value() : storage::Rows();
  }

  Answer call(const policy::Principal& who, const std::string& method, const std::string& target,
              const std::string& body = {}, const http::Headers& headers = {}) {
    http::Request request;
    request.method = method;
    request.path = "/api/v1" + target.substr(0, target.find('?'));
    if (const auto mark = target.find('?'); mark != std::string::npos) {
      request.raw_query = target.substr(mark + 1);
      request.query = http::parse_query(request.raw_query).value();
    }
    request.body = body;
    request.headers = headers;
    request.request_id = "test";
    const gateway::Match match = router_.find(method, request.path);
    if (match.route == gateway::Match::kNoRoute) return {match.allow.empty() ? 404 : 405, {}, nullptr};
    const gateway::Route& route = router_.routes()[match.route];
    if (!policy_.allows(who, route.permission)) return {403, {}, nullptr};
    auto context = std::make_shared<gateway::RequestContext>();
    context->request = std::move(request);
    context->principal = who;
    context->path_params = match.params;
    return finish(run(route, context));
  }

  http::Response run(const gateway::Route& route, const std::shared_ptr<gateway::RequestContext>& context) {
    if (const auto* blocking = std::get_if<gateway::BlockingHandler>(&route.handler)) {
      auto result = (*blocking)(*context);
      if (result.ok()) return std::move(result).value();
      return gateway::problem_response(result.error(), "test");
    }
    const auto answered = std::make_shared<std::promise<http::Response>>();
    auto future = answered->get_future();
    const http::Responder responder([answered](http::Response response) { answered->set_value(std::move(response)); });
    std::get<gateway::AsyncHandler>(route.handler)(context, gateway::Reply(context, responder));
    if (pipelines_.pipeline_ != nullptr) {
      loop_.run_until([&] { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    }
    if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
      ADD_FAILURE() << "no answer to " << context->request.path;
      return http::Response::empty(599);
    }
    return future.get();
  }

  static Answer finish(http::Response response) {
    Answer answer;
    answer.status = response.status;
    if (!response.body.empty()) answer.body = sdk::json::parse(response.body);
    answer.response = std::move(response);
    return answer;
  }

  std::string create(const policy::Principal& who, const std::string& path, const std::string& body) {
    const Answer answer = call(who, "POST", path, body);
    EXPECT_EQ(answer.status, 201) << path << " " << sdk::json::serialize(answer.body);
    return answer.status == 201 ? answer.text("data.id") : std::string();
  }

  TestDatabase database_;
  base::Metrics metrics_;
  storage::PgPool pool_{[this] {
                          storage::PgPoolSettings settings;
                          settings.url = database_.url();
                          return settings;
                        }(),
                        metrics_};
  policy::Policy policy_ = policy::Policy::shipped().value();
  workflow::Workflows workflows_ = workflow::Workflows::shipped().value();
  resources::Registry registry_ = entities::make_registry();
  resources::Reader reader_{registry_, policy_};
  resources::Writer writer_{registry_, policy_, workflows_};
  PollLoop loop_;
  TestPipelines pipelines_;
  CountingWake wake_;
  base::WorkerPool read_pool_{"reads", 2, 64};
  resources::RouteParts parts_{registry_, policy_, reader_, writer_, pool_, pipelines_, read_pool_, wake_, "US"};
  dashboard::Dashboard dashboard_{pool_, registry_, policy_};
  gateway::Router router_;
  const policy::Principal admin_ = principal("admin");
};

}  // namespace patchbay::testing
