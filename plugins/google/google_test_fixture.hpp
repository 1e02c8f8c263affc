// A client of the connector before a scripted Google.
#pragma once

#include <patchbay/sdk/sdk.hpp>
#include <patchbay/sdk/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::google {

namespace json = sdk::json;

class GoogleTest : public ::testing::Test {
 protected:
  sdk::ServiceClient& client(const std::map<std::string, std::string>& options = {}) {
    if (!client_ || !options.empty())
      client_ = *plugin_->connect(sdk::testing::make_settings(*plugin_, options), host_.services());
    return *client_;
  }
  sdk::testing::ScriptedHttp& http() { return host_.http(); }
  std::string url(std::size_t index) { return http().requests().at(index).url; }
  std::string last_url() { return http().last_request().url; }
  json::value last_body() { return *sdk::parse_json(http().last_request().body); }

  static json::object failure(int code, const char* reason, const char* message = "no") {
    return {
        {"error", {{"code", code}, {"message", message}, {"errors", json::array{json::object{{"reason", reason}}}}}}};
  }
  static sdk::ListRequest list_of(const char* resource, const std::string& checkpoint = "") {
    sdk::ListRequest request;
    request.resource = resource;
    request.checkpoint = checkpoint;
    request.mode = checkpoint.empty() ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
    return request;
  }

  sdk::testing::FakeHost host_;
  std::unique_ptr<sdk::Plugin> plugin_ = sdk::testing::make_plugin(patchbay_plugin);
  std::unique_ptr<sdk::ServiceClient> client_;
};

}  // namespace patchbay::google
