// TLS 1.3, and nothing older.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace patchbay::net {

/// The error names the file that could not be used.
sdk::Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& certificate_file,
                                                                         const std::string& key_file);

}  // namespace patchbay::net
