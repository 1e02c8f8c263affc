// Shared by the connector's tests: a client against a scripted Slack.
#pragma once

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/testing/contract.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::slack {

namespace json = sdk::json;

class SlackTest : public ::testing::Test {
 protected:
  SlackTest() {
    answer("auth.test", {{"ok", true},
                         {"team", "Acme"},
                         {"team_id", "T1"},
                         {"user_id", "UBOT"},
                         {"bot_id", "BBOT"},
                         {"app_id", "AAPP"},
                         {"url", "https://acme.slack.com/"}});
    answer("conversations.list",
           {{"ok", true},
            {"channels", json::array{json::object{{"id", "C0000001"}, {"name", "general"}, {"is_member", true}},
                                     json::object{{"id", "C0000002"}, {"name", "work"}, {"is_member", true}},
                                     json::object{{"id", "C0000003"}, {"name", "foreign"}, {"is_member", false}}}}});
  }
  std::unique_ptr<sdk::ServiceClient> connect(const std::map<std::string, std::string>& options = {}) {
    return *plugin_->connect(sdk::testing::make_settings(*plugin_, options), host_.services());
  }
  /// Without a bot token of its own: tokens come from the host.
  std::unique_ptr<sdk::ServiceClient> connect_by_oauth() {
    auto settings = sdk::testing::make_settings(*plugin_);
    settings.credentials.erase("botToken");
    return *plugin_->connect(settings, host_.services());
  }
  sdk::testing::ScriptedHttp& http() { return host_.http(); }
  /// Every call of the method is answered so.
  void answer(const std::string& method, const json::object& body, int status = 200, const sdk::Headers& headers = {}) {
    const sdk::HttpResponse response{status, headers, json::serialize(body)};
    http().when("POST", "/api/" + method, [response](const sdk::HttpRequest&) { return response; });
  }
  /// The first call by the first, the next by the next; the last stays.
  void answer_in_turn(const std::string& method, std::vector<sdk::HttpResponse> answers) {
    auto turn = std::make_shared<std::size_t>(0);
    http().when("POST", "/api/" + method, [turn, answers = std::move(answers)](const sdk::HttpRequest&) {
      return answers[std::min((*turn)++, answers.size() - 1)];
    });
  }
  static sdk::HttpResponse ok(json::object body) {
    body["ok"] = true;
    return {200, {}, json::serialize(body)};
  }
  static sdk::HttpResponse refused(const std::string& error) {
    return {200, {}, json::serialize(json::object{{"ok", false}, {"error", error}})};
  }
  std::vector<sdk::HttpRequest> calls(const std::string& method) {
    std::vector<sdk::HttpRequest> found;
    for (auto& request : http().requests()) {
      if (request.url.find("/api/" + method) != std::string::npos) found.push_back(std::move(request));
    }
    return found;
  }
  static json::object message(const std::string& ts, const std::string& text, json::object more = {}) {
    more["type"] = "message";
    more["user"] = "U1";
    more["ts"] = ts;
    more["text"] = text;
    return more;
  }
  static json::object messages(json::array list, const std::string& cursor = "") {
    return {{"ok", true},
            {"messages", std::move(list)},
            {"has_more", !cursor.empty()},
            {"response_metadata", json::object{{"next_cursor", cursor}}}};
  }

  sdk::testing::FakeHost host_;
  std::unique_ptr<sdk::Plugin> plugin_ = sdk::testing::make_plugin(patchbay_plugin);
};

}  // namespace patchbay::slack
