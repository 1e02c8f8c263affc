// Encryption at rest: XChaCha20-Poly1305 with a ring of keys, each with an id, so that a key can be rotated.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace patchbay::base {

/// Thread-safe after construction. Sealed form: "v1.<key id>.<base64url(nonce | ciphertext)>".
class SecretBox {
 public:
  /// Reads a key file (one `<key id> <64 hex digits>` a line, the first seals, all open); makes it with mode 0600 where
  /// it is missing and `create` is set. Any unreadable, empty or malformed file is a plain error that names the file.
  static sdk::Result<SecretBox> load(const std::filesystem::path& key_file, bool create);
  /// For tests and for a key from the environment: 64 hex digits.
  static sdk::Result<SecretBox> from_hex(std::string_view key_id, std::string_view hex_key);

  /// `context` is authenticated and must be the same for open: a sealed value cannot be moved to another row.
  std::string seal(std::string_view plain_text, std::string_view context) const;
  sdk::Result<std::string> open(std::string_view sealed, std::string_view context) const;
  const std::string& sealing_key_id() const { return sealing_key_id_; }
  /// A key derived from the sealing key for another purpose (JWT signing where none is configured); 32 bytes.
  std::string derive(std::string_view purpose) const;

 private:
  std::string sealing_key_id_;
  std::map<std::string, std::string> keys_;
};

}  // namespace patchbay::base
