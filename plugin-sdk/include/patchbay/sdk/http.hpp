// HTTP towards a service, as a connector sees it: plain values. The host adds limits, address checks, faults, recording.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::sdk {

/// Header fields in order. Names compare without regard to case.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// The first value of a header, or nullopt.
std::optional<std::string> find_header(const Headers& headers, std::string_view name);
bool equals_ignoring_case(std::string_view left, std::string_view right);

/// A body given as an open file, so that a large upload is never held in memory or squeezed through JSON.
struct BodyFile {
  int descriptor = -1;        ///< Readable descriptor; the host reads it to the end and does not close it.
  std::uint64_t size_bytes = 0;
};

/// One request of a connector to its service.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< Absolute. Never put a secret into it: it appears in logs.
  Headers headers;
  std::string body;
  std::optional<BodyFile> body_file;  ///< Instead of `body`.
  std::string limit_group;            ///< Name of the rate budget this call spends from ("GET /v1/customers"); may be empty.
  double cost = 1.0;                  ///< Points of that budget the call is expected to cost.
  bool retry_safe = false;            ///< The host may repeat it after a connection error (GET, or protected by an idempotency key).
};

/// What came back. Any status is a response, not an error; errors are what kept a response from arriving.
struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Percent-encodes everything but unreserved characters (RFC 3986).
std::string url_encode(std::string_view text);
/// `a=1&b%5Bc%5D=2` from pairs, names and values percent-encoded.
std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace patchbay::sdk
