#include "hub/connections/connection_settings.hpp"

#include "platform/base/config.hpp"
#include "platform/base/yaml.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace patchbay::connections {
namespace {

constexpr std::size_t kOptionBytesMax = 2048;
constexpr std::size_t kCredentialBytesMax = 8 * 1024;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

template <typename Items>
std::vector<std::string> names_of(const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = base::yaml::nearest_name(name, known);
  if (!nearest.empty()) return "; did you mean '" + nearest + "'?";
  std::string text = "; known are ";
  for (std::size_t index = 0; index < known.size(); ++index) text += (index == 0 ? "" : ", ") + known[index];
  return text;
}

bool is_number_up_to(std::string_view text, long max) {
  long number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 1 && number <= max;
}

/// http(s)://host[:port][/…] and nothing that could mean another host to somebody else: no user, no blanks.
bool is_url(std::string_view text) {
  constexpr std::string_view kHttps = "https://", kHttp = "http://";
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '\\'; }))
    return false;
  if (text.substr(0, kHttps.size()) == kHttps) {
    text.remove_prefix(kHttps.size());
  } else if (text.substr(0, kHttp.size()) == kHttp) {
    text.remove_prefix(kHttp.size());
  } else {
    return false;
  }
  std::string_view host = text.substr(0, text.find_first_of("/?#"));
  if (const auto colon = host.rfind(':');
      colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    if (!is_number_up_to(host.substr(colon + 1), 65535)) return false;
    host = host.substr(0, colon);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != std::string_view::npos &&
           host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         host.find("..") == std::string_view::npos && std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

bool fits(const sdk::OptionDescription& option, const std::string& value) {
  switch (option.kind) {
    case sdk::OptionKind::kString:
      return true;
    case sdk::OptionKind::kUrl:
      return value.empty() || is_url(value);
    case sdk::OptionKind::kInteger: {
      long long number = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
      return read.ec == std::errc() && read.ptr == value.data() + value.size();
    }
    case sdk::OptionKind::kBoolean:
      return value == "true" || value == "false";
    case sdk::OptionKind::kEnum:
      return std::find(option.values.begin(), option.values.end(), value) != option.values.end();
    case sdk::OptionKind::kDuration:
      return base::parse_duration(value).ok();
  }
  return false;
}

std::string kind_text(const sdk::OptionDescription& option) {
  switch (option.kind) {
    case sdk::OptionKind::kString:
      return "a text";
    case sdk::OptionKind::kUrl:
      return "an http or https URL without a user";
    case sdk::OptionKind::kInteger:
      return "a whole number";
    case sdk::OptionKind::kBoolean:
      return "true or false";
    case sdk::OptionKind::kDuration:
      return "a duration such as 15m";
    case sdk::OptionKind::kEnum:
      break;
  }
  std::string text = "one of";
  for (const std::string& value : option.values) text += " " + value;
  return text;
}

}  // namespace

std::vector<sdk::OptionDescription> known_options(const sdk::Description& description) {
  std::vector<sdk::OptionDescription> options = description.options;
  const auto add = [&](sdk::OptionDescription option) {
    const auto same = [&](const auto& other) { return other.name == option.name; };
    if (std::none_of(options.begin(), options.end(), same)) options.push_back(std::move(option));
  };
  add({"writeBack",
       sdk::OptionKind::kEnum,
       "all",
       "What of the hub's own changes is written to the service: all (new and linked entities), linked, none",
       {"all", "linked", "none"}});
  add({"fetchLatest",
       sdk::OptionKind::kBoolean,
       "true",
       "Whether an event makes the hub read the record anew (safe against events out of order) or apply the copy it "
       "carries",
       {}});
  add({"currency",
       sdk::OptionKind::kString,
       "",
       "Currency of amounts that the service gives without one (ISO 4217); empty: the business's",
       {}});
  if (description.oauth2) {
    add({"authorizeUrl",
         sdk::OptionKind::kUrl,
         description.oauth2->authorize_url,
         "Where the owner authorises the hub",
         {}});
    add({"tokenUrl", sdk::OptionKind::kUrl, description.oauth2->token_url, "Where tokens are had", {}});
  }
  return options;
}

sdk::Result<std::map<std::string, std::string>> check_options(const sdk::Description& description,
                                                              const sdk::json::object& given) {
  const auto options = known_options(description);
  std::map<std::string, std::string> values;
  for (const auto& option : options) values[option.name] = option.default_value;
  for (const auto& member : given) {
    const std::string name = member.key();
    const auto option =
        std::find_if(options.begin(), options.end(), [&](const auto& known) { return known.name == name; });
    if (option == options.end()) {
      return sdk::invalid_error(
          "connection.unknown_option",
          "'" + name + "' is no option of " + description.name + did_you_mean(name, names_of(options)),
          "options." + name);
    }
    if (member.value().is_null()) continue;  // back to the default
    const auto text = sdk::scalar_text(member.value());
    if (!text || text->size() > kOptionBytesMax || !fits(*option, *text)) {
      return sdk::invalid_error("connection.bad_option", "'" + name + "' must be " + kind_text(*option),
                                "options." + name);
    }
    values[name] = *text;
  }
  return values;
}

bool is_token_name(std::string_view name) {
  return name == "accessToken" || name == "refreshToken" || name == "expiresAt";
}

sdk::Result<std::map<std::string, std::string>> check_credentials(const sdk::Description& description,
                                                                  const sdk::json::object& given) {
  std::map<std::string, std::string> values;
  std::vector<std::string> known = names_of(description.credentials);
  if (description.oauth2) known.insert(known.end(), {"accessToken", "refreshToken", "expiresAt"});
  for (const auto& member : given) {
    const std::string name = member.key();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return sdk::invalid_error("connection.unknown_credential",
                                "'" + name + "' is no credential of " + description.name + did_you_mean(name, known),
                                "credentials." + name);
    }
    if (member.value().is_null()) {
      values[name] = {};
      continue;
    }
    const auto* text = member.value().if_string();
    if (text == nullptr || text->size() > kCredentialBytesMax) {
      return sdk::invalid_error("connection.bad_credential", "'" + name + "' must be a text of at most 8 KiB",
                                "credentials." + name);
    }
    values[name] = trimmed({text->data(), text->size()});
    const std::string& kept = values[name];
    if (std::any_of(kept.begin(), kept.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      return sdk::invalid_error("connection.bad_credential", "'" + name + "' must not contain control characters",
                                "credentials." + name);
    }
  }
  return values;
}

std::vector<std::string> missing_credentials(const sdk::Description& description,
                                             const std::map<std::string, std::string>& credentials) {
  std::vector<std::string> missing;
  for (const auto& credential : description.credentials) {
    const auto found = credentials.find(credential.name);
    if (credential.required && (found == credentials.end() || found->second.empty()))
      missing.push_back(credential.name);
  }
  return missing;
}

sdk::OAuth2Description endpoints_of(const sdk::Description& description,
                                    const std::map<std::string, std::string>& options) {
  sdk::OAuth2Description endpoints = description.oauth2.value_or(sdk::OAuth2Description{});
  const auto replace = [&](const char* name, std::string& url) {
    const auto found = options.find(name);
    if (found != options.end() && !found->second.empty()) url = found->second;
  };
  replace("authorizeUrl", endpoints.authorize_url);
  replace("tokenUrl", endpoints.token_url);
  return endpoints;
}

}  // namespace patchbay::connections
