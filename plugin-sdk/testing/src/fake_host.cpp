#include <patchbay/sdk/testing/fake_host.hpp>

namespace patchbay::sdk::testing {
namespace {

constexpr std::size_t kStateKeysMax = 64;
constexpr std::size_t kStateBytesMax = 64 * 1024;

Error owner_needed() {
  return auth_error("token.needs_reauth", "the connection must be authorised again by its owner");
}

}  // namespace

void CapturingLogger::log(LogLevel level, std::string_view message, const json::object& fields) {
  const std::lock_guard lock(mutex_);
  lines_.push_back({level, std::string(message), fields});
}

std::vector<LogLine> CapturingLogger::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

bool CapturingLogger::mentions(std::string_view text) const {
  for (const LogLine& line : lines()) {
    if ((line.message + json::serialize(line.fields)).find(text) != std::string::npos) return true;
  }
  return false;
}

Result<std::optional<json::value>> MemoryState::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  return found == values_.end() ? std::optional<json::value>() : std::optional<json::value>(found->second);
}

Result<void> MemoryState::put(std::string_view key, const json::value& value) {
  const std::lock_guard lock(mutex_);
  const bool new_key = values_.find(key) == values_.end();
  if ((new_key && values_.size() >= kStateKeysMax) || json::serialize(value).size() > kStateBytesMax)
    return invalid_error("state.too_large", "a connection keeps at most 64 keys of 64 KiB each");
  values_.insert_or_assign(std::string(key), value);
  return {};
}

Result<std::string> CountingTokens::current(const CallContext& context) {
  PATCHBAY_TRY(context.check());
  const std::lock_guard lock(mutex_);
  if (revoked_) return owner_needed();
  return "token-" + std::to_string(number_);
}

Result<std::string> CountingTokens::renew(const CallContext& context, std::string_view rejected) {
  PATCHBAY_TRY(context.check());
  const std::lock_guard lock(mutex_);
  if (revoked_) return owner_needed();
  if (rejected == "token-" + std::to_string(number_)) ++number_;
  return "token-" + std::to_string(number_);
}

void CountingTokens::revoke() {
  const std::lock_guard lock(mutex_);
  revoked_ = true;
}

int CountingTokens::renewals() const {
  const std::lock_guard lock(mutex_);
  return number_ - 1;
}

HostServices FakeHost::services() {
  HttpClient& http = other_http_ ? *other_http_ : static_cast<HttpClient&>(http_);
  return {http, clock_, logger_, state_, tokens_};
}

std::unique_ptr<Plugin> make_plugin(const PluginDescriptor& descriptor) {
  char error[256] = {};
  return std::unique_ptr<Plugin>(descriptor.create(error, sizeof(error)));
}

ConnectionSettings make_settings(const Plugin& plugin, const std::map<std::string, std::string>& options) {
  ConnectionSettings settings;
  settings.connection_id = "00000000-0000-4000-8000-000000000001";
  const Description description = plugin.describe();
  for (const auto& option : description.options) settings.options[option.name] = option.default_value;
  for (const auto& credential : description.credentials)
    settings.credentials[credential.name] = "test-" + credential.name;
  for (const auto& [name, value] : options) settings.options[name] = value;
  return settings;
}

}  // namespace patchbay::sdk::testing
