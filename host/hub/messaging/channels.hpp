// Which way a message takes: for each channel the connections, or SMTP, in the order in which they are tried.
#pragma once

#include "engine/plugins/catalog.hpp"
#include "hub/connections/connection_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::messaging {

/// The channels that can be sent on; phone and note are only ever recorded.
const std::vector<std::string>& channel_names();

/// One entry of the order: "smtp", all connections of a connector ("twilio"), or one of them ("twilio/main").
struct Way {
  std::string connector;
  std::string name;  // empty: all of them
  bool is_smtp() const { return connector == "smtp"; }
};

/// Channel → ways in the order of messages.channels.
class ChannelOrder {
 public:
  /// kInvalid naming the setting for an entry that is no way.
  static sdk::Result<ChannelOrder> make(const std::map<std::string, std::vector<std::string>>& by_channel);
  const std::vector<Way>& ways(std::string_view channel) const;

 private:
  std::map<std::string, std::vector<Way>, std::less<>> ways_;
};

/// Somebody who can take a message.
struct Provider {
  std::string id;                                     // "smtp", or the connection's
  std::string label;                                  // "smtp", "twilio/main"
  std::optional<connections::Connection> connection;  // nullopt: SMTP
  std::string unusable;  // why it cannot be used right now and only its owner can change that; empty: it can
};

/// What providers are chosen from.
struct ProviderChoice {
  const ChannelOrder& order;
  const plugins::PluginCatalog& plugins;
  bool smtp_configured = false;
};

/// The providers of a channel in order, each once. Connections that were never authorised are left out. `wanted`: id or
/// name of the only connection that is asked, or "smtp"; empty: all of them.
std::vector<Provider> find_providers(const ProviderChoice& choice, std::string_view channel,
                                     const std::vector<connections::Connection>& connections,
                                     std::string_view wanted = {});

}  // namespace patchbay::messaging
