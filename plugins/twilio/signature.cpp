#include "signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <map>
#include <set>

namespace patchbay::twilio {
namespace {

constexpr std::string_view kBodyHash = "bodySHA256";
constexpr std::size_t kSignatureBytesMax = 64;

sdk::Error refused(const char* why) {
  return sdk::auth_error("twilio.signature", why);
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  return std::string(digest.begin(), digest.begin() + size);
}

bool equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

/// "https://host:port/path?query": where the port stands, if there is one.
struct Port {
  std::size_t begin = 0;  // of ":port", or where it would stand
  std::size_t size = 0;
};

Port find_port(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto end = std::min(url.find_first_of("/?", host), url.size());
  const auto bracket = url.substr(0, end).rfind(']');
  const auto colon = url.substr(0, end).rfind(':');
  const bool has_port =
      colon != std::string_view::npos && colon >= host && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? Port{colon, end - colon} : Port{end, 0};
}

/// Twilio signs the URL with or without the port, not always the same way: as it is, without, with the default one.
std::set<std::string> url_variants(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const Port port = find_port(url);
  std::string without(url);
  without.erase(port.begin, port.size);
  std::string with_default = without;
  with_default.insert(port.begin, url.substr(0, 8) == "https://" ? ":443" : ":80");
  std::set<std::string> variants{std::string(url), std::move(without)};
  if (port.size == 0) variants.insert(std::move(with_default));
  return variants;
}

bool is_form(const sdk::WebhookRequest& request) {
  const std::string type = sdk::find_header(request.headers, "Content-Type").value_or("");
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  return sdk::equals_ignoring_case(std::string_view(type).substr(0, kForm.size()), kForm);
}

sdk::Result<Fields> query_of(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const auto question = url.find('?');
  return parse_form(question == std::string_view::npos ? std::string_view() : url.substr(question + 1));
}

/// What besides the URL is signed, once it is known that the body is the one that was signed.
sdk::Result<Fields> signed_fields(const sdk::WebhookRequest& request) {
  if (request.method == "GET") return Fields();
  if (is_form(request)) return parse_form(request.body);
  PATCHBAY_ASSIGN(const Fields query, query_of(request.url));
  const auto claimed = sdk::hex_decode(field_value(query, kBodyHash));
  if (!claimed.ok() || claimed->empty() || !equal(*claimed, sha256(request.body)))
    return refused("The body is not the one that was signed.");
  return Fields();
}

/// The account that a request says it is about, in its form or its query.
std::string account_of(const sdk::WebhookRequest& request, const Fields& fields) {
  const std::string account = field_value(fields, "AccountSid");
  if (!account.empty()) return account;
  const auto query = query_of(request.url);
  return query.ok() ? field_value(*query, "AccountSid") : std::string();
}

}  // namespace

std::string signed_text(std::string_view url, const Fields& fields) {
  std::map<std::string_view, std::set<std::string_view>> sorted;
  for (const auto& [name, value] : fields) sorted[name].insert(value);
  std::string text(url);
  for (const auto& [name, values] : sorted) {
    for (const std::string_view value : values) text.append(name).append(value);
  }
  return text;
}

std::string sign(std::string_view token, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned int size = 0;
  // OpenSSL takes a null key for "the key of the call before": an empty one needs an address.
  const void* key = token.empty() ? "" : token.data();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha1(), key, static_cast<int>(token.size()), bytes, text.size(), code.data(), &size) == nullptr)
    return {};
  return sdk::base64_encode(std::string(code.begin(), code.begin() + size));
}

sdk::Result<void> verify(const sdk::WebhookRequest& request, const sdk::ConnectionSettings& settings) {
  const auto header = sdk::find_header(request.headers, "X-Twilio-Signature");
  if (!header || header->empty() || header->size() > kSignatureBytesMax) return refused("The signature is missing.");
  const auto fields = signed_fields(request);
  if (!fields.ok()) return refused("The signed fields cannot be read.");
  bool good = false;
  for (const char* credential : {"authToken", "previousAuthToken"}) {
    const std::string token = settings.credential(credential);
    if (token.empty()) continue;
    for (const std::string& url : url_variants(request.url))
      good = equal(sign(token, signed_text(url, *fields)), *header) || good;
  }
  if (!good) return refused("The signature does not match.");
  const std::string account = account_of(request, *fields);
  if (!account.empty() && account != settings.credential("accountSid"))
    return refused("The request is about another account.");
  return {};
}

}  // namespace patchbay::twilio
