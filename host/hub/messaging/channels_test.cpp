#include "hub/messaging/channels.hpp"

#include <gmock/gmock.h>

namespace patchbay::messaging {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

connections::Connection connection(const std::string& connector, const std::string& name,
                                   const std::string& state = "connected") {
  connections::Connection made;
  made.id = connector + "-" + name;
  made.connector = connector;
  made.name = name;
  made.state = state;
  if (state == "needs_reconnect") made.state_reason = "The key has expired.";
  return made;
}

class Channels : public ::testing::Test {
 protected:
  Channels() {
    for (const auto& [name, channel] : {std::pair{"twilio", "sms"}, std::pair{"google", "email"}}) {
      plugins::LoadedPlugin plugin;
      plugin.description.name = name;
      plugin.description.channels = {channel};
      plugins_.add(std::move(plugin));
    }
  }
  std::vector<std::string> labels(const std::vector<std::string>& entries, bool smtp = true,
                                  const std::string& wanted = "") const {
    const auto order = ChannelOrder::make({{"email", entries}});
    EXPECT_TRUE(order.ok());
    std::vector<std::string> found;
    for (const auto& provider : find_providers({*order, plugins_, smtp}, "email", connections_, wanted))
      found.push_back(provider.label + (provider.unusable.empty() ? "" : ": " + provider.unusable));
    return found;
  }
  plugins::PluginCatalog plugins_;
  std::vector<connections::Connection> connections_{
      connection("google", "office"), connection("google", "shop", "needs_reconnect"), connection("twilio", "main"),
      connection("google", "begun", "new"), connection("gone", "main")};
};

TEST_F(Channels, AreTriedInTheOrderOfTheSetting) {
  EXPECT_THAT(labels({"smtp", "google"}), ElementsAre("smtp", "google/office", "google/shop: The key has expired."));
  EXPECT_THAT(labels({"google/SHOP", "google", "google/shop"}),
              ElementsAre("google/shop: The key has expired.", "google/office"));
  EXPECT_THAT(labels({}), IsEmpty());
}

TEST_F(Channels, OneMayBeAskedForByName) {
  EXPECT_THAT(labels({"smtp", "google"}, true, "OFFICE"), ElementsAre("google/office"));
  EXPECT_THAT(labels({"smtp", "google"}, true, "google-office"), ElementsAre("google/office"));
  EXPECT_THAT(labels({"google", "smtp"}, true, "smtp"), ElementsAre("smtp"));
  EXPECT_THAT(labels({"google"}, true, "main"), IsEmpty());
}

TEST_F(Channels, WhatCannotSendIsNamedWithItsReason) {
  EXPECT_THAT(labels({"twilio"}), ElementsAre("twilio/main: it does not send on the channel email"));
  EXPECT_THAT(labels({"gone"}), ElementsAre("gone/main: its connector is not loaded"));
  EXPECT_THAT(labels({"smtp", "nobody"}, false), IsEmpty()) << "SMTP without a server is no way";
}

TEST(ChannelOrder, RefusesWhatIsNoWay) {
  for (const char* wrong : {"", "twilio/", "/main", "Twilio", "smtp/main", "a b"}) {
    const auto order = ChannelOrder::make({{"email", {wrong}}});
    ASSERT_FALSE(order.ok()) << wrong;
    EXPECT_EQ(order.error().field, "messages.channels.email");
  }
  EXPECT_FALSE(ChannelOrder::make({{"sms", {"smtp"}}}).ok()) << "no text goes by mail";
}

}  // namespace
}  // namespace patchbay::messaging
