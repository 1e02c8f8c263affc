// Calendar v3 of the one account: its primary calendar.
#pragma once

#include "tests/sandbox/google/account.hpp"

namespace patchbay::sandbox::google {

class Calendar {
 public:
  explicit Calendar(Account& account) : account_(account) {}
  /// `parts`: the path below /calendar/v3, cut at its slashes.
  http::Response answer(const http::Request& request, const std::vector<std::string>& parts);

  /// As a person in the web page: nullopt where the times make no sense.
  std::optional<json::object> make_event(json::object members, const std::string& id);
  bool change_event(std::string_view id, const json::object& members);
  bool cancel_event(std::string_view id);
  json::object shown(const Record& record) const;
  /// Tokens that were given out until now are answered with 410.
  void forget_tokens();
  /// A page of generated data: no notification.
  void put_generated(json::object event);

 private:
  http::Response list(const http::Request& request);
  http::Response insert(const http::Request& request);
  http::Response one(const http::Request& request, const std::string& id);
  http::Response patch(const http::Request& request, const Record& record, bool whole);
  http::Response watch(const http::Request& request);
  std::vector<json::object> collect(const http::Request& request, std::uint64_t since) const;
  void store(json::object event, bool tell);

  Account& account_;
};

/// Events of a recurring one that DAILY or WEEKLY with COUNT (at most 100) describes, as Google shows them.
std::vector<json::object> expand(const json::object& event);

}  // namespace patchbay::sandbox::google
