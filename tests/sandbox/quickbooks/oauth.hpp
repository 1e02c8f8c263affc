// Intuit's OAuth 2.0: authorization code, HTTP Basic, refresh tokens whose value changes about once a day.
#pragma once

#include "tests/sandbox/quickbooks/company.hpp"

namespace patchbay::sandbox::quickbooks {

struct AppKeys {
  std::string client_id, client_secret;
};

class OAuth {
 public:
  OAuth(Company& company, AppKeys keys) : company_(company), keys_(std::move(keys)) {}

  /// GET shows the page (or answers at once with ?auto=approve or ?auto=deny); POST is its form.
  http::Response authorize(const http::Request& request);
  http::Response token(const http::Request& request);
  http::Response revoke(const http::Request& request);
  bool accepts(const http::Request& request) const;
  /// The owner takes the app's access away: no token opens anything any more.
  void disconnect();

  /// Whether every refresh gives a new value, not only the first of a day.
  void set_always_rotates(bool on) { always_rotates_ = on; }
  bool always_rotates() const { return always_rotates_; }

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  bool is_app(const http::Request& request) const;
  http::Response exchange(const Fields& fields);
  http::Response refresh(const Fields& fields, bool tell_end);
  http::Response issue(const std::string& family, const std::string& refresh_token, bool tell_end);
  std::string new_refresh_token(const std::string& family);
  /// Forgets the tokens of one authorisation; of all where none is named.
  void end_family(const std::string& family);

  Company& company_;
  AppKeys keys_;
  bool always_rotates_ = false;
};

}  // namespace patchbay::sandbox::quickbooks
