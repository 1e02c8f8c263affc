// Drive v3 of the one account: files, changes, uploads, permissions.
#pragma once

#include "tests/sandbox/google/account.hpp"

namespace patchbay::sandbox::google {

class Drive {
 public:
  explicit Drive(Account& account) : account_(account) {}
  /// `parts`: the path below /drive/v3.
  http::Response answer(const http::Request& request, const std::vector<std::string>& parts);
  /// The path below /upload/drive/v3.
  http::Response upload(const http::Request& request, const std::vector<std::string>& parts);

  json::object make_file(const json::object& metadata, const std::string& content, bool tell);
  bool change_file(std::string_view id, const json::object& members, const std::optional<std::string>& content);
  /// Gone for good.
  bool remove_file(std::string_view id);
  json::object shown(const Record& record) const;

 private:
  http::Response list(const http::Request& request);
  http::Response changes(const http::Request& request);
  http::Response one(const http::Request& request, const std::string& id);
  http::Response share(const http::Request& request, const std::string& id);
  http::Response watch(const http::Request& request);
  http::Response begin_session(const http::Request& request, const std::string& file_id);
  http::Response continue_session(const http::Request& request, const std::string& id);
  http::Response finish(const json::object& metadata, const std::string& content, const std::string& file_id,
                        const http::Request& request);
  http::Response multipart(const http::Request& request, const std::string& file_id);

  Account& account_;
};

/// `fields` as far as it is played: names at the top and "files(a,b)"; empty: what Drive shows without it.
json::object with_fields(const json::object& file, std::string_view fields);

}  // namespace patchbay::sandbox::google
