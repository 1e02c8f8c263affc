#include "app/settings_check.hpp"

#include "app/currency_codes.hpp"
#include "engine/resources/field_value.hpp"
#include "hub/auth/password.hpp"
#include "hub/messaging/mail.hpp"
#include "platform/base/phone_regions.hpp"
#include "platform/net/http_server.hpp"
#include "platform/outbound/smtp_client.hpp"
#include "platform/redis/redis_url.hpp"
#include "platform/storage/pg_conninfo.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kRedisNameMax = 64;
/// Less variety than this is typed, not drawn.
constexpr std::size_t kDistinctBytesMin = 12;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) return host.ends_with(']') && net::parse_address(host).has_value();
  return !host.empty() && host.size() <= 253 && is_alphanumeric(host.front()) && is_alphanumeric(host.back()) &&
         std::all_of(host.begin(), host.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

/// "https://host[:port]" and, where that is allowed, a path.
bool is_web_address(std::string_view text, bool with_path) {
  const bool secure = text.starts_with("https://");
  if (!secure && !text.starts_with("http://")) return false;
  text.remove_prefix(secure ? 8 : 7);
  const std::string_view authority = text.substr(0, text.find('/'));
  const std::string_view path = text.substr(authority.size());
  if (!path.empty() && !with_path) return false;
  if (std::any_of(path.begin(), path.end(), [](char c) { return c <= ' ' || c == '?' || c == '#' || c == 0x7F; }))
    return false;
  const auto colon = authority.ends_with(']') ? std::string_view::npos : authority.rfind(':');
  if (!is_host(authority.substr(0, colon))) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view digits = authority.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port > 0 && port <= 65'535;
}

bool is_loopback(const std::string& address) {
  const auto parsed = net::parse_address(address == "localhost" ? "127.0.0.1" : address);
  static const net::TrustedProxies kLoopback = net::TrustedProxies::parse({"127.0.0.0/8", "::1"}).value();
  return parsed && kLoopback.contains(*parsed);
}

/// "0000…", "0102…" and words are not drawn at random.
bool looks_typed(std::string_view secret) {
  std::string bytes(secret);
  std::sort(bytes.begin(), bytes.end());
  bytes.erase(std::unique(bytes.begin(), bytes.end()), bytes.end());
  bool counting = secret.size() > 2;
  for (std::size_t i = 2; i < secret.size(); ++i)
    counting = counting && static_cast<char>(secret[i] - secret[i - 1]) == static_cast<char>(secret[1] - secret[0]);
  return counting || bytes.size() < kDistinctBytesMin;
}

class Check {
 public:
  explicit Check(const Settings& settings) : settings_(settings), config_(settings.config) {}

  std::vector<std::string> problems() {
    check_http();
    check_tls();
    check_servers();
    check_plugins();
    check_secrets();
    check_admin();
    check_business();
    check_messages();
    if (text("mode") == "production") check_production();
    return std::move(problems_);
  }

 private:
  std::string text(const char* key) const { return config_.text(key); }
  void wrong(const std::string& key, const std::string& what) {
    problems_.push_back(key + " (" + config_.origin(key) + "): " + what);
  }
  bool has_tls() const { return !text("http.tls_certificate").empty() || !text("http.tls_key").empty(); }

  void check_http() {
    if (config_.list("roles").empty()) wrong("roles", "at least one of api, webhooks, worker, scheduler is needed");
    const std::string address = text("http.address");
    if (address != "localhost" && (address.starts_with('[') || !net::parse_address(address)))
      wrong("http.address", "an IPv4 or IPv6 address is expected, 0.0.0.0 or :: for all");
    if (const std::string url = text("http.public_url"); !url.empty() && !is_web_address(url, true))
      wrong("http.public_url", "a URL such as https://hub.example.com is expected, without a query");
    for (const std::string& origin : config_.list("http.cors_origins")) {
      if (origin != "*" && !is_web_address(origin, false))
        wrong("http.cors_origins", "'" + origin + "' is no origin; https://app.example.com or * is expected");
    }
    const auto proxies = net::TrustedProxies::parse(config_.list("http.trusted_proxies"));
    if (!proxies.ok()) wrong("http.trusted_proxies", proxies.error().message);
  }

  void check_tls() {
    if (!has_tls()) return;
    if (text("http.tls_certificate").empty() || text("http.tls_key").empty()) {
      const char* missing = text("http.tls_key").empty() ? "http.tls_key" : "http.tls_certificate";
      return wrong(missing, "http.tls_certificate and http.tls_key are needed both, or neither");
    }
    const auto usable = net::check_tls_files(text("http.tls_certificate"), text("http.tls_key"));
    if (!usable.ok()) wrong("http.tls_certificate", usable.error().message);
    if (config_.integer("http.port") == config_.integer("http.tls_port") && config_.integer("http.port") != 0)
      wrong("http.tls_port", "another port than http.port is expected");
  }

  /// A server that is away is waited for; an address that cannot be one never becomes right by waiting.
  void check_servers() {
    if (const std::string url = text("database.url"); !url.empty()) {
      const auto read = storage::make_conninfo(url, {});
      if (!read.ok()) wrong("database.url", read.error().message);
    }
    if (const std::string url = text("redis.url"); !url.empty()) {
      const auto read = redis::parse_redis_url(url);
      if (!read.ok()) wrong("redis.url", read.error().message);
    }
    const std::string name = text("redis.name");
    const bool usable = !name.empty() && name.size() <= kRedisNameMax &&
                        std::all_of(name.begin(), name.end(),
                                    [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
    if (!usable) wrong("redis.name", "1 to 64 letters, digits, dots, dashes and underscores are expected");
  }

  void check_plugins() {
    std::set<std::string> known;
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(settings_.plugins_dir, failure)) {
      if (entry.path().extension() == ".so") known.insert(entry.path().stem().string());
    }
    const auto names = config_.list("plugins.isolation");
    std::string list;
    for (const std::string& name : known) list += ", " + name;
    for (const std::string& name : names) {
      const bool general = name == "none" || name == "all";
      if (general && names.size() > 1) return wrong("plugins.isolation", "'" + name + "' stands alone");
      if (!general && known.count(name) == 0)
        wrong("plugins.isolation", "'" + name + "' is no connector here; expected are none, all" + list);
    }
  }

  void check_secrets() {
    const std::string key = text("secrets.key");
    if (!key.empty() && !base::SecretBox::from_hex("environment", key).ok())
      wrong("secrets.key", "64 hexadecimal digits are expected");
    if (const std::string file = text("secrets.key_file"); key.empty() && !file.empty()) {
      const auto box = base::SecretBox::load(file, false);
      if (!box.ok()) wrong("secrets.key_file", box.error().message);
    }
    const std::string jwt = text("auth.jwt_secret");
    if (!jwt.empty() && jwt.size() < kSecretBytesMin)
      wrong("auth.jwt_secret", "at least 32 bytes are expected; empty: derived from the key");
  }

  void check_admin() {
    if (const std::string email = text("admin.email"); !email.empty() && !resources::is_email(email))
      wrong("admin.email", "an e-mail address is expected");
    if (const std::string password = text("admin.password"); !password.empty()) {
      const auto rule = auth::check_password_rule(password);
      if (!rule.ok()) wrong("admin.password", rule.error().message);
    }
  }

  void check_business() {
    if (!is_currency_code(text("business.currency")))
      wrong("business.currency", "a code of ISO 4217 is expected, such as USD or EUR");
    const std::string country = text("business.country");
    if (country.size() != 2 || base::find_phone_region(country) == nullptr)
      wrong("business.country", "a code of ISO 3166 is expected, such as US or DE");
  }

  void check_messages() {
    const auto order = read_channel_order(config_);
    if (!order.ok()) wrong(order.error().field.value_or("messages.channels"), order.error().message);
    const std::string server = text("smtp.url");
    if (server.empty()) return;
    if (const auto usable = outbound::check_smtp_url(server); !usable.ok()) wrong("smtp.url", usable.error().message);
    if (!messaging::parse_mail_address(text("smtp.from")).ok())
      wrong("smtp.from", "the sender of mail is expected, such as Company <office@example.com>");
  }

  void check_production() {
    const std::string in_production = " in mode production";
    if (config_.flag("operations.public"))
      wrong("operations.public", "false is expected" + in_production + ": metrics are nobody's business");
    const auto origins = config_.list("http.cors_origins");
    if (std::find(origins.begin(), origins.end(), "*") != origins.end())
      wrong("http.cors_origins", "named origins are expected" + in_production + ", not *");
    if (!is_loopback(text("http.address")) && !has_tls() && config_.list("http.trusted_proxies").empty()) {
      wrong("http.address", "beyond loopback TLS is needed" + in_production +
                                " (http.tls_certificate, http.tls_key), or a proxy that has it (http.trusted_proxies)");
    }
    if (config_.flag("outbound.allow_private_addresses"))
      wrong("outbound.allow_private_addresses", "false is expected" + in_production);
    check_production_secrets(in_production);
  }

  void check_production_secrets(const std::string& in_production) {
    const std::string key = text("secrets.key");
    if (key.empty() && text("secrets.key_file").empty()) {
      wrong("secrets.key_file", "it or secrets.key must be given" + in_production +
                                    ": a key that is made at the first start is easily lost");
    }
    const auto bytes = sdk::hex_decode(key);
    if (!key.empty() && bytes.ok() && looks_typed(*bytes))
      wrong("secrets.key", "a key drawn at random is expected" + in_production + ": openssl rand -hex 32");
    const std::string jwt = text("auth.jwt_secret");
    if (!jwt.empty() && looks_typed(jwt))
      wrong("auth.jwt_secret", "a secret drawn at random is expected" + in_production + ": openssl rand -base64 48");
  }

  const Settings& settings_;
  const base::Config& config_;
  std::vector<std::string> problems_;
};

}  // namespace

sdk::Result<void> check_settings(const Settings& settings) {
  const auto problems = Check(settings).problems();
  if (problems.empty()) return {};
  std::string message = problems.front();
  for (std::size_t i = 1; i < problems.size(); ++i) message += "\nerror: " + problems[i];
  return sdk::invalid_error("settings.invalid", message);
}

}  // namespace patchbay::app
