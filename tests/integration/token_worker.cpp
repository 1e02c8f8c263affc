// One process that asks for a connection's token with many threads at once: `token_worker DATABASE TOKEN_URL CONNECTION
// THREADS [die]`. Prints each token, or the error's code. With `die` it is killed when the service has answered, before
// anything of the answer is saved.
#include "engine/oauth/liboauth2_client_auth.hpp"
#include "engine/oauth/token_service.hpp"
#include "platform/base/clock.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/integration/token_fixture.hpp"

#include <cstdio>
#include <signal.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

/// Ends the process the moment an answer is there, as a crash would.
class DyingHttp : public sdk::HttpClient {
 public:
  explicit DyingHttp(sdk::HttpClient& http) : http_(http) {}
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest& request) override {
    auto response = http_.send(context, request);
    kill(getpid(), SIGKILL);
    return response;
  }

 private:
  sdk::HttpClient& http_;
};

int run(const std::vector<std::string>& arguments) {
  const oauth::OAuthLibrary library;
  base::Metrics metrics;
  storage::PgPoolSettings pool_settings;
  pool_settings.url = arguments[0];
  storage::PgPool database(pool_settings, metrics);
  outbound::OutboundHttp http({}, metrics);
  DyingHttp dying(http);
  base::SystemClock clock;
  const base::SecretBox box = token_box();
  const bool dies = arguments.size() > 4;
  oauth::TokenService service(database, box, dies ? static_cast<sdk::HttpClient&>(dying) : http, clock);
  const oauth::TokenSubject subject = token_subject(arguments[2], arguments[1]);
  std::vector<std::string> results(std::stoul(arguments[3]));
  std::vector<std::thread> threads;
  for (std::string& result : results) {
    threads.emplace_back([&] {
      const auto token = service.current({}, subject, {});
      result = token.ok() ? *token : token.error().code;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) std::printf("token %s\n", result.c_str());
  return 0;
}

}  // namespace
}  // namespace patchbay::testing

int main(int count, char** values) {
  if (count < 5) return 2;
  return patchbay::testing::run({values + 1, values + count});
}
