#include <patchbay/sdk/testing/scripted_http.hpp>

namespace patchbay::sdk::testing {

void ScriptedHttp::reply(Result<HttpResponse> answer) {
  const std::lock_guard lock(mutex_);
  replies_.push_back(std::move(answer));
}

void ScriptedHttp::reply_json(const json::value& body, int status, Headers headers) {
  headers.emplace_back("Content-Type", "application/json");
  reply(HttpResponse{status, std::move(headers), json::serialize(body)});
}

void ScriptedHttp::when(std::string method, std::string url_part, Handler handler) {
  const std::lock_guard lock(mutex_);
  routes_.push_back({std::move(method), std::move(url_part), std::move(handler)});
}

Result<HttpResponse> ScriptedHttp::send(const CallContext& context, const HttpRequest& request) {
  Handler handler;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    PATCHBAY_TRY(context.check());
    if (!replies_.empty()) {
      auto answer = std::move(replies_.front());
      replies_.pop_front();
      return answer;
    }
    for (auto route = routes_.rbegin(); route != routes_.rend() && !handler; ++route) {
      if (route->method == request.method && request.url.find(route->url_part) != std::string::npos)
        handler = route->handler;
    }
  }
  if (handler) return handler(request);
  return permanent_error("testing.unexpected_request", "nobody expected " + request.method + " " + request.url);
}

std::vector<HttpRequest> ScriptedHttp::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

HttpRequest ScriptedHttp::last_request() const {
  const std::lock_guard lock(mutex_);
  return requests_.empty() ? HttpRequest{} : requests_.back();
}

std::size_t ScriptedHttp::unused_replies() const {
  const std::lock_guard lock(mutex_);
  return replies_.size();
}

}  // namespace patchbay::sdk::testing
