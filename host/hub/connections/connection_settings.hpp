// Options and credentials of a connection against what the plugin describes.
#pragma once

#include <patchbay/sdk/service_client.hpp>

#include <map>
#include <string>
#include <vector>

namespace patchbay::connections {

/// The plugin's options and those that the hub itself understands for every connection (writeBack, fetchLatest and,
/// with OAuth, authorizeUrl and tokenUrl).
std::vector<sdk::OptionDescription> known_options(const sdk::Description& description);

/// Every known option as text, defaults filled in. kInvalid naming the field for an unknown name or an impossible
/// value.
sdk::Result<std::map<std::string, std::string>> check_options(const sdk::Description& description,
                                                              const sdk::json::object& given);

/// Names of tokens that may be given with a connection of any OAuth connector.
bool is_token_name(std::string_view name);

/// kInvalid for an unknown credential, a value that is no text, has control characters or is over 8 KiB. Texts are
/// trimmed: a pasted line end is nobody's secret.
sdk::Result<std::map<std::string, std::string>> check_credentials(const sdk::Description& description,
                                                                  const sdk::json::object& given);

/// Required credentials that are missing.
std::vector<std::string> missing_credentials(const sdk::Description& description,
                                             const std::map<std::string, std::string>& credentials);

/// The plugin's OAuth endpoints with the connection's own URLs in their place.
sdk::OAuth2Description endpoints_of(const sdk::Description& description,
                                    const std::map<std::string, std::string>& options);

}  // namespace patchbay::connections
