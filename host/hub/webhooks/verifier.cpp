#include "hub/webhooks/verifier.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/http.hpp>

#include <charconv>
#include <vector>

namespace patchbay::webhooks {
namespace {

using Algorithm = sdk::SignatureDescription::Algorithm;
using Encoding = sdk::SignatureDescription::Encoding;

constexpr std::size_t kHeaderBytesMax = 4 * 1024;

sdk::Error refused(std::string message) {
  return sdk::auth_error("auth.webhook_signature", std::move(message));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

/// What a request says of its signature.
struct Claimed {
  std::string timestamp;
  std::vector<std::string_view> signatures;
};

void read_list(const sdk::SignatureDescription& description, std::string_view header, Claimed& claimed) {
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view element = trim(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    const std::size_t equals = element.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = element.substr(0, equals);
    const std::string_view value = element.substr(equals + 1);
    if (name == description.list_key && claimed.signatures.size() < description.signatures_max) {
      claimed.signatures.push_back(value);
    } else if (!description.timestamp_list_key.empty() && name == description.timestamp_list_key &&
               claimed.timestamp.empty()) {
      claimed.timestamp = value;
    }
  }
}

sdk::Result<void> check_time(const std::string& timestamp, std::chrono::seconds tolerance,
                             std::chrono::system_clock::time_point now) {
  long long seconds = 0;
  const char* const end = timestamp.data() + timestamp.size();
  const auto [read_to, problem] = std::from_chars(timestamp.data(), end, seconds);
  if (timestamp.empty() || problem != std::errc{} || read_to != end)
    return refused("The signature has no usable time.");
  const long long present = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  // Compared without subtracting first: the number comes from outside and may be anything.
  if (seconds < present - tolerance.count() || seconds > present + tolerance.count()) {
    return refused("The signature's time is too far from the present.");
  }
  return {};
}

std::string sign(const sdk::SignatureDescription& description, std::string_view key, const std::string& timestamp,
                 std::string_view body) {
  const auto digest = description.algorithm == Algorithm::kHmacSha1 ? base::hmac_sha1 : base::hmac_sha256;
  if (description.signed_parts.size() == 1 && description.signed_parts.front() == "{body}") return digest(key, body);
  std::string message;
  message.reserve(body.size() + 64);
  for (const std::string& part : description.signed_parts) {
    if (part == "{body}") {
      message += body;
    } else if (part == "{timestamp}") {
      message += timestamp;
    } else {
      message += part;
    }
  }
  return digest(key, message);
}

bool matches(const sdk::SignatureDescription& description, std::string_view signature, const std::string& expected) {
  if (!description.prefix.empty()) {
    if (!signature.starts_with(description.prefix)) return false;
    signature.remove_prefix(description.prefix.size());
  }
  const auto decoded =
      description.encoding == Encoding::kHex ? sdk::hex_decode(signature) : sdk::base64_decode(signature);
  return decoded.ok() && base::equal_constant_time(*decoded, expected);
}

}  // namespace

sdk::Result<void> check_signature(const sdk::SignatureDescription& description, std::string_view key,
                                  const http::Headers& headers, std::string_view body,
                                  std::chrono::system_clock::time_point now) {
  key = trim(key);
  const bool runnable =
      description.algorithm == Algorithm::kHmacSha256 || description.algorithm == Algorithm::kHmacSha1;
  if (key.empty() || !runnable) return refused("There is no key to check the signature with.");
  const auto header = sdk::find_header(headers, description.header);
  if (!header || header->empty()) return refused("The signature is missing.");
  if (header->size() > kHeaderBytesMax) return refused("The signature is not usable.");
  Claimed claimed;
  if (description.list_key.empty()) {
    claimed.signatures.push_back(trim(*header));
  } else {
    read_list(description, *header, claimed);
  }
  if (!description.timestamp_header.empty()) {
    claimed.timestamp = sdk::find_header(headers, description.timestamp_header).value_or("");
  }
  if (description.tolerance.count() > 0) PATCHBAY_TRY(check_time(claimed.timestamp, description.tolerance, now));
  const std::string expected = sign(description, key, claimed.timestamp, body);
  bool good = false;
  for (const std::string_view signature : claimed.signatures) good = matches(description, signature, expected) || good;
  if (!good) return refused("The signature does not match.");
  return {};
}

}  // namespace patchbay::webhooks
