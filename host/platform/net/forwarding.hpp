// Who a request came from, when it came through a reverse proxy.
#pragma once

#include "platform/http/message.hpp"
#include "platform/net/trusted_proxies.hpp"

namespace patchbay::net {

/// Replaces remote_address and secure by what X-Forwarded-For and -Proto say, where the peer is one of
/// `trusted_proxies`. Of the list the last address counts that is not itself a trusted proxy; anything before it the
/// client could have written.
void apply_forwarding(const TrustedProxies& trusted_proxies, http::Request& request);

}  // namespace patchbay::net
