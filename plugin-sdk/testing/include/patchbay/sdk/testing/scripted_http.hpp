// HTTP that answers as the test says and remembers what was asked.
#pragma once

#include <patchbay/sdk/host_services.hpp>

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::sdk::testing {

/// Answers, in this order: the oldest unused `reply`, the newest matching `when`, an error of the code
/// "testing.unexpected_request". Thread-safe. Like the host it refuses a call that is cancelled or late.
class ScriptedHttp : public HttpClient {
 public:
  using Handler = std::function<Result<HttpResponse>(const HttpRequest&)>;

  /// The answer to the next request that nothing earlier takes; used once.
  void reply(Result<HttpResponse> answer);
  void reply_json(const json::value& body, int status = 200, Headers headers = {});
  /// Answers every request of `method` whose URL contains `url_part`. The handler is called without a lock held.
  void when(std::string method, std::string url_part, Handler handler);

  Result<HttpResponse> send(const CallContext& context, const HttpRequest& request) override;

  /// Every request so far, refused ones too.
  std::vector<HttpRequest> requests() const;
  HttpRequest last_request() const;
  /// Answers of `reply` that nobody asked for.
  std::size_t unused_replies() const;

 private:
  struct Route {
    std::string method, url_part;
    Handler handler;
  };
  mutable std::mutex mutex_;
  std::deque<Result<HttpResponse>> replies_;
  std::vector<Route> routes_;
  std::vector<HttpRequest> requests_;
};

}  // namespace patchbay::sdk::testing
