#include "platform/net/tls_context.hpp"

#include <openssl/ssl.h>

namespace patchbay::net {
namespace ssl = boost::asio::ssl;

namespace {

/// ALPN: a client that offers protocols must offer ours; one that offers none gets HTTP/1.1.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(&selected, chosen_length, kHttp11, sizeof kHttp11, offered, offered_length);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

sdk::Error file_error(const std::string& what, const std::string& file, const boost::system::error_code& error) {
  return sdk::permanent_error("net.bad_tls_file",
                              "Cannot use " + file + " as TLS " + what + ": " + error.message() + ".");
}

}  // namespace

sdk::Result<std::unique_ptr<ssl::context>> make_tls_context(const std::string& certificate_file,
                                                            const std::string& key_file) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  if (SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION) != 1) {
    return sdk::permanent_error("net.no_tls", "The TLS library does not offer TLS 1.3.");
  }
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) return file_error("certificate", certificate_file, error);
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) return file_error("key", key_file, error);
  if (SSL_CTX_check_private_key(native) != 1) {
    return sdk::permanent_error("net.bad_tls_file",
                                "The TLS key " + key_file + " does not belong to " + certificate_file + ".");
  }
  SSL_CTX_set_alpn_select_cb(native, &select_protocol, nullptr);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace patchbay::net
