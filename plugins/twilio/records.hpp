// A message as Twilio shows it, as a record: with what follows from its members below "derived".
#pragma once

#include "api.hpp"

#include <string>
#include <string_view>

namespace patchbay::twilio {

constexpr const char* kMessages = "messages";

/// A record of the resource "messages". `derived` gets contact (the other side's address), thread (the pair of
/// addresses), channel (sms, whatsapp) and the times in ISO 8601: sent_at, delivered_at.
sdk::Record make_message(sdk::json::value message);

/// Whether a status is the last one that a message of ours gets (SMS knows no reads).
bool is_final(std::string_view status);

}  // namespace patchbay::twilio
