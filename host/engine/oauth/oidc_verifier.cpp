#include "engine/oauth/oidc_verifier.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::oauth {
namespace {

constexpr std::size_t kKeysBytesMax = 256 * 1024;
constexpr std::chrono::seconds kFreshDefault{3600};
constexpr std::chrono::seconds kFreshMin{300};
constexpr std::chrono::seconds kFreshMax{86'400};

sdk::Error unavailable() {
  sdk::Error error = sdk::transient_error("oidc.keys_unavailable", "The sender's keys cannot be had now.");
  error.retry_after = std::chrono::seconds(5);
  return error;
}

std::chrono::seconds fresh_for(const sdk::HttpResponse& response) {
  constexpr std::string_view kName = "max-age=";
  const std::string control = sdk::find_header(response.headers, "Cache-Control").value_or("");
  const auto at = control.find(kName);
  if (at == std::string::npos) return kFreshDefault;
  long long seconds = 0;
  std::from_chars(control.data() + at + kName.size(), control.data() + control.size(), seconds);
  return std::clamp(std::chrono::seconds(seconds), kFreshMin, kFreshMax);
}

/// Seconds since the epoch; nullopt where there is no such time.
std::optional<sdk::SystemTime> time_claim(const sdk::json::object& claims, std::string_view name) {
  const auto* claim = claims.if_contains(name);
  constexpr std::int64_t kLast = 253'402'300'799;  // of the year 9999
  if (claim == nullptr || !claim->is_int64() || claim->get_int64() < 0 || claim->get_int64() > kLast)
    return std::nullopt;
  return sdk::SystemTime(std::chrono::seconds(claim->get_int64()));
}

}  // namespace

sdk::Result<sdk::json::object> OidcVerifier::verify(std::string_view token, const std::string& keys_url,
                                                    const std::vector<std::string>& issuers) {
  PATCHBAY_ASSIGN(const std::string key_id, key_id_of(token));
  PATCHBAY_ASSIGN(const Keys keys, keys_for(keys_url, key_id));
  PATCHBAY_ASSIGN(sdk::json::object claims, keys->verify(token));
  PATCHBAY_TRY(check_claims(claims, issuers));
  return claims;
}

sdk::Result<void> OidcVerifier::check_claims(const sdk::json::object& claims,
                                             const std::vector<std::string>& issuers) const {
  const std::string issuer = sdk::string_at(claims, "iss");
  if (std::find(issuers.begin(), issuers.end(), issuer) == issuers.end())
    return sdk::auth_error("oidc.issuer", "The token is of another issuer.");
  const auto now = clock_.now();
  const auto expiry = time_claim(claims, "exp");
  if (!expiry || *expiry + settings_.leeway < now) return sdk::auth_error("oidc.expired", "The token has expired.");
  for (const char* name : {"iat", "nbf"}) {
    const auto from = time_claim(claims, name);
    if (from && *from > now + settings_.leeway) return sdk::auth_error("oidc.future", "The token is not valid yet.");
  }
  return {};
}

sdk::Result<std::shared_ptr<OidcVerifier::Entry>> OidcVerifier::entry_of(const std::string& url) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(url);
  if (found != entries_.end()) return found->second;
  if (entries_.size() >= settings_.key_sets_max) return unavailable();
  return entries_.emplace(url, std::make_shared<Entry>()).first->second;
}

OidcVerifier::Look OidcVerifier::look(const Entry& entry, const std::string& key_id) {
  const auto now = std::chrono::steady_clock::now();
  Look seen;
  seen.known = entry.keys && entry.keys->has_key(key_id);
  seen.wants_fetch = (!seen.known || now > entry.fresh_until) && now >= entry.next_fetch;
  return seen;
}

sdk::Result<OidcVerifier::Keys> OidcVerifier::keys_for(const std::string& url, const std::string& key_id) {
  PATCHBAY_ASSIGN(const auto entry, entry_of(url));
  refresh(url, *entry, key_id);
  const std::lock_guard lock(entry->mutex);
  // A set that could not be fetched anew is better than none: a key that was withdrawn meanwhile is the price.
  if (!entry->keys) return unavailable();
  return entry->keys;
}

void OidcVerifier::refresh(const std::string& url, Entry& entry, const std::string& key_id) {
  {
    std::unique_lock lock(entry.mutex);
    const Look seen = look(entry, key_id);
    if (!seen.wants_fetch || (seen.known && entry.fetching)) return;
    const bool free = entry.fetched.wait_for(lock, settings_.wait_for_fetch, [&entry] { return !entry.fetching; });
    // Whoever fetched before may have brought the key.
    if (!free || !look(entry, key_id).wants_fetch) return;
    entry.fetching = true;
  }
  fetch(url, entry);
}

void OidcVerifier::fetch(const std::string& url, Entry& entry) {
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + settings_.fetch_timeout;
  context.lane = sdk::Lane::kWebhook;
  sdk::HttpRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}};
  const auto response = http_.send(context, request);
  const bool usable = response.ok() && response->status == 200 && response->body.size() <= kKeysBytesMax;
  auto keys = usable ? JwkSet::parse(response->body) : sdk::Result<JwkSet>(unavailable());
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(entry.mutex);
  entry.fetching = false;
  entry.fetched.notify_all();
  entry.next_fetch = now + (keys.ok() ? settings_.refetch_interval : settings_.retry_interval);
  if (!keys.ok()) return;
  entry.keys = std::make_shared<const JwkSet>(std::move(keys).value());
  entry.fresh_until = now + fresh_for(*response);
}

}  // namespace patchbay::oauth
