// A whole sandbox without sockets: calls go in at the door, webhooks end in a list.
#pragma once

#include "tests/sandbox/google/google_service.hpp"
#include "tests/sandbox/jobber/jobber_service.hpp"
#include "tests/sandbox/quickbooks/quickbooks_service.hpp"
#include "tests/sandbox/sandbox.hpp"
#include "tests/sandbox/slack/slack_service.hpp"
#include "tests/sandbox/stripe/stripe_service.hpp"
#include "tests/sandbox/twilio/twilio_service.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <future>

namespace patchbay::sandbox {

/// Takes the webhooks; the first `failures` tries are answered 500.
class WebhookInbox : public sdk::HttpClient {
 public:
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext&, const sdk::HttpRequest& request) override {
    std::scoped_lock lock(mutex_);
    received_.push_back(request);
    arrived_.notify_all();
    return sdk::HttpResponse{received_.size() <= failures ? 500 : 200, {}, ""};
  }
  /// The first request `wanted` accepts, waiting for it at most ten seconds.
  template <typename Wanted>
  std::optional<sdk::HttpRequest> wait_for(Wanted wanted) {
    std::unique_lock lock(mutex_);
    std::optional<sdk::HttpRequest> found;
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] {
      for (const auto& request : received_) {
        if (!found && wanted(request)) found = request;
      }
      return found.has_value();
    });
    return found;
  }
  /// Whether so many requests came within ten seconds.
  bool wait_for_count(std::size_t wanted) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return received_.size() >= wanted; });
  }
  std::size_t count() const {
    std::scoped_lock lock(mutex_);
    return received_.size();
  }

  std::size_t failures = 0;

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<sdk::HttpRequest> received_;
};

/// 2026-11-21T00:00:00Z.
inline constexpr std::int64_t kTestEpoch = 1'795'219'200'000;

class SandboxForTest {
 public:
  explicit SandboxForTest(std::size_t clients = 100, Journal* journal = nullptr, std::uint64_t seed = 7)
      : people(make_people(seed, clients, kTestEpoch)),
        faults(seed),
        webhooks(inbox, faults, 1),
        context{store, clock, webhooks, people, seed, kTestEpoch, "http://hub/webhooks", false} {
    clock.freeze(true);
    clock.set(std::chrono::system_clock::time_point(std::chrono::milliseconds(kTestEpoch)));
    std::vector<std::unique_ptr<SandboxService>> services;
    services.push_back(std::make_unique<StripeService>(context, "whsec_test"));
    services.push_back(std::make_unique<JobberService>(context, "client", "secret"));
    services.push_back(std::make_unique<GoogleService>(context, "client", "secret"));
    services.push_back(std::make_unique<SlackService>(context, slack::Secrets{"client", "secret", "signing"}));
    services.push_back(std::make_unique<TwilioService>(context, twilio::sandbox_credentials()));
    services.push_back(std::make_unique<QuickBooksService>(context, QuickBooksSecrets{"client", "secret", "verifier"}));
    for (const auto& service : services) service->generate();
    const auto sealed = store.seal(journal);
    EXPECT_TRUE(sealed.ok()) << (sealed.ok() ? "" : sealed.error().message);
    door = std::make_unique<Sandbox>(
        Sandbox::Parts{store, clock, faults, webhooks, std::move(services), {}, [](const sdk::Error& error) {
                         FAIL() << error.message;
                       }});
  }

  http::Response send(http::Request request) {
    std::promise<http::Response> answered;
    auto answer = answered.get_future();
    door->handle(std::move(request),
                 http::Responder([&answered](http::Response response) { answered.set_value(std::move(response)); }));
    return answer.get();
  }

  http::Response call(std::string method, const std::string& target, std::string body = "", sdk::Headers headers = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = target;
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    if (question < target.size()) {
      request.raw_query = target.substr(question + 1);
      request.query = http::parse_query(request.raw_query).value();
    }
    request.body = std::move(body);
    request.headers = std::move(headers);
    return send(std::move(request));
  }

  static json::value parsed(const http::Response& response) { return sdk::parse_json(response.body).value(); }

  http::Response stripe(std::string method, const std::string& path, std::string body = "", sdk::Headers headers = {}) {
    headers.emplace_back("Authorization", "Bearer sk_test_unit");
    return call(std::move(method), "/stripe" + path, std::move(body), std::move(headers));
  }

  std::vector<Person> people;
  Store store;
  SandboxClock clock;
  FaultPlan faults;
  WebhookInbox inbox;
  WebhookSender webhooks;
  ServiceContext context;
  std::unique_ptr<Sandbox> door;
};

/// The "data" of an answer, by value: a range-for over a member of a temporary would outlive it.
inline json::array list_of(const json::value& answer) {
  return answer.at("data").as_array();
}

/// A folder of its own, removed with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "pb-sandbox-XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path path;
};

}  // namespace patchbay::sandbox
