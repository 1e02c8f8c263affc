#include "hub/auth/password.hpp"

#include "platform/base/sodium.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <semaphore>

namespace patchbay::auth {
namespace {

constexpr std::size_t kPasswordBytesMin = 8;
constexpr std::size_t kPasswordBytesMax = 1024;
constexpr std::ptrdiff_t kPlacesMax = 64;
using Semaphore = std::counting_semaphore<kPlacesMax>;

class Place {
 public:
  explicit Place(Semaphore& places) : places_(places) {}
  ~Place() { places_.release(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Semaphore& places_;
};

std::string hash_now(std::string_view password, const PasswordSettings& settings) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const int failed = crypto_pwhash_str_alg(text.data(), password.data(), password.size(), settings.passes,
                                           settings.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  return failed != 0 ? std::string() : std::string(text.data());
}

sdk::Error busy() {
  sdk::Error error = sdk::transient_error("auth.busy", "Too many sign-ins at once. Try again in a moment.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace

sdk::Result<void> check_password_rule(std::string_view password, std::string field) {
  const auto has = [&](auto&& is) { return std::any_of(password.begin(), password.end(), is); };
  const bool upper = has([](char c) { return c >= 'A' && c <= 'Z'; });
  const bool lower = has([](char c) { return c >= 'a' && c <= 'z'; });
  const bool digit = has([](char c) { return c >= '0' && c <= '9'; });
  const bool special = has([](char c) {
    const bool alphanumeric = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return !alphanumeric && c != ' ';
  });
  if (password.size() > kPasswordBytesMax) {
    return sdk::invalid_error("auth.weak_password", "Password must be at most 1024 bytes", std::move(field));
  }
  if (password.size() >= kPasswordBytesMin && upper && lower && digit && special) return {};
  return sdk::invalid_error(
      "auth.weak_password",
      "Password must be at least 8 characters and contain uppercase, lowercase, number, and special character",
      std::move(field));
}

struct PasswordHasher::Impl {
  explicit Impl(PasswordSettings given)
      : settings(given), places(std::clamp<std::ptrdiff_t>(given.at_once_max, 1, kPlacesMax)) {}
  const PasswordSettings settings;
  Semaphore places;
  std::string nobodys_hash;
};

PasswordHasher::PasswordHasher(PasswordSettings settings) : impl_(std::make_unique<Impl>(settings)) {
  base::require_sodium();
  std::array<char, 16> random{};
  randombytes_buf(random.data(), random.size());
  impl_->nobodys_hash = hash_now({random.data(), random.size()}, settings);
}

PasswordHasher::~PasswordHasher() = default;

sdk::Result<std::string> PasswordHasher::hash(std::string_view password) const {
  if (!impl_->places.try_acquire_for(impl_->settings.wait_max)) return busy();
  const Place place(impl_->places);
  std::string text = hash_now(password, impl_->settings);
  if (text.empty())
    return sdk::permanent_error("internal.password_hash", "There was not enough memory to hash a password.");
  return text;
}

sdk::Result<bool> PasswordHasher::verify(std::string_view password, const std::string& hash) const {
  if (!impl_->places.try_acquire_for(impl_->settings.wait_max)) return busy();
  const Place place(impl_->places);
  // Overlong input costs the same as any other wrong password.
  const bool overlong = password.size() > kPasswordBytesMax;
  const std::string_view tried = overlong ? password.substr(0, kPasswordBytesMax) : password;
  return crypto_pwhash_str_verify(hash.c_str(), tried.data(), tried.size()) == 0 && !overlong;
}

sdk::Result<void> PasswordHasher::verify_nothing(std::string_view password) const {
  PATCHBAY_TRY(verify(password, impl_->nobodys_hash));
  return {};
}

bool PasswordHasher::needs_rehash(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), impl_->settings.passes, impl_->settings.memory_bytes) != 0;
}

}  // namespace patchbay::auth
