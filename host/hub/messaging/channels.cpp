#include "hub/messaging/channels.hpp"

#include <patchbay/sdk/http.hpp>

#include <algorithm>

namespace patchbay::messaging {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

sdk::Result<Way> parse_way(const std::string& channel, const std::string& text) {
  const auto slash = std::min(text.find('/'), text.size());
  Way way{text.substr(0, slash), slash < text.size() ? text.substr(slash + 1) : std::string()};
  const bool whole = is_word(way.connector) && (slash == text.size() || !way.name.empty());
  if (whole && (!way.is_smtp() || (channel == "email" && way.name.empty()))) return way;
  const std::string setting = "messages.channels." + channel;
  return sdk::invalid_error(
      "settings.channels",
      "'" + text + "' is neither a connector, nor connector/connection" + (channel == "email" ? ", nor smtp" : ""),
      setting);
}

std::string unusable_reason(const connections::Connection& connection, std::string_view channel,
                            const plugins::PluginCatalog& plugins) {
  const plugins::LoadedPlugin* plugin = plugins.find(connection.connector);
  if (plugin == nullptr) return "its connector is not loaded";
  const auto& channels = plugin->description.channels;
  if (std::find(channels.begin(), channels.end(), channel) == channels.end())
    return "it does not send on the channel " + std::string(channel);
  if (connection.state == "connected") return {};
  return connection.state_reason.empty() ? "it is " + connection.state : connection.state_reason;
}

}  // namespace

const std::vector<std::string>& channel_names() {
  static const std::vector<std::string> kNames{"email", "sms", "slack"};
  return kNames;
}

sdk::Result<ChannelOrder> ChannelOrder::make(const std::map<std::string, std::vector<std::string>>& by_channel) {
  ChannelOrder order;
  for (const auto& [channel, entries] : by_channel) {
    auto& ways = order.ways_[channel];
    for (const std::string& entry : entries) {
      PATCHBAY_ASSIGN(Way way, parse_way(channel, entry));
      ways.push_back(std::move(way));
    }
  }
  return order;
}

const std::vector<Way>& ChannelOrder::ways(std::string_view channel) const {
  static const std::vector<Way> kNone;
  const auto found = ways_.find(channel);
  return found == ways_.end() ? kNone : found->second;
}

std::vector<Provider> find_providers(const ProviderChoice& choice, std::string_view channel,
                                     const std::vector<connections::Connection>& connections, std::string_view wanted) {
  std::vector<Provider> providers;
  const auto add = [&](Provider provider) {
    const bool known =
        std::any_of(providers.begin(), providers.end(), [&](const Provider& other) { return other.id == provider.id; });
    const bool meant = wanted.empty() || provider.id == wanted ||
                       (provider.connection && sdk::equals_ignoring_case(provider.connection->name, wanted));
    if (!known && meant) providers.push_back(std::move(provider));
  };
  for (const Way& way : choice.order.ways(channel)) {
    if (way.is_smtp()) {
      if (choice.smtp_configured) add({"smtp", "smtp", std::nullopt, {}});
      continue;
    }
    for (const auto& connection : connections) {
      const bool named = way.name.empty() || sdk::equals_ignoring_case(way.name, connection.name);
      if (connection.connector != way.connector || !named || connection.state == "new") continue;
      add({connection.id, connection.connector + "/" + connection.name, connection,
           unusable_reason(connection, channel, choice.plugins)});
    }
  }
  return providers;
}

}  // namespace patchbay::messaging
