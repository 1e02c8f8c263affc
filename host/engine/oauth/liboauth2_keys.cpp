#include "engine/oauth/liboauth2_keys.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <cjose/cjose.h>

#include <cstdint>
#include <map>

namespace patchbay::oauth {
namespace {

constexpr std::size_t kSetBytesMax = 256 * 1024;
constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kTokenBytesMax = 8 * 1024;
constexpr std::size_t kRsaBitsMin = 2048;
constexpr std::size_t kRsaBitsMax = 8192;
constexpr std::size_t kEllipticBits = 256;

struct Release {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  void operator()(cjose_jws_t* signature) const { cjose_jws_release(signature); }
};
using Key = std::unique_ptr<cjose_jwk_t, Release>;

struct NamedKey {
  Key key;
  std::string_view algorithm;  // the one that fits the key; whatever a token claims, no other is tried
};

sdk::Error refused(const char* code) {
  return sdk::auth_error(code, "Invalid token");
}

std::string_view algorithm_for(const cjose_jwk_t* key) {
  cjose_err error{};
  const auto kind = cjose_jwk_get_kty(key, &error);
  const std::size_t bits = cjose_jwk_get_keysize(key, &error);
  if (kind == CJOSE_JWK_KTY_RSA && bits >= kRsaBitsMin && bits <= kRsaBitsMax) return CJOSE_HDR_ALG_RS256;
  if (kind == CJOSE_JWK_KTY_EC && bits == kEllipticBits) return CJOSE_HDR_ALG_ES256;
  return {};
}

/// header.payload.signature, all base64url; cjose reads them without a bound of its own.
bool looks_compact(std::string_view token) {
  if (token.empty() || token.size() > kTokenBytesMax) return false;
  std::size_t dots = 0;
  for (const char c : token) {
    const bool base64url =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.') {
      ++dots;
    } else if (!base64url) {
      return false;
    }
  }
  return dots == 2;
}

}  // namespace

struct JwkSet::Impl {
  std::map<std::string, NamedKey, std::less<>> keys;  // by kid
};

JwkSet::JwkSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JwkSet::~JwkSet() = default;
JwkSet::JwkSet(JwkSet&&) noexcept = default;
JwkSet& JwkSet::operator=(JwkSet&&) noexcept = default;

sdk::Result<JwkSet> JwkSet::parse(std::string_view json) {
  const auto parsed = sdk::parse_json(json, {kSetBytesMax, 8});
  const sdk::json::value* keys = parsed.ok() ? sdk::find_member(*parsed, "keys") : nullptr;
  auto impl = std::make_unique<Impl>();
  if (keys != nullptr && keys->is_array()) {
    for (const auto& entry : keys->get_array()) {
      const std::string use = sdk::string_at(entry, "use");
      const std::string id = sdk::string_at(entry, "kid");
      if (impl->keys.size() == kKeysMax || id.empty() || (!use.empty() && use != "sig")) continue;
      const std::string text = sdk::json::serialize(entry);
      cjose_err error{};
      Key key(cjose_jwk_import(text.data(), text.size(), &error));
      const std::string_view algorithm = key ? algorithm_for(key.get()) : std::string_view();
      if (!algorithm.empty()) impl->keys.insert_or_assign(id, NamedKey{std::move(key), algorithm});
    }
  }
  if (impl->keys.empty()) return sdk::invalid_error("jwk.set", "there is no usable key");
  return JwkSet(std::move(impl));
}

bool JwkSet::has_key(std::string_view key_id) const {
  return impl_->keys.find(key_id) != impl_->keys.end();
}

sdk::Result<sdk::json::object> JwkSet::verify(std::string_view token) const {
  PATCHBAY_ASSIGN(const std::string key_id, key_id_of(token));
  const auto found = impl_->keys.find(key_id);
  if (found == impl_->keys.end()) return refused("jwt.unknown_key");
  cjose_err error{};
  const std::unique_ptr<cjose_jws_t, Release> imported(cjose_jws_import(token.data(), token.size(), &error));
  if (!imported) return refused("jwt.malformed");
  cjose_header_t* header = cjose_jws_get_protected(imported.get());  // belongs to the token
  const char* algorithm = header == nullptr ? nullptr : cjose_header_get(header, CJOSE_HDR_ALG, &error);
  if (algorithm == nullptr || found->second.algorithm != algorithm) return refused("jwt.algorithm");
  if (!cjose_jws_verify(imported.get(), found->second.key.get(), &error)) return refused("jwt.signature");
  std::uint8_t* payload = nullptr;  // belongs to imported
  std::size_t length = 0;
  if (!cjose_jws_get_plaintext(imported.get(), &payload, &length, &error)) return refused("jwt.malformed");
  auto claims = sdk::parse_json({reinterpret_cast<const char*>(payload), length}, {kTokenBytesMax, 8});
  if (!claims.ok() || !claims->is_object()) return refused("jwt.malformed");
  return std::move(claims->get_object());
}

sdk::Result<std::string> key_id_of(std::string_view token) {
  if (!looks_compact(token)) return refused("jwt.malformed");
  const auto header = sdk::base64_decode(token.substr(0, token.find('.')));
  if (!header.ok()) return refused("jwt.malformed");
  const auto members = sdk::parse_json(*header, {kTokenBytesMax, 4});
  const std::string id = members.ok() ? sdk::string_at(*members, "kid") : std::string();
  if (id.empty()) return refused("jwt.malformed");
  return id;
}

}  // namespace patchbay::oauth
