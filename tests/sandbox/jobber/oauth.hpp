// Jobber's OAuth 2.0: authorization code only, rotating refresh tokens, JWT access tokens of 60 minutes.
#pragma once

#include "tests/sandbox/jobber/books.hpp"

namespace patchbay::sandbox::jobber {

class OAuth {
 public:
  OAuth(Books& books, std::string client_id) : books_(books), client_id_(std::move(client_id)) {}

  /// GET shows the page (or answers at once with ?auto=approve or ?auto=deny); POST is its form.
  http::Response authorize(const http::Request& request);
  http::Response token(const http::Request& request);

  enum class Verdict { kMissing, kUnknown, kExpired, kDisconnected, kValid };
  Verdict check(const http::Request& request) const;
  void set_rotation(bool on) { rotation_ = on; }
  bool rotation() const { return rotation_; }

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  http::Response exchange(const Fields& fields);
  http::Response refresh(const Fields& fields);
  http::Response issue(const std::string& family, const std::optional<std::string>& kept_refresh_token, bool refreshed);
  std::string make_access_token(std::int64_t expires_at);

  Books& books_;
  std::string client_id_;
  bool rotation_ = true;
};

}  // namespace patchbay::sandbox::jobber
