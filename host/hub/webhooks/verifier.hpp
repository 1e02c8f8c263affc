// Webhook signatures, run from their description on the raw bytes.
#pragma once

#include "platform/http/message.hpp"

#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace patchbay::webhooks {

/// kAuth "auth.webhook_signature" when the signature is missing, stale or wrong. An empty key verifies nothing.
/// Algorithms kNone and kCustom are not for this function and are refused.
sdk::Result<void> check_signature(const sdk::SignatureDescription& description, std::string_view key,
                                  const http::Headers& headers, std::string_view body,
                                  std::chrono::system_clock::time_point now);

}  // namespace patchbay::webhooks
