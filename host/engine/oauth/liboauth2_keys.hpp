// Public keys of an issuer (JWK Set) and tokens that they signed. cjose stays behind liboauth2_keys.cpp.
#pragma once

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace patchbay::oauth {

/// Immutable after parse(); thread-safe.
class JwkSet {
 public:
  /// RSA keys of 2048 to 8192 bits and P-256 keys that may sign; others are left out. kInvalid "jwk.set" where none
  /// remains.
  static sdk::Result<JwkSet> parse(std::string_view json);
  ~JwkSet();
  JwkSet(JwkSet&&) noexcept;
  JwkSet& operator=(JwkSet&&) noexcept;

  bool has_key(std::string_view key_id) const;
  /// The claims of a token that one of these keys signed with RS256 or ES256, as fits the key. Says nothing about their
  /// meaning. kAuth "jwt.malformed", "jwt.algorithm", "jwt.unknown_key", "jwt.signature".
  sdk::Result<sdk::json::object> verify(std::string_view token) const;

 private:
  struct Impl;
  explicit JwkSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// `kid` of a token's header, unchecked: it only tells which key to look for.
sdk::Result<std::string> key_id_of(std::string_view token);

}  // namespace patchbay::oauth
