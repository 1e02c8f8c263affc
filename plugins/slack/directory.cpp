#include "directory.hpp"

#include "errors.hpp"

#include <algorithm>

namespace patchbay::slack {
namespace {

constexpr std::size_t kChannelsMax = 50'000;
constexpr std::size_t kIdMin = 7;

bool flag(const sdk::json::value& value, std::string_view name) {
  const auto* member = sdk::find_member(value, name);
  return member != nullptr && member->is_bool() && member->as_bool();
}

/// An id of Slack's by its look: C024BE91L, U012A3CDE.
bool looks_like_id(std::string_view text, std::string_view first_letters) {
  return text.size() >= kIdMin && first_letters.find(text.front()) != std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

sdk::Error no_such_place(const std::string& address) {
  return sdk::invalid_error("slack.unknown_address", "Slack has no channel or person '" + address + "' for this app",
                            "to");
}

}  // namespace

sdk::Result<void> Directory::load(const sdk::CallContext& context) {
  std::vector<Channel> channels;
  std::string cursor;
  do {
    Arguments arguments{{"types", "public_channel,private_channel,mpim,im"}, {"limit", "200"}};
    if (!cursor.empty()) arguments.emplace_back("cursor", cursor);
    PATCHBAY_ASSIGN(const auto answer, api_.call(context, "conversations.list", arguments));
    const auto* listed = sdk::find_member(answer, "channels");
    if (listed == nullptr || !listed->is_array())
      return sdk::transient_error("slack.unreadable", "Slack's list of channels has none in it");
    for (const auto& channel : listed->as_array()) {
      const std::string id = sdk::string_at(channel, "id");
      // A direct message has no members to be among.
      if (!id.empty()) {
        channels.push_back({id, sdk::string_at(channel, "name"), flag(channel, "is_member") || flag(channel, "is_im")});
      }
    }
    // A page may be short or empty: only a missing cursor is the end.
    std::string next = sdk::string_at(answer, "response_metadata.next_cursor");
    if (next == cursor && !next.empty()) return sdk::permanent_error("slack.cursor_loop", "Slack repeats a cursor");
    cursor = std::move(next);
  } while (!cursor.empty() && channels.size() < kChannelsMax);
  std::sort(channels.begin(), channels.end(), [](const auto& left, const auto& right) { return left.id < right.id; });
  channels_ = std::move(channels);
  return {};
}

sdk::Result<std::vector<std::string>> Directory::readable_channels(const sdk::CallContext& context, bool refresh) {
  if (refresh || !channels_) PATCHBAY_TRY(load(context));
  std::vector<std::string> ids;
  for (const Channel& channel : *channels_) {
    if (channel.readable) ids.push_back(channel.id);
  }
  return ids;
}

const Channel* Directory::find(const std::string& name) const {
  const auto found =
      std::find_if(channels_->begin(), channels_->end(), [&](const Channel& channel) { return channel.name == name; });
  return found == channels_->end() ? nullptr : &*found;
}

sdk::Result<std::string> Directory::get_direct_conversation(const sdk::CallContext& context,
                                                            const std::string& address) {
  if (const auto known = conversations_.find(address); known != conversations_.end()) return known->second;
  std::string user = address;
  if (address.find('@') != std::string::npos) {
    auto person = api_.call(context, "users.lookupByEmail", {{"email", address}});
    if (!person.ok() && person.error().error_class == sdk::ErrorClass::kNotFound) return no_such_place(address);
    if (!person.ok()) return std::move(person).error();
    user = sdk::string_at(*person, "user.id");
  }
  auto opened = api_.call(context, "conversations.open", {{"users", user}});
  if (!opened.ok() && opened.error().error_class == sdk::ErrorClass::kNotFound) return no_such_place(address);
  if (!opened.ok()) return std::move(opened).error();
  std::string id = sdk::string_at(*opened, "channel.id");
  if (id.empty()) return no_such_place(address);
  conversations_[address] = id;
  return id;
}

sdk::Result<std::string> Directory::get_channel(const sdk::CallContext& context, const std::string& name) {
  const bool fresh = !channels_;
  if (fresh) PATCHBAY_TRY(load(context));
  const Channel* channel = find(name);
  if (channel == nullptr && !fresh) {
    PATCHBAY_TRY(load(context));  // made since the list was read
    channel = find(name);
  }
  if (channel == nullptr) return no_such_place(name);
  return channel->id;
}

sdk::Result<std::string> Directory::get_conversation(const sdk::CallContext& context, const std::string& address) {
  if (looks_like_id(address, "CGD")) return address;
  if (looks_like_id(address, "UW") || address.find('@') != std::string::npos)
    return get_direct_conversation(context, address);
  const std::string name = !address.empty() && address.front() == '#' ? address.substr(1) : address;
  if (name.empty()) return no_such_place(address);
  return get_channel(context, name);
}

}  // namespace patchbay::slack
