// A Slack message as a record. A `ts` is an id within its channel and a time, and never a floating point number.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::slack {

/// Who the token speaks for (auth.test).
struct Self {
  std::string account_id;  // workspace, or organisation where the app is installed for all of it
  std::string user_id, bot_id, app_id;
};

struct MessageId {
  std::string channel, ts;
};

/// "1503435956.000247".
bool is_timestamp(std::string_view text);
/// The time in a ts, exact to the microsecond; nullopt for anything else.
std::optional<sdk::SystemTime> time_of(std::string_view ts);
std::string timestamp_of(sdk::SystemTime time);
/// Whether `left` is earlier; by digits, so that any length compares right.
bool is_earlier(std::string_view left, std::string_view right);

/// "C024BE91L:1503435956.000247", the external id: a ts alone is unique only within its channel.
std::string make_message_id(const std::string& channel, const std::string& ts);
/// What has no colon is a channel without a message.
MessageId split_message_id(const std::string& external_id);

/// Text as people read it: &amp; &lt; &gt; undone, mentions left as Slack writes them.
std::string plain_text(std::string_view text);
/// The opposite, for what the hub says.
std::string escaped_text(std::string_view text);

/// The message with nothing left out, `channel` added, and what Slack tells only between the lines in `patchbay`:
/// direction, from, thread, text, sentAt, status, reactions.
sdk::Record make_message_record(sdk::json::value message, const std::string& channel, const Self& self,
                                std::optional<sdk::SystemTime> read_at);

}  // namespace patchbay::slack
