#include "tests/sandbox/slack/methods.hpp"

#include <algorithm>

namespace patchbay::sandbox::slack {
namespace {

constexpr std::size_t kListDefault = 1'000, kListMax = 1'000;

}  // namespace

http::Response list_users(MethodCall& call) {
  const auto size = call.arguments.number("limit", kListDefault, 1, kListMax);
  std::string after;
  if (const auto cursor = call.arguments.text("cursor"); !cursor.empty()) {
    const auto position = parse_cursor("user", cursor);
    if (!position) return refusal("invalid_cursor");
    after = *position;
  }
  json::array members;
  std::string next;
  bool reached = after.empty();
  for (const auto* record : call.workspace.table("users").by_created()) {
    const bool wanted = reached;
    if (record->id == after) reached = true;
    if (!wanted) continue;
    if (members.size() == size) {
      next = make_cursor("user", sdk::string_at(members.back(), "id"));
      break;
    }
    members.push_back(shown(record->value));
  }
  return answer({{"members", std::move(members)},
                 {"cache_ts", call.workspace.now_seconds()},
                 {"response_metadata", json::object{{"next_cursor", next}}}});
}

http::Response get_user(MethodCall& call) {
  const auto* user = call.workspace.find("users", call.arguments.text("user"));
  if (user == nullptr) return refusal("user_not_found");
  return answer({{"user", shown(user->value)}});
}

http::Response look_up_user(MethodCall& call) {
  auto email = call.arguments.text("email");
  std::transform(email.begin(), email.end(), email.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto& found = call.workspace.table("users").where("_email", email);
  const bool there = !found.empty() && !found.front()->value.at("deleted").as_bool();
  if (!there) return refusal("users_not_found");
  return answer({{"user", shown(found.front()->value)}});
}

http::Response test_auth(MethodCall& call) {
  static_cast<void>(call);
  return answer({{"url", "https://sandbox.slack.com/"},
                 {"team", "Sandbox Services"},
                 {"user", "patchbay"},
                 {"team_id", kTeamId},
                 {"user_id", kBotUserId},
                 {"bot_id", kBotId},
                 {"app_id", kAppId},
                 {"app_name", "Patchbay"},
                 {"is_enterprise_install", false}});
}

}  // namespace patchbay::sandbox::slack
