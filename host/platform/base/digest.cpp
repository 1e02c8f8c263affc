#include "platform/base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace patchbay::base {
namespace {

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string hmac(const EVP_MD* algorithm, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned int size = 0;
  // OpenSSL takes a null key for "the key of the call before": an empty one needs an address.
  const void* key_bytes = key.empty() ? "" : key.data();
  if (HMAC(algorithm, key_bytes, static_cast<int>(key.size()), octets(message), message.size(), code.data(), &size) ==
      nullptr) {
    throw std::runtime_error("OpenSSL refused to compute an HMAC");
  }
  return std::string(code.begin(), code.begin() + size);
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL refused to compute a SHA-256");
  }
  return std::string(digest.begin(), digest.begin() + size);
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  return hmac(EVP_sha256(), key, message);
}

std::string hmac_sha1(std::string_view key, std::string_view message) {
  return hmac(EVP_sha1(), key, message);
}

bool equal_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

long long lock_hash(std::string_view text) {
  const std::string digest = sha256(text);
  std::uint64_t hash = 0;
  for (std::size_t index = 0; index < sizeof(hash); ++index)
    hash = hash << 8 | static_cast<unsigned char>(digest[index]);
  return static_cast<long long>(hash);
}

}  // namespace patchbay::base
