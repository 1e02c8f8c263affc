#include "engine/oauth/liboauth2_jwt.hpp"

#include <cjose/cjose.h>

#include <cstdint>
#include <cstdlib>

namespace patchbay::oauth {
namespace {

constexpr std::size_t kKeyBytesMin = 32;  // RFC 7518 3.2
constexpr std::size_t kTokenBytesMax = 8 * 1024;

struct Release {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  void operator()(cjose_jws_t* signature) const { cjose_jws_release(signature); }
  void operator()(cjose_header_t* header) const { cjose_header_release(header); }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// cjose takes the key length for granted and reads the three parts without a bound of its own.
bool looks_compact(std::string_view token) {
  if (token.empty() || token.size() > kTokenBytesMax) return false;
  std::size_t dots = 0;
  for (const char character : token) {
    const bool base64url = (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
                           (character >= '0' && character <= '9') || character == '-' || character == '_';
    if (character == '.') {
      ++dots;
    } else if (!base64url) {
      return false;
    }
  }
  return dots == 2;
}

}  // namespace

struct JwtKey::Impl {
  Owned<cjose_jwk_t> key;
};

JwtKey::JwtKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JwtKey::~JwtKey() = default;
JwtKey::JwtKey(JwtKey&&) noexcept = default;
JwtKey& JwtKey::operator=(JwtKey&&) noexcept = default;

sdk::Result<JwtKey> JwtKey::make(std::string_view key) {
  if (key.size() < kKeyBytesMin) {
    return sdk::invalid_error("jwt.short_key", "A key that signs tokens needs at least 32 bytes.");
  }
  cjose_err error{};
  Owned<cjose_jwk_t> made(cjose_jwk_create_oct_spec(bytes_of(key), key.size(), &error));
  if (!made) return sdk::permanent_error("jwt.key", "The signing key was not accepted.");
  return JwtKey(std::make_unique<Impl>(Impl{std::move(made)}));
}

sdk::Result<std::string> JwtKey::sign(const sdk::json::object& claims) const {
  cjose_err error{};
  const Owned<cjose_header_t> header(cjose_header_new(&error));
  if (!header || !cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, &error) ||
      !cjose_header_set(header.get(), "typ", "JWT", &error)) {
    return sdk::permanent_error("jwt.sign", "The token could not be signed.");
  }
  const std::string payload = sdk::json::serialize(claims);
  const Owned<cjose_jws_t> signed_token(
      cjose_jws_sign(impl_->key.get(), header.get(), bytes_of(payload), payload.size(), &error));
  const char* compact = nullptr;  // belongs to signed_token
  if (!signed_token || !cjose_jws_export(signed_token.get(), &compact, &error)) {
    return sdk::permanent_error("jwt.sign", "The token could not be signed.");
  }
  return std::string(compact);
}

sdk::Result<sdk::json::object> JwtKey::verify(std::string_view token) const {
  const auto refused = [](const char* code) { return sdk::auth_error(code, "Invalid token"); };
  if (!looks_compact(token)) return refused("jwt.malformed");
  cjose_err error{};
  const Owned<cjose_jws_t> imported(cjose_jws_import(token.data(), token.size(), &error));
  if (!imported) return refused("jwt.malformed");
  // The header belongs to the token. Its algorithm is the sender's claim: only the one we sign with is ever tried.
  cjose_header_t* header = cjose_jws_get_protected(imported.get());
  const char* algorithm = header == nullptr ? nullptr : cjose_header_get(header, CJOSE_HDR_ALG, &error);
  if (algorithm == nullptr || std::string_view(algorithm) != CJOSE_HDR_ALG_HS256) return refused("jwt.algorithm");
  if (!cjose_jws_verify(imported.get(), impl_->key.get(), &error)) return refused("jwt.signature");
  std::uint8_t* payload = nullptr;  // belongs to imported
  std::size_t length = 0;
  if (!cjose_jws_get_plaintext(imported.get(), &payload, &length, &error)) return refused("jwt.malformed");
  auto claims = sdk::parse_json({reinterpret_cast<const char*>(payload), length});
  if (!claims.ok() || !claims->is_object()) return refused("jwt.malformed");
  return std::move(claims->get_object());
}

}  // namespace patchbay::oauth
