// Messages as Twilio shows them, for the tests of this folder.
#pragma once

#include <patchbay/sdk/sdk.hpp>
#include <patchbay/sdk/testing/contract.hpp>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::twilio::testing {

namespace json = sdk::json;

inline const std::string kAccount = "AC" + std::string(31, '0') + "1";
inline const std::string kBase = "https://api.twilio.com/2010-04-01/Accounts/" + kAccount;

inline std::string sid_of(int number) {
  const std::string digits = std::to_string(number);
  return "SM" + std::string(32 - digits.size(), '0') + digits;
}

/// "Thu, 24 Aug 2023 05:01:45 +0000" of a time.
inline std::string date_of(sdk::SystemTime time) {
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string iso = sdk::format_time(time);
  return "Thu, " + iso.substr(8, 2) + " " + kMonths[std::stoul(iso.substr(5, 2)) - 1] + " " + iso.substr(0, 4) + " " +
         iso.substr(11, 8) + " +0000";
}

inline json::object message(int number, const std::string& status, sdk::SystemTime at,
                            const std::string& body = "Hello") {
  const std::string date = date_of(at);
  return {{"sid", sid_of(number)},
          {"account_sid", kAccount},
          {"body", body},
          {"date_created", date},
          {"date_sent", date},
          {"date_updated", date},
          {"direction", "outbound-api"},
          {"error_code", nullptr},
          {"error_message", nullptr},
          {"from", "+15005550006"},
          {"messaging_service_sid", nullptr},
          {"num_media", "0"},
          {"num_segments", "1"},
          {"price", nullptr},
          {"status", status},
          {"to", "+15005550009"}};
}

inline json::object list_of(json::array messages, const std::string& next = "") {
  return {{"messages", std::move(messages)},
          {"page", 0},
          {"page_size", 50},
          {"next_page_uri", next.empty() ? json::value(nullptr) : json::value(next)}};
}

/// A host and a connection of Twilio's, with an account that looks like one.
class Connection {
 public:
  std::unique_ptr<sdk::ServiceClient> connect(
      const std::map<std::string, std::string>& options = {{"from", "+15005550006"}},
      const std::map<std::string, std::string>& credentials = {{"authToken", "token"}}) {
    auto settings = sdk::testing::make_settings(*plugin, options);
    settings.credentials = credentials;
    settings.credentials["accountSid"] = kAccount;
    return *plugin->connect(settings, host.services());
  }
  sdk::testing::ScriptedHttp& http() { return host.http(); }
  sdk::SystemTime now() { return host.clock().now(); }

  sdk::testing::FakeHost host;
  std::unique_ptr<sdk::Plugin> plugin = sdk::testing::make_plugin(patchbay_plugin);
};

}  // namespace patchbay::twilio::testing
