#include "tests/sandbox/slack/dataset.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox::slack {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kOldestDays = 90;
constexpr std::size_t kStaffShare = 20;  // one member of staff for so many clients
constexpr std::size_t kGuestShare = 25;  // one client in so many is a guest of the workspace

struct ChannelPlan {
  std::string_view name;
  bool is_private, member, archived;
};
constexpr std::array<ChannelPlan, 8> kChannels{{{"general", false, true, false},
                                                {"dispatch", false, true, false},
                                                {"estimates", false, true, false},
                                                {"billing", true, true, false},
                                                {"parts", false, true, false},
                                                {"random", false, false, false},
                                                {"owners", true, false, false},
                                                {"old-project", false, false, true}}};
constexpr std::array<std::string_view, 8> kSentences{
    "Can somebody look at this today?", "Parts &amp; labour are on the estimate",
    "On my way, about 20 minutes",      "The customer asks for a later time",
    "Invoice sent :white_check_mark:",  "Needs a &lt;permit&gt; first",
    "Done, photos are in the folder",   "Who has the key for"};
constexpr std::array<std::string_view, 4> kEmoji{"eyes", "white_check_mark", "thumbsup", "tada"};

/// Ids as Slack makes them: a letter, then capitals and digits.
std::string make_id(char kind, std::uint64_t seed, std::string_view purpose, std::size_t number) {
  auto random = derived_random(seed, purpose, number);
  std::string id(1, kind);
  id += "0";
  for (auto c : random.letters_and_digits(9)) id += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return id;
}

class Generator {
 public:
  explicit Generator(Workspace& workspace)
      : workspace_(workspace),
        seed_(workspace.context().seed),
        epoch_(workspace.context().epoch_ms / 1000),
        random_(derived_random(seed_, "slack")) {}

  void run() {
    make_people();
    make_channels();
    write_messages();
  }

 private:
  void add_user(const std::string& id, const std::string& name, const std::string& email, bool guest) {
    auto user = make_user(id, name, email);
    user["is_restricted"] = guest;
    user["updated"] = epoch_ - random_.between(1, kOldestDays) * kDaySeconds;
    workspace_.put("users", id, (epoch_ - kOldestDays * kDaySeconds) * 1000, std::move(user));
    speakers_.push_back(id);
  }

  void make_people() {
    const auto& people = workspace_.context().people;
    auto bot = make_user(std::string(kBotUserId), "patchbay", "");
    bot["is_bot"] = true;
    workspace_.put("users", std::string(kBotUserId), (epoch_ - kOldestDays * kDaySeconds) * 1000, std::move(bot));
    const auto staff = std::max<std::size_t>(4, people.size() / kStaffShare);
    for (std::size_t i = 0; i < staff && i < people.size(); ++i) {
      const auto name = people[i].full_name();
      add_user(make_id('U', seed_, "slack-staff", i), name, "staff" + std::to_string(i) + "@sandbox.example.com",
               false);
    }
    for (std::size_t i = 0; i < people.size(); i += kGuestShare)
      add_user(make_id('U', seed_, "slack-guest", i), people[i].full_name(), people[i].email, true);
  }

  void make_channels() {
    for (std::size_t i = 0; i < kChannels.size(); ++i) {
      const auto& plan = kChannels[i];
      const auto id = make_id('C', seed_, "slack-channel", i);
      auto channel = make_channel(id, std::string(plan.name), epoch_ - (kOldestDays + 10) * kDaySeconds);
      channel["is_private"] = channel["is_group"] = plan.is_private;
      channel["is_archived"] = plan.archived;
      channel["is_general"] = i == 0;
      channel["_member"] = plan.member;
      channel["_type"] = plan.is_private ? "group" : "channel";
      workspace_.put("channels", id, (epoch_ - (kOldestDays + 10) * kDaySeconds) * 1000, std::move(channel));
      channels_.push_back(id);
    }
  }

  void write_messages() {
    if (speakers_.empty()) return;
    const auto count = std::max<std::size_t>(40, workspace_.context().people.size() * 2);
    auto at = (epoch_ - kOldestDays * kDaySeconds) * 1'000'000;
    const auto step = kOldestDays * kDaySeconds * 1'000'000 / static_cast<std::int64_t>(count + 1);
    for (std::size_t i = 0; i < count; ++i) {
      at += step / 2 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(step) / 2));
      write_message(i, at);
    }
    for (const auto& [channel, thread] : threads_) finish_thread(channel, thread);
  }

  void write_message(std::size_t number, std::int64_t at) {
    const auto channel = random_.pick(channels_);
    const auto ts = format_timestamp(at);
    json::object message{{"type", "message"},
                         {"user", random_.pick(speakers_)},
                         {"team", kTeamId},
                         {"ts", ts},
                         {"text", std::string(random_.pick(kSentences)) + " #" + std::to_string(number)}};
    const bool joins = random_.chance(0.03);
    if (joins) message["subtype"] = "channel_join";
    const auto open =
        std::find_if(threads_.rbegin(), threads_.rend(), [&](const auto& thread) { return thread.first == channel; });
    if (!joins && open != threads_.rend() && random_.chance(0.3)) {
      message["thread_ts"] = open->second;
      message["_thread"] = message_key(channel, open->second);
      if (random_.chance(0.1)) message["subtype"] = "thread_broadcast";
    } else if (!joins && random_.chance(0.2)) {
      threads_.emplace_back(channel, ts);
    }
    if (!joins && random_.chance(0.15)) {
      message["reactions"] = json::array{
          json::object{{"name", random_.pick(kEmoji)}, {"users", json::array{random_.pick(speakers_)}}, {"count", 1}}};
    }
    if (random_.chance(0.05))
      message["edited"] = json::object{{"user", message["user"]}, {"ts", format_timestamp(at + 60'000'000)}};
    message["_channel"] = channel;
    workspace_.put("messages", message_key(channel, ts), at / 1'000, std::move(message));
  }

  void finish_thread(const std::string& channel, const std::string& thread) {
    const auto answers = workspace_.replies(channel, thread);
    const auto* root = workspace_.find_message(channel, thread);
    if (answers.empty() || root == nullptr) return;
    auto counted = *root;
    counted["thread_ts"] = thread;
    counted["reply_count"] = answers.size();
    counted["latest_reply"] = answers.back()->at("ts");
    workspace_.put("messages", message_key(channel, thread), parse_timestamp(thread) / 1'000, std::move(counted));
  }

  Workspace& workspace_;
  std::uint64_t seed_;
  std::int64_t epoch_;
  Random random_;
  std::vector<std::string> speakers_, channels_;
  std::vector<std::pair<std::string, std::string>> threads_;
};

}  // namespace

json::object make_user(const std::string& id, const std::string& name, const std::string& email) {
  std::string lower(email);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  json::object profile{{"real_name", name}, {"display_name", name}};
  if (!email.empty()) profile["email"] = email;
  return {{"id", id},         {"team_id", kTeamId},       {"name", name},         {"real_name", name},
          {"deleted", false}, {"is_bot", false},          {"is_app_user", false}, {"is_admin", false},
          {"updated", 0},     {"tz", "America/New_York"}, {"tz_offset", -18000},  {"profile", std::move(profile)},
          {"_email", lower}};
}

json::object make_channel(const std::string& id, const std::string& name, std::int64_t created_seconds) {
  return {{"id", id},
          {"name", name},
          {"is_channel", true},
          {"is_group", false},
          {"is_im", false},
          {"is_mpim", false},
          {"is_private", false},
          {"is_archived", false},
          {"is_general", false},
          {"is_shared", false},
          {"is_ext_shared", false},
          {"created", created_seconds},
          {"creator", kBotUserId},
          {"updated", created_seconds * 1000},  // milliseconds, unlike `created`
          {"topic", json::object{{"value", ""}, {"creator", ""}, {"last_set", 0}}},
          {"purpose", json::object{{"value", ""}, {"creator", ""}, {"last_set", 0}}},
          {"num_members", 4},
          {"_type", "channel"},
          {"_member", true}};
}

void generate_workspace(Workspace& workspace) {
  Generator(workspace).run();
}

}  // namespace patchbay::sandbox::slack
