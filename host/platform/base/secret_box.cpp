#include "platform/base/secret_box.hpp"

#include "platform/base/ids.hpp"
#include "platform/base/sodium.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace patchbay::base {
namespace {

constexpr std::string_view kVersion = "v1";
constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kKeyFileBytesMax = 64 * 1024;

unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || character == '-' || character == '_';
  });
}

/// What the authentication covers beside the cipher text: the head as well, so that no part of a sealed value can be
/// changed.
std::string bound_text(std::string_view head, std::string_view context) {
  return std::string(head).append(context);
}

sdk::Error key_file_error(const std::filesystem::path& file, const std::string& what) {
  return sdk::permanent_error("secrets.key_file", "The key file " + file.string() + " " + what + ".");
}

std::string system_error_text() {
  return std::strerror(errno);
}

sdk::Result<std::string> read_key_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return key_file_error(file, "cannot be opened: " + system_error_text());
  std::string text(kKeyFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return key_file_error(file, "cannot be read: " + system_error_text());
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kKeyFileBytesMax) return key_file_error(file, "is too large to be one");
  return text;
}

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

/// Makes the key file whole or not at all; of two processes that start at once, one wins and both then read its file.
sdk::Result<void> make_key_file(const std::filesystem::path& file) {
  require_sodium();
  std::error_code ignored;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  std::string key(kKeyBytes, '\0');
  randombytes_buf(key.data(), key.size());
  std::string content = "k1 " + sdk::hex_encode(key) + "\n";
  sodium_memzero(key.data(), key.size());

  const std::filesystem::path draft = file.string() + "." + random_token(9);
  const Descriptor descriptor(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (descriptor.get() < 0) return key_file_error(file, "cannot be made: " + system_error_text());
  const bool written =
      ::write(descriptor.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(descriptor.get()) == 0;
  sodium_memzero(content.data(), content.size());
  const bool linked = written && (::link(draft.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const std::string reason = linked ? "" : system_error_text();
  ::unlink(draft.c_str());
  if (!linked) return key_file_error(file, "cannot be made: " + reason);
  return {};
}

struct KeyLine {
  std::string id;
  std::string key;
};

sdk::Result<std::vector<KeyLine>> parse_key_lines(const std::filesystem::path& file, const std::string& text) {
  std::vector<KeyLine> keys;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string id;
    std::string hex;
    std::string more;
    if (!(words >> id) || id.front() == '#') continue;
    words >> hex >> more;
    auto key = sdk::hex_decode(hex);
    // The line itself is never repeated in a message: it may be a key.
    const std::string where = "is malformed in line " + std::to_string(number) + ": ";
    if (!is_key_id(id) || !more.empty() || !key.ok() || key->size() != kKeyBytes) {
      return key_file_error(file, where + "expected a key id and 64 hexadecimal digits");
    }
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const KeyLine& other) { return other.id == id; });
    if (known) return key_file_error(file, where + "the key id stands there twice");
    keys.push_back({std::move(id), std::move(key).value()});
  }
  if (keys.empty()) return key_file_error(file, "holds no key");
  return keys;
}

}  // namespace

sdk::Result<SecretBox> SecretBox::load(const std::filesystem::path& key_file, bool create) {
  std::error_code unreadable;
  if (create && !std::filesystem::exists(key_file, unreadable) && !unreadable) PATCHBAY_TRY(make_key_file(key_file));
  PATCHBAY_ASSIGN(const std::string text, read_key_file(key_file));
  PATCHBAY_ASSIGN(std::vector<KeyLine> keys, parse_key_lines(key_file, text));
  require_sodium();
  SecretBox box;
  box.sealing_key_id_ = keys.front().id;
  for (KeyLine& line : keys) box.keys_.emplace(std::move(line.id), std::move(line.key));
  return box;
}

sdk::Result<SecretBox> SecretBox::from_hex(std::string_view key_id, std::string_view hex_key) {
  auto key = sdk::hex_decode(hex_key);
  if (!is_key_id(key_id) || !key.ok() || key->size() != kKeyBytes) {
    return sdk::permanent_error("secrets.key", "A key is 64 hexadecimal digits, its id letters, digits, - and _.");
  }
  require_sodium();
  SecretBox box;
  box.sealing_key_id_ = std::string(key_id);
  box.keys_.emplace(box.sealing_key_id_, std::move(key).value());
  return box;
}

std::string SecretBox::seal(std::string_view plain_text, std::string_view context) const {
  const std::string head = std::string(kVersion) + "." + sealing_key_id_ + ".";
  const std::string bound = bound_text(head, context);
  std::string sealed(kNonceBytes + plain_text.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  unsigned long long length = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(octets(sealed) + kNonceBytes, &length, octets(plain_text),
                                             plain_text.size(), octets(bound), bound.size(), nullptr, octets(sealed),
                                             octets(keys_.at(sealing_key_id_)));
  return head + sdk::base64url_encode(sealed);
}

sdk::Result<std::string> SecretBox::open(std::string_view sealed, std::string_view context) const {
  const auto damaged = [] { return sdk::permanent_error("secrets.damaged", "A sealed value cannot be opened."); };
  const auto id_begin = kVersion.size() + 1;
  const auto id_end = sealed.find('.', id_begin);
  if (!sealed.starts_with(kVersion) || id_end == std::string_view::npos || sealed[kVersion.size()] != '.')
    return damaged();
  const std::string key_id(sealed.substr(id_begin, id_end - id_begin));
  const auto key = keys_.find(key_id);
  if (key == keys_.end()) {
    const std::string shown = is_key_id(key_id) ? "'" + key_id + "'" : "of another form";
    return sdk::permanent_error("secrets.unknown_key",
                                "A value was sealed with the key " + shown + ", which is not in the key file.");
  }
  const auto bytes = sdk::base64_decode(sealed.substr(id_end + 1));
  if (!bytes.ok() || bytes->size() < kNonceBytes + kTagBytes) return damaged();
  const std::string bound = bound_text(sealed.substr(0, id_end + 1), context);
  std::string plain_text(bytes->size() - kNonceBytes - kTagBytes, '\0');
  unsigned long long length = 0;
  const std::string_view cipher_text = std::string_view(*bytes).substr(kNonceBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(octets(plain_text), &length, nullptr, octets(cipher_text),
                                                 cipher_text.size(), octets(bound), bound.size(),
                                                 octets(std::string_view(*bytes)), octets(key->second)) != 0) {
    return damaged();
  }
  return plain_text;
}

std::string SecretBox::derive(std::string_view purpose) const {
  const std::string& key = keys_.at(sealing_key_id_);
  const std::string labelled = "patchbay.derive." + std::string(purpose);
  std::string derived(32, '\0');
  crypto_generichash(octets(derived), derived.size(), octets(std::string_view(labelled)), labelled.size(),
                     octets(std::string_view(key)), key.size());
  return derived;
}

}  // namespace patchbay::base
