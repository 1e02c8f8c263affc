// HTTP as the hub serves it: plain values without third parties, and the answer handle.
#pragma once

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::http {

using Headers = sdk::Headers;

struct Request {
  std::string method;                                      // upper case
  std::string target;                                      // as sent
  std::string path;                                        // decoded once, without the query; "/api/v1/clients"
  std::string raw_query;                                   // without '?'
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;            // raw bytes, at most the server's limit
  std::string remote_address;  // numeric, of the peer (or of X-Forwarded-For from a trusted proxy)
  std::string request_id;      // made by the gateway
  bool secure = false;         // came over TLS
  std::size_t io_thread = 0;  // index of the I/O thread that owns the connection: responses may be sent from any thread
  std::chrono::steady_clock::time_point received_at = std::chrono::steady_clock::now();

  std::optional<std::string_view> header(std::string_view name) const;
  std::optional<std::string_view> query_value(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
  bool abort_connection = false;  // closes the connection (RST) instead of answering: for the sandbox's faults

  static Response json(int status, std::string body);
  static Response text(int status, std::string body);
  static Response empty(int status);
  void set_header(std::string name, std::string value);  // replaces
  std::optional<std::string_view> header(std::string_view name) const;
};

/// Answers one request, once, from any thread. Dropped without an answer it sends 500, so that no client waits for
/// ever.
class Responder {
 public:
  using Send = std::function<void(Response)>;
  Responder() = default;
  explicit Responder(Send send);
  /// The second and later calls are ignored.
  void send(Response response) const;
  /// Runs on the response before it leaves, last added first (headers, log line, compression).
  void add_filter(std::function<void(Response&)> filter) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Where the server hands its requests (implemented by engine/gateway). Called on an I/O thread: must not block.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  virtual void handle(Request request, Responder responder) = 0;
};

/// Percent-decodes; `plus_is_space` for queries and forms. nullopt on a malformed escape, on U+0000 or on bad UTF-8.
std::optional<std::string> url_decode(std::string_view text, bool plus_is_space);
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw_query);
std::string_view reason_phrase(int status);

}  // namespace patchbay::http
