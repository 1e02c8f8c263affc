#include "business/commands/asker.hpp"

namespace patchbay::commands {
namespace {

constexpr std::chrono::minutes kRemembered{10};
constexpr std::size_t kKnownMax = 2'000;
constexpr std::int64_t kOffsetMax = 14 * 3600;

std::chrono::seconds offset_of(const sdk::json::value& record) {
  const auto* offset = sdk::find_member(record, "tz_offset");
  if (offset == nullptr || !offset->is_int64()) return {};
  return std::chrono::seconds(std::clamp(offset->get_int64(), -kOffsetMax, kOffsetMax));
}

/// In a conversation that several companies share, everybody says of himself what his own company lets him: only people
/// of the connected account are believed, and only an address that the service has tried.
bool is_believed(const sdk::json::value& record, const std::string& account) {
  const auto* confirmed = sdk::find_member(record, "is_email_confirmed");
  if (confirmed != nullptr && confirmed->is_bool() && !confirmed->get_bool()) return false;
  const std::string team = sdk::string_at(record, "team_id");
  return team.empty() || account.empty() || team == account ||
         sdk::string_at(record, "enterprise_user.enterprise_id") == account;
}

}  // namespace

sdk::Result<Asker> ServiceAskers::ask(const sdk::CallContext& context, const std::string& connection_id,
                                      const std::string& user_id) {
  PATCHBAY_ASSIGN(const auto connection, connections_.get(connection_id));
  PATCHBAY_ASSIGN(const auto lease, clients_.client(connection));
  PATCHBAY_ASSIGN(const sdk::Record record, lease->client().get(context, "users", user_id));
  Asker asker;
  asker.email = sdk::string_at(record.data, "profile.email");
  if (asker.email.empty()) asker.email = sdk::string_at(record.data, "email");
  // Somebody who was sent away at the service is nobody here either.
  if (record.deleted || !is_believed(record.data, connection.account_id)) asker.email.clear();
  asker.utc_offset = offset_of(record.data);
  return asker;
}

sdk::Result<Asker> ServiceAskers::find(const sdk::CallContext& context, const std::string& connection_id,
                                       const std::string& user_id) {
  const std::string key = connection_id + "/" + user_id;
  const auto now = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(key);
    if (known != known_.end() && known->second.until > now) return known->second.asker;
  }
  PATCHBAY_ASSIGN(Asker asker, ask(context, connection_id, user_id));
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_[key] = {asker, now + kRemembered};
  return asker;
}

}  // namespace patchbay::commands
