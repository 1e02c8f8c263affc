#pragma once

#include <chrono>
#include <string>

namespace patchbay::auth {

enum class Registration { kOpen, kInvite, kOff };

/// The auth.* settings.
struct AuthSettings {
  std::chrono::milliseconds access_token_ttl = std::chrono::minutes(15);
  std::chrono::milliseconds refresh_token_ttl = std::chrono::hours(24 * 7);
  std::chrono::milliseconds session_check_period =
      std::chrono::seconds(30);          // a cached session is asked for anew after this
  int admin_password_max_age_days = 90;  // 0: no limit
  Registration registration = Registration::kOpen;
  std::string issuer = "patchbay";
};

}  // namespace patchbay::auth
