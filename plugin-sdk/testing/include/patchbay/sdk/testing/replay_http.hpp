// HTTP from a recording: a connector against what its service once answered, without a network.
#pragma once

#include <patchbay/sdk/host_services.hpp>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::sdk::testing {

/// One recorded request with its answer. Without `request_body` any body matches.
struct Exchange {
  std::string method;
  std::string url;
  std::optional<std::string> request_body;
  HttpResponse response;
};

/// Reads `{"exchanges": [{"request": {"method", "url", "body"?}, "response": {"status", "headers"?, "body"}}]}`. A body
/// is a text, or any other JSON value for its serialised form; headers are an object of texts. kInvalid
/// "testing.fixture" names what is wrong.
Result<std::vector<Exchange>> parse_fixture(std::string_view text);
Result<std::vector<Exchange>> load_fixture(const std::filesystem::path& file);

/// Answers each request with the first exchange that matches and was not used yet; a request that matches none is
/// kPermanent "testing.not_recorded". JSON bodies are compared by value. Thread-safe.
class ReplayHttp : public HttpClient {
 public:
  explicit ReplayHttp(std::vector<Exchange> exchanges)
      : exchanges_(std::move(exchanges)), used_(exchanges_.size(), false) {}
  Result<HttpResponse> send(const CallContext& context, const HttpRequest& request) override;
  /// Recorded exchanges that were not asked for.
  std::vector<Exchange> unused() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Exchange> exchanges_;
  std::vector<bool> used_;
};

}  // namespace patchbay::sdk::testing
