#include "platform/storage/pg_conninfo.hpp"

#include <libpq-fe.h>
#include <map>
#include <memory>

namespace patchbay::storage {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string conninfo_value(std::string_view value) {
  std::string text = "'";
  for (const char character : value) {
    if (character == '\'' || character == '\\') text += '\\';
    text += character;
  }
  return text += '\'';
}

std::string session_options(const SessionSettings& settings) {
  const auto milliseconds = [](std::chrono::milliseconds value) { return std::to_string(value.count()); };
  return "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c bytea_output=hex -c extra_float_digits=1"
         " -c statement_timeout=" +
         milliseconds(settings.statement_timeout) +
         " -c idle_in_transaction_session_timeout=" + milliseconds(settings.idle_in_transaction_timeout);
}

}  // namespace

sdk::Result<std::string> make_conninfo(const std::string& url, const SessionSettings& settings) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(url.c_str(), &problem));
  PQfreemem(problem);  // may quote the password
  if (!options) {
    return sdk::permanent_error("storage.url",
                                "The database URL is malformed; expected postgresql://user@host:port/name.");
  }
  std::map<std::string, std::string> values;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values.emplace(option->keyword, option->val);
  }
  const auto connect_seconds = std::chrono::ceil<std::chrono::seconds>(settings.connect_timeout).count();
  values.emplace("connect_timeout", std::to_string(std::max<long long>(connect_seconds, 2)));  // libpq's own minimum
  values.emplace("keepalives", "1");
  values.emplace("keepalives_idle", "30");
  values.emplace("keepalives_interval", "10");
  values.emplace("keepalives_count", "3");
  values.emplace("tcp_user_timeout", "30000");
  values.emplace("application_name", settings.application_name);
  values["client_encoding"] = "UTF8";
  auto& server_options = values["options"];  // ours last: they win over the operator's
  server_options += (server_options.empty() ? "" : " ") + session_options(settings);
  std::string conninfo;
  for (const auto& [keyword, value] : values) conninfo += keyword + "=" + conninfo_value(value) + " ";
  return conninfo;
}

}  // namespace patchbay::storage
