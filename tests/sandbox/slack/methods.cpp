#include "tests/sandbox/slack/methods.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox::slack {
namespace {

// Tiers as docs.slack.dev names them: 20, 50 and 100 calls a minute.
constexpr std::size_t kTier2 = 20, kTier3 = 50, kTier4 = 100;

constexpr std::array<Method, 22> kMethods{
    {{"auth.test", test_auth, 0, "", true},
     {"chat.postMessage", post_message, 0, "chat:write", true},
     {"chat.update", update_message, kTier3, "chat:write", true},
     {"chat.delete", delete_message, kTier3, "chat:write", true},
     {"conversations.list", list_conversations, kTier2, "channels:read", false},
     {"conversations.info", get_conversation, kTier3, "channels:read", false},
     {"conversations.open", open_conversation, kTier3, "im:write", true},
     {"conversations.join", join_conversation, kTier3, "channels:join", true},
     {"conversations.history", read_history, kTier3, "channels:history", true},
     {"conversations.replies", read_replies, kTier3, "channels:history", false},
     {"users.list", list_users, kTier2, "users:read", false},
     {"users.info", get_user, kTier4, "users:read", false},
     {"users.lookupByEmail", look_up_user, kTier3, "users:read.email", false},
     {"reactions.add", add_reaction, kTier3, "reactions:write", true},
     {"reactions.remove", remove_reaction, kTier3, "reactions:write", true},
     {"reactions.get", get_reactions, kTier3, "reactions:read", false},
     {"files.getUploadURLExternal", get_upload_url, kTier4, "files:write", false},
     {"files.completeUploadExternal", complete_upload, kTier4, "files:write", true},
     {"files.info", get_file, kTier4, "files:read", false},
     // Run by the service itself, since they are about tokens.
     {"auth.revoke", nullptr, kTier3, "", false},
     {"apps.uninstall", nullptr, 1, "", false},
     {"oauth.v2.access", nullptr, 0, "", false}}};

}  // namespace

const Method* Methods::find(std::string_view name) const {
  const auto found =
      std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& method) { return method.name == name; });
  return found == kMethods.end() ? nullptr : &*found;
}

const json::object* usable_channel(MethodCall& call, std::string_view name, bool to_read, std::string& error) {
  const auto* channel = call.workspace.find_channel(call.arguments.text(name));
  const bool hidden = channel != nullptr && channel->at("is_private").as_bool() && !channel->at("_member").as_bool();
  if (channel == nullptr || hidden) {
    error = "channel_not_found";
    return nullptr;
  }
  if (to_read && !channel->at("_member").as_bool()) {
    error = "not_in_channel";
    return nullptr;
  }
  return channel;
}

}  // namespace patchbay::sandbox::slack
