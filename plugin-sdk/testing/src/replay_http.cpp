#include <patchbay/sdk/testing/replay_http.hpp>

#include <fstream>
#include <iterator>

namespace patchbay::sdk::testing {
namespace {

constexpr JsonLimits kFixtureLimits{16 * 1024 * 1024, 64};

std::string body_text(const json::value& body) {
  return body.is_string() ? std::string(body.as_string()) : json::serialize(body);
}

bool same_body(const std::string& left, const std::string& right) {
  if (left == right) return true;
  const auto left_json = parse_json(left, kFixtureLimits);
  const auto right_json = parse_json(right, kFixtureLimits);
  return left_json.ok() && right_json.ok() && canonical_json(*left_json) == canonical_json(*right_json);
}

Error fixture_error(std::size_t index, const std::string& what) {
  return invalid_error("testing.fixture", "exchange " + std::to_string(index) + ": " + what);
}

Result<Exchange> parse_exchange(const json::value& value, std::size_t index) {
  Exchange exchange;
  exchange.method = string_at(value, "request.method");
  exchange.url = string_at(value, "request.url");
  if (exchange.method.empty() || exchange.url.empty())
    return fixture_error(index, "the request has no method or no url");
  if (const auto* body = find_path(value, "request.body")) exchange.request_body = body_text(*body);
  const auto* status = find_path(value, "response.status");
  if (status == nullptr || !status->is_int64() || status->as_int64() < 100 || status->as_int64() > 599)
    return fixture_error(index, "the response has no status");
  exchange.response.status = static_cast<int>(status->as_int64());
  if (const auto* headers = find_path(value, "response.headers")) {
    if (!headers->is_object()) return fixture_error(index, "headers are an object of texts");
    for (const auto& header : headers->as_object())
      exchange.response.headers.emplace_back(header.key(), scalar_text(header.value()).value_or(""));
  }
  const auto* body = find_path(value, "response.body");
  if (body == nullptr) return fixture_error(index, "the response has no body");
  exchange.response.body = body_text(*body);
  return exchange;
}

}  // namespace

Result<std::vector<Exchange>> parse_fixture(std::string_view text) {
  PATCHBAY_ASSIGN(const json::value fixture, parse_json(text, kFixtureLimits));
  const auto* exchanges = find_member(fixture, "exchanges");
  if (exchanges == nullptr || !exchanges->is_array())
    return invalid_error("testing.fixture", "a fixture has a list 'exchanges'");
  std::vector<Exchange> parsed;
  for (const auto& value : exchanges->as_array()) {
    PATCHBAY_ASSIGN(auto exchange, parse_exchange(value, parsed.size()));
    parsed.push_back(std::move(exchange));
  }
  return parsed;
}

Result<std::vector<Exchange>> load_fixture(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return invalid_error("testing.fixture", "cannot read " + file.string());
  return parse_fixture(std::string(std::istreambuf_iterator<char>(stream), {}));
}

Result<HttpResponse> ReplayHttp::send(const CallContext& context, const HttpRequest& request) {
  PATCHBAY_TRY(context.check());
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < exchanges_.size(); ++index) {
    const Exchange& exchange = exchanges_[index];
    if (used_[index] || exchange.method != request.method || exchange.url != request.url) continue;
    if (exchange.request_body && !same_body(*exchange.request_body, request.body)) continue;
    used_[index] = true;
    return exchange.response;
  }
  return permanent_error("testing.not_recorded",
                         "the recording has no (further) " + request.method + " " + request.url);
}

std::vector<Exchange> ReplayHttp::unused() const {
  const std::lock_guard lock(mutex_);
  std::vector<Exchange> left;
  for (std::size_t index = 0; index < exchanges_.size(); ++index) {
    if (!used_[index]) left.push_back(exchanges_[index]);
  }
  return left;
}

}  // namespace patchbay::sdk::testing
