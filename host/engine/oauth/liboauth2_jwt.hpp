// JSON Web Tokens signed with a shared key (HS256). cjose stays behind liboauth2_jwt.cpp.
#pragma once

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace patchbay::oauth {

/// Immutable after make(); thread-safe.
class JwtKey {
 public:
  /// `key` of at least 16 bytes (RFC 7518 asks for 32), else kInvalid "jwt.short_key".
  static sdk::Result<JwtKey> make(std::string_view key);
  ~JwtKey();
  JwtKey(JwtKey&&) noexcept;
  JwtKey& operator=(JwtKey&&) noexcept;

  /// The compact form: header {"alg":"HS256","typ":"JWT"}, `claims`, signature.
  sdk::Result<std::string> sign(const sdk::json::object& claims) const;
  /// The claims of a token that this key signed with HS256, any other algorithm being refused. Says nothing about their
  /// meaning (exp, iss …). kAuth "jwt.malformed", "jwt.algorithm", "jwt.signature".
  sdk::Result<sdk::json::object> verify(std::string_view token) const;

 private:
  struct Impl;
  explicit JwtKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::oauth
