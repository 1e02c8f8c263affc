// Mails as Gmail takes them apart. Written for itself, so that what a connector makes is read by other eyes.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::sandbox::google {

/// A mail's `payload` as the API shows it (format=full); nullopt where the text is no mail.
std::optional<json::object> parse_mail(std::string_view raw);
/// A header of a payload as it was sent; empty where it is missing.
std::string header_of(const json::object& payload, std::string_view name);
/// The first text/plain content, decoded.
std::string text_of(const json::object& payload);
/// A simple mail out of its members {from, to, cc?, subject, text, html?, messageId?, date?}.
std::string compose_mail(const json::object& members);

}  // namespace patchbay::sandbox::google
