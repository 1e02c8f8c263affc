// A connection to a scripted QuickBooks.
#pragma once

#include "api.hpp"

#include <patchbay/sdk/testing/contract.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::quickbooks {

namespace json = sdk::json;

inline json::object fault(const char* code, const char* message = "refused", const char* type = "ValidationFault",
                          const char* element = "") {
  return {{"Fault",
           {{"Error",
             json::array{json::object{{"Message", message}, {"Detail", "why"}, {"code", code}, {"element", element}}}},
            {"type", type}}},
          {"time", "2026-01-01T00:00:00.000Z"}};
}

inline json::object rows_of(const char* entity, json::array rows, const char* time = "2026-01-01T00:00:00.000Z") {
  return {{"QueryResponse", {{entity, std::move(rows)}, {"startPosition", 1}}}, {"time", time}};
}

inline json::object changed(const char* id, const char* time, json::object more = {}) {
  more["Id"] = id;
  more["SyncToken"] = "0";
  more["MetaData"] = json::object{{"CreateTime", time}, {"LastUpdatedTime", time}};
  return more;
}

class QuickBooksTest : public ::testing::Test {
 protected:
  QuickBooksTest() { know_lookups({}); }
  std::unique_ptr<sdk::ServiceClient> connect(const std::map<std::string, std::string>& options = {}) {
    auto settings = sdk::testing::make_settings(*plugin_, options);
    settings.account_id = "310687";
    return *plugin_->connect(settings, host_.services());
  }
  sdk::testing::ScriptedHttp& http() { return host_.http(); }

  /// What records point at, as an earlier client left it: no batch is sent for it.
  void know_lookups(json::object parents, const char* currency = "USD") {
    ASSERT_TRUE(host_.state()
                    .put("lookups", json::object{{"at", sdk::format_time(host_.clock().now())},
                                                 {"homeCurrency", currency},
                                                 {"paymentMethods", {{"2", "Check"}}},
                                                 {"parents", std::move(parents)}})
                    .ok());
  }

  /// The statements of all queries so far.
  std::vector<std::string> statements() {
    std::vector<std::string> found;
    for (const auto& request : http().requests()) {
      const auto query = parameter(request.url, "query");
      if (!query.empty()) found.push_back(query);
    }
    return found;
  }
  /// A parameter of a URL, decoded; empty where it has none.
  static std::string parameter(const std::string& url, const std::string& name) {
    auto at = url.find("?" + name + "=");
    if (at == std::string::npos) at = url.find("&" + name + "=");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 2;
    const auto end = std::min(url.find('&', begin), url.size());
    std::string decoded;
    for (auto i = begin; i < end; ++i) {
      const bool escaped = url[i] == '%' && i + 2 < end;
      decoded += escaped ? *sdk::hex_decode(url.substr(i + 1, 2)) : std::string(1, url[i]);
      if (escaped) i += 2;
    }
    return decoded;
  }
  json::value last_sent() { return *sdk::parse_json(http().last_request().body); }

  static sdk::ListRequest list_of(const char* resource, const std::string& checkpoint = "") {
    sdk::ListRequest request;
    request.resource = resource;
    request.checkpoint = checkpoint;
    request.mode = checkpoint.empty() ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
    return request;
  }

  sdk::testing::FakeHost host_;
  std::unique_ptr<sdk::Plugin> plugin_ = sdk::testing::make_plugin(patchbay_plugin);
};

}  // namespace patchbay::quickbooks
