// Gmail v1 of the one account: messages, labels, the history of changes.
#pragma once

#include "tests/sandbox/google/account.hpp"

namespace patchbay::sandbox::google {

class Gmail {
 public:
  explicit Gmail(Account& account) : account_(account) {}
  /// `parts`: the path below /gmail/v1/users/{userId}.
  http::Response answer(const http::Request& request, const std::vector<std::string>& parts);

  /// A mail that comes or went; {from, to, subject, text, …, labelIds?, threadId?, date?}. `tell`: history and push.
  json::object add(const json::object& members, std::vector<std::string> labels, bool tell);
  bool change_labels(std::string_view id, const std::vector<std::string>& add, const std::vector<std::string>& remove);
  bool erase(std::string_view id);
  /// As format=full shows it.
  json::object shown(const Record& record) const;
  /// History ids that were given out until now are answered with 404.
  void forget_history();

 private:
  http::Response list(const http::Request& request);
  http::Response history(const http::Request& request);
  http::Response send(const http::Request& request);
  http::Response message(const http::Request& request, const std::vector<std::string>& parts);
  http::Response thread(const http::Request& request, const std::string& id);
  http::Response labels(const http::Request& request, const std::vector<std::string>& parts);
  http::Response watch(const http::Request& request);
  json::object in_format(const Record& record, const std::string& format) const;
  json::object store_mail(const std::string& raw, std::vector<std::string> labels, std::string thread_id,
                          std::int64_t at_ms, bool tell);
  void remember(std::string_view kind, const json::object& message, const std::vector<std::string>& labels);
  bool is_label(std::string_view id) const;
  std::uint64_t history_floor() const;

  Account& account_;
};

/// Whether a message meets Gmail's search: words, from:, to:, subject:, in:, is:unread, label:, after:, before:,
/// newer_than:Nd, rfc822msgid:, and - before any of them.
bool meets_search(const json::object& message, std::string_view search, std::int64_t now_ms);

}  // namespace patchbay::sandbox::google
