// X-Twilio-Signature: base64(HMAC-SHA1(auth token, URL as Twilio called it + sorted form fields)).
#pragma once

#include "form.hpp"

#include <string>
#include <string_view>

namespace patchbay::twilio {

/// The URL followed by name and value of each field, by name; of a repeated name each value once, sorted.
std::string signed_text(std::string_view url, const Fields& fields);
/// base64(HMAC-SHA1(token, text)).
std::string sign(std::string_view token, std::string_view text);

/// kAuth unless the request was signed with the connection's auth token (or, while it is being replaced, with
/// `previousAuthToken`) and is about the connection's account. Always the auth token: an API key signs nothing.
sdk::Result<void> verify(const sdk::WebhookRequest& request, const sdk::ConnectionSettings& settings);

}  // namespace patchbay::twilio
