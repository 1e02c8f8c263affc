#pragma once

#include "platform/http/message.hpp"

#include <string>
#include <string_view>

namespace patchbay::gateway {

/// Whether Accept-Encoding takes gzip (a `q=0` refuses it).
bool accepts_gzip(std::string_view accept_encoding);
/// Whether this response is text of at least `bytes_min` that is not encoded yet.
bool is_compressible(const http::Response& response, std::size_t bytes_min);
/// The gzip form; empty where zlib fails (out of memory): then the body goes out as it is.
std::string gzip(std::string_view body);

}  // namespace patchbay::gateway
