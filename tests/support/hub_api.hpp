#pragma once

#include "tests/support/http_client.hpp"

#include <string>
#include <vector>

namespace patchbay::testing {

/// A signed-in user of a hub's API. What must succeed throws std::runtime_error naming the call and the answer.
class HubApi {
 public:
  explicit HubApi(std::uint16_t port) : port_(port) {}
  /// As the administrator of HubProcess, unless told otherwise.
  void sign_in();
  void sign_in(const std::string& email, const std::string& password);
  const std::string& token() const { return token_; }

  /// Below /api/v1, whatever the answer is.
  HttpAnswer send(const std::string& method, const std::string& path, const std::string& body = {},
                  sdk::Headers headers = {}) const;
  HttpAnswer send_json(const std::string& method, const std::string& path, const sdk::json::value& body,
                       sdk::Headers headers = {}) const;
  /// "data" of an answer that must be 2xx.
  sdk::json::value get(const std::string& path) const;
  sdk::json::value post(const std::string& path, const sdk::json::value& body) const;
  /// Every row of a list, by cursor.
  std::vector<sdk::json::value> list(const std::string& path) const;
  std::int64_t exact_count(const std::string& path) const;

  /// Makes a connection that must come out connected; its id.
  std::string connect(const sdk::json::object& connection) const;
  /// Starts a sync run; its id.
  std::string start_sync(const std::string& connection_id, const std::string& mode = "full") const;
  /// The run when it is over.
  sdk::json::value wait_for_run(const std::string& run_id, std::chrono::milliseconds limit) const;
  /// A run that must succeed, from start to end.
  sdk::json::value sync(const std::string& connection_id, const std::string& mode,
                        std::chrono::milliseconds limit) const;

 private:
  std::uint16_t port_;
  std::string token_;
};

}  // namespace patchbay::testing
