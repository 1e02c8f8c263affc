// An RSA key of this process and what it signs: the tokens that Google's Pub/Sub sends along.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace patchbay::sandbox::google {

/// Made at the first use. Not thread-safe before ready() has been called; after it every call is.
class SigningKey {
 public:
  SigningKey();
  ~SigningKey();
  void ready() const;
  /// A JWT by RS256. `forged`: with a signature that does not fit.
  std::string sign(const json::object& claims, bool forged = false) const;
  json::object jwks() const;
  /// {kid: PEM}.
  json::object pem_keys() const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  mutable std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace patchbay::sandbox::google
