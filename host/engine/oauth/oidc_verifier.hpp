// Tokens by which a service proves who sends its webhooks (OpenID Connect): signature by the issuer's published keys,
// issuer, life.
#pragma once

#include "engine/oauth/liboauth2_keys.hpp"

#include <patchbay/sdk/host_services.hpp>
#include <patchbay/sdk/records.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::oauth {

struct OidcSettings {
  std::chrono::milliseconds fetch_timeout{5'000};
  std::chrono::milliseconds wait_for_fetch{2'000};  // of those who come while another fetches
  /// Least time between two fetches of one key set, however many unknown keys are named.
  std::chrono::milliseconds refetch_interval{60'000};
  std::chrono::milliseconds retry_interval{5'000};  // after a fetch that failed
  std::chrono::seconds leeway{60};
  std::size_t key_sets_max = 64;
};

/// Thread-safe. verify() may fetch keys and so block up to fetch_timeout: not for an I/O thread. One thread at a time
/// fetches a set; with a set that holds the key the others go on meanwhile.
class OidcVerifier {
 public:
  OidcVerifier(sdk::HttpClient& http, const sdk::Clock& clock, OidcSettings settings = {})
      : http_(http), clock_(clock), settings_(settings) {}

  /// The claims of a token that one of `issuers` signed and that is valid now. Whom it is for is the caller's to
  /// compare. kAuth "oidc.…" or "jwt.…" for a bad token; kTransient "oidc.keys_unavailable" where the keys cannot be
  /// had.
  sdk::Result<sdk::json::object> verify(std::string_view token, const std::string& keys_url,
                                        const std::vector<std::string>& issuers);

 private:
  using Keys = std::shared_ptr<const JwkSet>;
  using Time = std::chrono::steady_clock::time_point;
  /// One issuer's keys.
  struct Entry {
    std::mutex mutex;
    std::condition_variable fetched;
    bool fetching = false;
    Keys keys;
    Time fresh_until{};
    Time next_fetch{};
  };
  sdk::Result<Keys> keys_for(const std::string& url, const std::string& key_id);
  sdk::Result<std::shared_ptr<Entry>> entry_of(const std::string& url);
  /// What is to be done for a key now.
  struct Look {
    bool known = false;        // the key is in the set
    bool wants_fetch = false;  // it is not, or the set is old, and a fetch is allowed
  };
  /// Under the entry's mutex.
  static Look look(const Entry& entry, const std::string& key_id);
  /// Fetches, or waits for the thread that does where nothing else helps.
  void refresh(const std::string& url, Entry& entry, const std::string& key_id);
  void fetch(const std::string& url, Entry& entry);
  sdk::Result<void> check_claims(const sdk::json::object& claims, const std::vector<std::string>& issuers) const;

  sdk::HttpClient& http_;
  const sdk::Clock& clock_;
  const OidcSettings settings_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;  // by URL
};

}  // namespace patchbay::oauth
