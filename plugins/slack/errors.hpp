// What Slack's error words ask of the caller.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>

namespace patchbay::slack {

inline constexpr const char* kTokenExpired = "slack.token_expired";
inline constexpr const char* kInvalidCursor = "slack.invalid_cursor";

/// The error of `{"ok": false, "error": …}`.
sdk::Error error_of(const std::string& method, const sdk::json::value& body, const sdk::HttpResponse& response);
/// HTTP 429: only this method, in this workspace.
sdk::Error too_many_requests(const std::string& method, const sdk::HttpResponse& response);
/// The channel is there or not, but this bot cannot read it.
bool is_closed_channel(const sdk::Error& error);
/// Whether the call may have had its effect although it failed.
bool is_ambiguous(const sdk::Error& error);

}  // namespace patchbay::slack
