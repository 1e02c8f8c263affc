#include "tests/sandbox/google/signing_key.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

namespace patchbay::sandbox::google {
namespace {

constexpr std::string_view kKeyId = "sandbox-key-1";
constexpr unsigned kBits = 2048;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) throw std::runtime_error("the RSA key has no number");
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return sdk::base64url_encode(bytes);
}

}  // namespace

void SigningKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

SigningKey::SigningKey() = default;
SigningKey::~SigningKey() = default;

void SigningKey::ready() const {
  if (key_) return;
  key_.reset(EVP_RSA_gen(kBits));
  if (!key_) throw std::runtime_error("no RSA key can be made");
}

std::string SigningKey::sign(const json::object& claims, bool forged) const {
  ready();
  const auto header = sdk::base64url_encode(to_wire(json::object{{"alg", "RS256"}, {"kid", kKeyId}, {"typ", "JWT"}}));
  const std::string signed_part = header + "." + sdk::base64url_encode(to_wire(claims));
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(signed_part.data());
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, signed_part.size()) != 1)
    throw std::runtime_error("the token cannot be signed");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     signed_part.size()) != 1)
    throw std::runtime_error("the token cannot be signed");
  signature.resize(size);
  if (forged) signature[10] = static_cast<char>(signature[10] ^ 1);
  return signed_part + "." + sdk::base64url_encode(signature);
}

json::object SigningKey::jwks() const {
  ready();
  return {{"keys", json::array{json::object{{"kty", "RSA"},
                                            {"alg", "RS256"},
                                            {"use", "sig"},
                                            {"kid", kKeyId},
                                            {"e", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E)},
                                            {"n", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N)}}}}};
}

json::object SigningKey::pem_keys() const {
  ready();
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) throw std::runtime_error("the key cannot be written");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {{kKeyId, std::string(text, static_cast<std::size_t>(size))}};
}

}  // namespace patchbay::sandbox::google
