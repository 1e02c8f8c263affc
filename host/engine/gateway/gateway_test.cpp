#include "engine/gateway/gateway.hpp"

#include "engine/gateway/compression.hpp"
#include "platform/base/clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <zlib.h>

namespace patchbay::gateway {
namespace {

using namespace std::chrono_literals;

/// A database that is away: nothing here needs one, and what would need one must say so.
class AwayDatabase : public storage::Database {
 public:
  sdk::Result<void> transaction(storage::Lane, const storage::Work&) override { return error(); }
  sdk::Result<storage::Rows> query(storage::Lane, std::string_view, const storage::Params&) override { return error(); }
  bool reachable() override { return false; }

 private:
  static sdk::Error error() { return sdk::transient_error("storage.unavailable", "The database cannot be reached."); }
};

/// "Bearer <role>" signs in as that role; "Bearer slow-<role>" only on a worker.
class RoleAuthenticator : public Authenticator {
 public:
  std::optional<sdk::Result<policy::Principal>> try_authenticate(const http::Request& request) override {
    const auto header = request.header("Authorization");
    if (header && header->starts_with("Bearer slow-")) return std::nullopt;
    return principal(header ? header->substr(7) : "");
  }
  sdk::Result<policy::Principal> authenticate_blocking(const http::Request& request) override {
    return principal(request.header("Authorization")->substr(12));
  }

 private:
  static sdk::Result<policy::Principal> principal(std::string_view role) {
    policy::Principal who;
    if (role.empty()) return who;
    if (role == "bad") return sdk::auth_error("auth.invalid_token", "Invalid token");
    who.kind = policy::Principal::Kind::kUser;
    who.user_id = "00000000-0000-7000-8000-000000000001";
    who.role = role == "expired" ? "admin" : std::string(role);
    who.password_change_required = role == "expired";
    return who;
  }
};

class KeptAudit : public SecurityAudit {
 public:
  void record(SecurityEvent event) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  std::vector<std::string> actions() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& event : events_) names.push_back(event.action);
    return names;
  }

 private:
  std::mutex mutex_;
  std::vector<SecurityEvent> events_;
};

std::string gunzip(const std::string& compressed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string plain(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    settings_.cors_origins = {"https://dashboard.example"};
    settings_.access_log = false;
    limits_.auth_per_minute = 2;
    limits_.global_per_hour = 4;
    limits_.user_per_minute = 6;
  }

  ~GatewayTest() override {
    workers_.stop();
    sign_in_workers_.stop();
  }

  Gateway& gateway() {
    if (!gateway_) {
      limiter_ = std::make_unique<RateLimiter>(limits_, clock_, nullptr, metrics_);
      gateway_ = std::make_unique<Gateway>(settings_, GatewayParts{*policy_, authenticator_, *limiter_, idempotency_,
                                                                   audit_, workers_, sign_in_workers_, metrics_});
      add_routes();
    }
    return *gateway_;
  }

  static Route route(std::string method, std::string pattern, decltype(Route::handler) handler) {
    Route made;
    made.method = std::move(method);
    made.pattern = std::move(pattern);
    made.handler = std::move(handler);
    return made;
  }

  void add_routes() {
    Routes routes;
    const BlockingHandler echo = [](const RequestContext& context) -> sdk::Result<http::Response> {
      return data_response(200, {{"user", context.principal.role}, {"path", context.request.path}});
    };
    routes.push_back(route("GET", "/open", echo));
    routes.back().access = Access::kPublic;
    routes.push_back(route("GET", "/clients", echo));
    routes.push_back(route("GET", "/clients/{id}", echo));
    routes.push_back(route("POST", "/clients", echo));
    routes.push_back(route("GET", "/admin", echo));
    routes.back().permission = "write:users";
    routes.push_back(route("POST", "/auth/login", echo));
    routes.back().access = Access::kPublic;
    routes.back().limit = LimitClass::kAuth;
    routes.push_back(route("POST", "/auth/change-password", echo));
    routes.back().open_while_password_expired = true;
    routes.push_back(route("GET", "/health/live", echo));
    routes.back().access = Access::kPublic;
    routes.back().at_root = true;
    routes.push_back(route("GET", "/big", BlockingHandler([](const RequestContext&) -> sdk::Result<http::Response> {
                             http::Response response = data_response(200, sdk::json::value(std::string(20'000, 'x')));
                             response.set_header("ETag", "\"7\"");
                             return response;
                           })));
    routes.push_back(route("GET", "/big-async", AsyncHandler([](std::shared_ptr<RequestContext>, Reply reply) {
                             reply(data_response(200, sdk::json::value(std::string(20'000, 'x'))));
                           })));
    routes.push_back(route("GET", "/async", AsyncHandler([](std::shared_ptr<RequestContext> context, Reply reply) {
                             if (context->request.query_value("drop")) return;
                             reply(sdk::not_found_error("clients.not_found", "No such client."));
                           })));
    routes.push_back(route("GET", "/throws", BlockingHandler([](const RequestContext&) -> sdk::Result<http::Response> {
                             throw std::runtime_error("secret detail");
                           })));
    routes.push_back(route("GET", "/sql", BlockingHandler([](const RequestContext&) -> sdk::Result<http::Response> {
                             return sdk::permanent_error("storage.sql", "relation \"users\" does not exist");
                           })));
    ASSERT_TRUE(gateway_->add(std::move(routes)).ok());
  }

  http::Response send(std::string method, std::string path, sdk::Headers headers = {}, std::string body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.target = request.path;
    request.headers = std::move(headers);
    request.body = std::move(body);
    request.remote_address = "192.0.2.1";
    request.query = query_;
    request.secure = secure_;
    auto answered = std::make_shared<std::promise<http::Response>>();
    auto answer = answered->get_future();
    gateway().handle(std::move(request), http::Responder([answered](http::Response response) {
                       answered->set_value(std::move(response));
                     }));
    if (answer.wait_for(10s) != std::future_status::ready) throw std::runtime_error("no answer");
    return answer.get();
  }

  static sdk::Headers as(const std::string& role) { return {{"Authorization", "Bearer " + role}}; }
  static std::string code_of(const http::Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto body = sdk::parse_json(response.body);
    EXPECT_TRUE(body.ok()) << response.body;
    if (!body.ok()) return "";
    EXPECT_EQ(*sdk::find_member(*body, "status"), response.status);
    EXPECT_EQ(sdk::string_at(*body, "requestId"), *response.header("X-Request-Id"));
    return sdk::string_at(*body, "code");
  }

  GatewaySettings settings_;
  LimitSettings limits_;
  base::SystemClock clock_;
  base::Metrics metrics_;
  std::unique_ptr<policy::Policy> policy_ = std::make_unique<policy::Policy>(policy::Policy::shipped().value());
  RoleAuthenticator authenticator_;
  AwayDatabase database_;
  IdempotencyStore idempotency_{database_, clock_};
  KeptAudit audit_;
  base::WorkerPool workers_{"workers", 2, 8};
  base::WorkerPool sign_in_workers_{"sign-in", 1, 8};
  std::unique_ptr<RateLimiter> limiter_;
  std::unique_ptr<Gateway> gateway_;
  std::vector<std::pair<std::string, std::string>> query_;
  bool secure_ = false;
};

TEST_F(GatewayTest, ThePipelineStandsInTheOrderOfTheContract) {
  std::vector<std::string_view> names;
  for (const auto& stage : default_pipeline()) names.push_back(stage.name);
  EXPECT_THAT(names, testing::ElementsAre("request_id", "access_log", "errors", "security_headers", "cors", "compress",
                                          "conditional", "find_route", "limit_address", "refuse_unknown",
                                          "authenticate", "limit_user", "permission", "path_ids", "body",
                                          "limit_account", "idempotency", "handler"));
}

TEST_F(GatewayTest, AnswersWithNamesAndSecurityHeaders) {
  const auto response = send("GET", "/api/v1/open");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.header("X-Frame-Options"), "DENY");
  EXPECT_EQ(response.header("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'");
  EXPECT_EQ(response.header("Referrer-Policy"), "no-referrer");
  EXPECT_FALSE(response.header("Strict-Transport-Security"));
  EXPECT_TRUE(response.header("X-Request-Id"));
  EXPECT_THAT(std::string(*response.header("traceparent")), testing::MatchesRegex("00-[0-9a-f]+-[0-9a-f]+-01"));
  secure_ = true;
  EXPECT_TRUE(send("GET", "/api/v1/open").header("Strict-Transport-Security"));
}

TEST_F(GatewayTest, TakesOnlyHarmlessNamesFromOutside) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto response = send("GET", "/api/v1/open",
                             {{"X-Request-Id", "client-7"}, {"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}});
  EXPECT_EQ(response.header("X-Request-Id"), "client-7");
  EXPECT_EQ(response.header("traceparent")->substr(3, 32), trace);
  EXPECT_NE(response.header("traceparent")->substr(36, 16), "00f067aa0ba902b7");
  const auto other = send("GET", "/api/v1/open",
                          {{"X-Request-Id", "a\r\nb"}, {"traceparent", "00-" + std::string(32, '0') + "-x-01"}});
  EXPECT_EQ(other.header("X-Request-Id")->size(), 36U);
  EXPECT_EQ(other.header("traceparent")->size(), 55U);
}

TEST_F(GatewayTest, AsksForASignIn) {
  const auto missing = send("GET", "/api/v1/clients");
  EXPECT_EQ(missing.status, 401);
  EXPECT_EQ(code_of(missing), "auth.no_token");
  EXPECT_TRUE(missing.header("WWW-Authenticate"));
  EXPECT_EQ(code_of(send("GET", "/api/v1/clients", as("bad"))), "auth.invalid_token");
  EXPECT_EQ(send("GET", "/api/v1/clients", as("viewer")).status, 200);
  EXPECT_EQ(send("GET", "/api/clients", as("slow-viewer")).status, 200);
  EXPECT_EQ(send("GET", "/api/v1/open", as("bad")).status, 200);
}

TEST_F(GatewayTest, RefusesWithoutThePermissionAndPutsItOnRecord) {
  const auto refused = send("GET", "/api/v1/admin", as("viewer"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(code_of(refused), "policy.forbidden");
  EXPECT_THAT(audit_.actions(), testing::ElementsAre("permission.refused"));
  EXPECT_EQ(send("GET", "/api/v1/admin", as("admin")).status, 200);
}

TEST_F(GatewayTest, KeepsAnExpiredPasswordToWhatChangesIt) {
  EXPECT_EQ(code_of(send("GET", "/api/v1/clients", as("expired"))), "auth.password_change_required");
  EXPECT_EQ(send("GET", "/api/v1/open", as("expired")).status, 200);
  EXPECT_EQ(send("POST", "/api/v1/auth/change-password", as("expired")).status, 200);
}

TEST_F(GatewayTest, TellsUnknownPathsFromUnknownMethods) {
  EXPECT_EQ(code_of(send("GET", "/api/v1/nothing")), "request.not_found");
  const auto method = send("DELETE", "/api/v1/clients", as("admin"));
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(code_of(method), "request.method_not_allowed");
  EXPECT_EQ(method.header("Allow"), "GET, HEAD, OPTIONS, POST");
  const auto options = send("OPTIONS", "/api/v1/clients");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(code_of(send("GET", "/api/v1/clients/7", as("admin"))), "request.bad_uuid");
  EXPECT_EQ(send("GET", "/api/v1/clients/00000000-0000-7000-8000-000000000002", as("admin")).status, 200);
}

TEST_F(GatewayTest, WantsWellFormedJson) {
  auto headers = as("admin");
  EXPECT_EQ(code_of(send("POST", "/api/v1/clients", headers, "{}")), "request.unsupported_media_type");
  headers.emplace_back("Content-Type", "Application/JSON; charset=UTF-8");
  EXPECT_EQ(code_of(send("POST", "/api/v1/clients", headers, "{\"a\":")), "request.json");
  auto packed = headers;
  packed.emplace_back("Content-Encoding", "gzip");
  EXPECT_EQ(code_of(send("POST", "/api/v1/clients", packed, "{}")), "request.unsupported_encoding");
  packed.back().second = "Identity";
  EXPECT_EQ(send("POST", "/api/v1/clients", packed, "{}").status, 200);
  EXPECT_EQ(send("POST", "/api/v1/clients", headers, "{}").status, 200);
  auto form = as("admin");
  form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(send("POST", "/api/v1/clients", form, "a=1").status, 415);
}

TEST_F(GatewayTest, NeverShowsWhatBroke) {
  const auto thrown = send("GET", "/api/v1/throws", as("admin"));
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body.find("secret detail"), std::string::npos);
  EXPECT_EQ(code_of(thrown), "internal.exception");
  const auto sql = send("GET", "/api/v1/sql", as("admin"));
  EXPECT_EQ(sql.status, 500);
  EXPECT_EQ(sql.body.find("relation"), std::string::npos);
}

TEST_F(GatewayTest, MapsErrorsOfAsynchronousHandlersAndAnswersForDroppedOnes) {
  EXPECT_EQ(code_of(send("GET", "/api/v1/async", as("admin"))), "clients.not_found");
  query_ = {{"drop", "1"}};
  const auto dropped = send("GET", "/api/v1/async", as("admin"));
  EXPECT_EQ(dropped.status, 500);
  EXPECT_EQ(code_of(dropped), "internal.not_answered");
}

TEST_F(GatewayTest, AnswersPreflightsOfAllowedOriginsOnly) {
  const sdk::Headers ours{{"Origin", "https://dashboard.example"}, {"Access-Control-Request-Method", "PUT"}};
  const auto preflight = send("OPTIONS", "/api/v1/clients", ours);
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://dashboard.example");
  EXPECT_NE(preflight.header("Access-Control-Allow-Headers")->find("Authorization"), std::string::npos);
  const auto foreign = send("OPTIONS", "/api/v1/clients",
                            {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "PUT"}});
  EXPECT_FALSE(foreign.header("Access-Control-Allow-Origin"));
  EXPECT_FALSE(foreign.header("Access-Control-Allow-Methods"));
  EXPECT_EQ(
      send("GET", "/api/v1/open", {{"Origin", "https://dashboard.example"}}).header("Access-Control-Allow-Origin"),
      "https://dashboard.example");
  EXPECT_FALSE(send("GET", "/api/v1/open", {{"Origin", "null"}}).header("Access-Control-Allow-Origin"));
}

TEST_F(GatewayTest, CompressesLargeBodiesOnWhicheverThread) {
  for (const char* path : {"/api/v1/big", "/api/v1/big-async"}) {
    auto headers = as("admin");
    EXPECT_FALSE(send("GET", path, headers).header("Content-Encoding")) << path;
    headers.emplace_back("Accept-Encoding", "br, gzip");
    const auto response = send("GET", path, headers);
    EXPECT_EQ(response.header("Content-Encoding"), "gzip") << path;
    EXPECT_LT(response.body.size(), 1000U);
    EXPECT_EQ(sdk::string_at(*sdk::parse_json(gunzip(response.body)), "data"), std::string(20'000, 'x'));
  }
  EXPECT_FALSE(send("GET", "/api/v1/open", {{"Accept-Encoding", "gzip"}}).header("Content-Encoding"));
}

TEST_F(GatewayTest, AnswersAKnownETagWithoutTheBody) {
  auto headers = as("admin");
  headers.emplace_back("If-None-Match", "\"6\", W/\"7\"");
  const auto response = send("GET", "/api/v1/big", headers);
  EXPECT_EQ(response.status, 304);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(response.header("ETag"), "\"7\"");
}

TEST_F(GatewayTest, LimitsAnAddressWithoutASignIn) {
  for (int index = 0; index < 4; ++index) EXPECT_EQ(send("GET", "/api/v1/open").status, 200);
  const auto refused = send("GET", "/api/v1/open");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(code_of(refused), "limits.address");
  EXPECT_TRUE(refused.header("Retry-After"));
  EXPECT_EQ(refused.header("RateLimit-Limit"), "4");
  EXPECT_EQ(refused.header("RateLimit-Remaining"), "0");
  EXPECT_THAT(audit_.actions(), testing::ElementsAre("limit.exceeded"));
  EXPECT_EQ(send("GET", "/api/v1/nothing").status, 429);
  EXPECT_EQ(send("GET", "/api/v1/clients", as("bad")).status, 429);
  EXPECT_EQ(send("GET", "/api/v1/clients", as("admin")).status, 200);
  EXPECT_EQ(send("GET", "/health/live").status, 200);
}

TEST_F(GatewayTest, LimitsAUser) {
  for (int index = 0; index < 6; ++index) EXPECT_EQ(send("GET", "/api/v1/clients", as("admin")).status, 200);
  EXPECT_EQ(code_of(send("GET", "/api/v1/clients", as("admin"))), "limits.user");
}

TEST_F(GatewayTest, LimitsSignInsByAccountToo) {
  limits_.auth_per_minute = 2;
  const sdk::Headers json{{"Content-Type", "application/json"}};
  EXPECT_EQ(send("POST", "/api/v1/auth/login", json, R"({"email":"A@x.example"})").status, 200);
  EXPECT_EQ(send("POST", "/api/v1/auth/login", json, R"({"email":"a@x.example"})").header("Cache-Control"), "no-store");
  EXPECT_EQ(code_of(send("POST", "/api/v1/auth/login", json, R"({"email":"b@x.example"})")), "limits.auth_address");
  // Another address, the same account: counted as the same.
  EXPECT_FALSE(limiter_->look(Limit::kAuthAccount, "a@x.example").allowed);
  EXPECT_TRUE(limiter_->look(Limit::kAuthAccount, "b@x.example").allowed);
}

TEST_F(GatewayTest, SaysBusyWhenTheWorkersAreFull) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  // Two under way and eight waiting: only then is there no room left, whenever the threads take their first ones.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (int taken = 0; taken < 2 + 8;) {
    taken += workers_.try_submit([released] { released.wait(); }) ? 1 : 0;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  const auto busy = send("GET", "/api/v1/clients", as("admin"));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(code_of(busy), "gateway.busy");
  EXPECT_TRUE(busy.header("Retry-After"));
  release.set_value();
}

TEST_F(GatewayTest, AnIdempotentRequestNeedsTheDatabase) {
  auto headers = as("admin");
  headers.emplace_back("Idempotency-Key", "k-1");
  EXPECT_EQ(code_of(send("POST", "/api/v1/clients", headers)), "storage.unavailable");
  headers.back().second = std::string(256, 'k');
  EXPECT_EQ(code_of(send("POST", "/api/v1/clients", headers)), "request.idempotency_key");
  headers = as("admin");
  headers.emplace_back("Idempotency-Key", "k-1");
  EXPECT_EQ(send("POST", "/api/v1/auth/change-password", headers).status, 200);
}

TEST_F(GatewayTest, CountsRequestsByRouteAndStatus) {
  send("GET", "/api/v1/open");
  send("GET", "/api/v1/nothing");
  const std::string text = metrics_.render();
  EXPECT_THAT(text,
              testing::HasSubstr("patchbay_gateway_requests_total{method=\"GET\",route=\"/open\",status=\"2xx\"} 1"));
  EXPECT_THAT(
      text, testing::HasSubstr("patchbay_gateway_requests_total{method=\"any\",route=\"unmatched\",status=\"4xx\"} 1"));
}

TEST_F(GatewayTest, WritesOneLineARequestWithoutItsQuery) {
  settings_.access_log = true;
  query_ = {{"token", "s3cr3t"}};
  testing::internal::CaptureStderr();
  auto headers = as("admin");
  headers.emplace_back("X-Request-Id", "line-1");
  EXPECT_EQ(send("GET", "/api/v1/clients", headers).status, 200);
  gateway_.reset();  // writes what waits
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::HasSubstr("method=\"GET\" path=\"/api/v1/clients\" status=200 ms="));
  EXPECT_THAT(text, testing::HasSubstr(
                        "requestId=\"line-1\" address=\"192.0.2.1\" user=\"00000000-0000-7000-8000-000000000001\""));
  EXPECT_EQ(text.find("s3cr3t"), std::string::npos);
}

TEST_F(GatewayTest, BringsAnAsynchronousHandlerBackToItsThread) {
  std::size_t posted_to = 99;
  gateway().set_post_to_io_thread([&](std::size_t thread, std::function<void()> work) {
    posted_to = thread;
    work();
  });
  EXPECT_EQ(send("GET", "/api/v1/async", as("slow-admin")).status, 404);
  EXPECT_EQ(posted_to, 0U);
}

TEST(AcceptsGzip, ReadsTheHeader) {
  for (const char* yes : {"gzip", "br, GZIP;q=0.5", "*", "gzip;q=1.0"}) EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "identity, deflate"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

}  // namespace
}  // namespace patchbay::gateway
