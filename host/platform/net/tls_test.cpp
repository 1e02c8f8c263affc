// TLS by a real client of the same library, with a certificate made for the test.
#include "platform/net/server_for_test.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>

namespace patchbay::net {
namespace {

using testing_support::RawClient;
using testing_support::TestServer;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

/// A self-signed certificate and its key in a directory of their own.
class CertificateFiles {
 public:
  CertificateFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "patchbay-tls-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    const Owned<EVP_PKEY, &EVP_PKEY_free> key(EVP_EC_gen("P-256"));
    const Owned<X509, &X509_free> certificate(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate.get(), name);
    EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
    const Owned<BIO, &BIO_free> certificate_out(BIO_new_file(certificate_file().c_str(), "w"));
    EXPECT_EQ(PEM_write_bio_X509(certificate_out.get(), certificate.get()), 1);
    const Owned<BIO, &BIO_free> key_out(BIO_new_file(key_file().c_str(), "w"));
    EXPECT_EQ(PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  }
  ~CertificateFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  std::string certificate_file() const { return directory_ / "certificate.pem"; }
  std::string key_file() const { return directory_ / "key.pem"; }

 private:
  std::filesystem::path directory_;
};

/// A TLS connection over a RawClient's socket.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, int version) : raw_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    connection_.reset(SSL_new(context_.get()));
    SSL_set_fd(connection_.get(), raw_.descriptor());
    connected_ = SSL_connect(connection_.get()) == 1;
  }
  bool connected() const { return connected_; }
  std::string version() const { return SSL_get_version(connection_.get()); }
  void send(const std::string& bytes) {
    for (std::size_t sent_count = 0; sent_count < bytes.size();) {
      const int count =
          SSL_write(connection_.get(), bytes.data() + sent_count, static_cast<int>(bytes.size() - sent_count));
      ASSERT_GT(count, 0);
      sent_count += static_cast<std::size_t>(count);
    }
  }
  /// Reads until `end` is among what came, or the connection ends.
  std::string read_until(const std::string& end) {
    std::string bytes;
    char part[16 * 1024];
    while (bytes.find(end) == std::string::npos) {
      const int count = SSL_read(connection_.get(), part, sizeof part);
      if (count <= 0) break;
      bytes.append(part, static_cast<std::size_t>(count));
    }
    return bytes;
  }
  /// The server has said close_notify: nothing was cut off.
  bool closed_in_order() {
    char byte = 0;
    const int count = SSL_read(connection_.get(), &byte, 1);
    return SSL_get_error(connection_.get(), count) == SSL_ERROR_ZERO_RETURN;
  }

 private:
  RawClient raw_;
  Owned<SSL_CTX, &SSL_CTX_free> context_;
  Owned<SSL, &SSL_free> connection_;
  bool connected_ = false;
};

class TlsTest : public testing::Test {
 protected:
  HttpServerSettings settings() {
    HttpServerSettings settings;
    settings.tls_certificate = files.certificate_file();
    settings.tls_key = files.key_file();
    return settings;
  }
  CertificateFiles files;
};

TEST_F(TlsTest, serves_over_1_3_and_closes_in_order) {
  TestServer server(
      [](http::Request request, http::Responder responder) {
        responder.send(http::Response::text(200, (request.secure ? "secure " : "plain ") + request.body));
      },
      settings());
  TlsClient client(server.server.tls_port(), TLS1_3_VERSION);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.version(), "TLSv1.3");
  const std::string body(300'000, 'b');
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + body);
  EXPECT_NE(client.read_until("secure " + body).find("200 OK"), std::string::npos);
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nend");
  EXPECT_NE(client.read_until("secure end").find("200 OK"), std::string::npos);
  EXPECT_TRUE(client.closed_in_order());
  // The plain door stays open beside it.
  RawClient plain(server.port());
  EXPECT_EQ(plain.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body, "plain ");
}

TEST_F(TlsTest, refuses_1_2) {
  TestServer server(&TestServer::echo, settings());
  EXPECT_FALSE(TlsClient(server.server.tls_port(), TLS1_2_VERSION).connected());
  EXPECT_TRUE(TlsClient(server.server.tls_port(), TLS1_3_VERSION).connected());
}

TEST_F(TlsTest, a_handshake_that_does_not_end_is_cut) {
  HttpServerSettings impatient = settings();
  impatient.read_timeout = std::chrono::milliseconds(200);
  TestServer server(&TestServer::echo, impatient);
  RawClient silent(server.server.tls_port());
  EXPECT_TRUE(silent.at_end());
  RawClient nonsense(server.server.tls_port());
  nonsense.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(nonsense.read_response().status, 0);
}

TEST_F(TlsTest, says_which_file_cannot_be_used) {
  TestServer other(&TestServer::echo);
  base::Metrics metrics;
  HttpServerSettings broken = settings();
  broken.port = 0;
  std::ofstream(broken.tls_key, std::ios::trunc) << "not a key";
  HttpServer server(broken, other, nullptr, metrics);
  const auto started = server.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, "net.bad_tls_file");
  EXPECT_NE(started.error().message.find(broken.tls_key), std::string::npos);
}

}  // namespace
}  // namespace patchbay::net
