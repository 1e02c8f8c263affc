#include "engine/oauth/liboauth2_keys.hpp"

#include "engine/oauth/oidc_verifier.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <cjose/cjose.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

namespace patchbay::oauth {
namespace {

using namespace std::chrono_literals;
using sdk::json::object;

constexpr std::int64_t kNow = 1'763'700'000;

class FixedClock : public sdk::Clock {
 public:
  sdk::SystemTime now() const override { return sdk::SystemTime(std::chrono::seconds(kNow)); }
};

/// A sender with a key of its own.
class Sender {
 public:
  explicit Sender(std::string key_id, bool elliptic = false) : key_id_(std::move(key_id)) {
    cjose_err error{};
    key_ = elliptic ? cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error)
                    : cjose_jwk_create_RSA_random(2048, nullptr, 0, &error);
    cjose_jwk_set_kid(key_, key_id_.data(), key_id_.size(), &error);
    algorithm_ = elliptic ? CJOSE_HDR_ALG_ES256 : CJOSE_HDR_ALG_RS256;
  }
  ~Sender() { cjose_jwk_release(key_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  std::string public_key() const {
    cjose_err error{};
    char* text = cjose_jwk_to_json(key_, false, &error);
    std::string copy(text);
    std::free(text);
    return copy;
  }
  std::string sign(const object& claims) const { return sign_as(claims, key_, algorithm_); }
  std::string sign_as(const object& claims, cjose_jwk_t* key, const char* algorithm) const {
    cjose_err error{};
    cjose_header_t* header = cjose_header_new(&error);
    cjose_header_set(header, CJOSE_HDR_ALG, algorithm, &error);
    cjose_header_set(header, CJOSE_HDR_KID, key_id_.c_str(), &error);
    const std::string payload = sdk::json::serialize(claims);
    cjose_jws_t* token =
        cjose_jws_sign(key, header, reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(), &error);
    const char* text = nullptr;
    cjose_jws_export(token, &text, &error);
    std::string copy(text);
    cjose_jws_release(token);
    cjose_header_release(header);
    return copy;
  }

 private:
  const std::string key_id_;
  cjose_jwk_t* key_ = nullptr;
  const char* algorithm_ = nullptr;
};

std::string set_of(const std::vector<std::string>& keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text += (text.back() == '[' ? "" : ",") + key;
  return text + "]}";
}

object claims_of(std::int64_t expiry = kNow + 600) {
  return {{"iss", "https://accounts.example"}, {"aud", "https://hub"}, {"iat", kNow - 10}, {"exp", expiry}};
}

TEST(JwkSet, TakesWhatItsKeysSignedAndNothingElse) {
  const Sender rsa("rsa-1"), elliptic("ec-1", true), stranger("rsa-1");
  const auto keys = JwkSet::parse(set_of({rsa.public_key(), elliptic.public_key(), R"({"kty":"new","kid":"x"})"}));
  ASSERT_TRUE(keys.ok()) << keys.error().message;
  const auto claims = keys->verify(rsa.sign(claims_of()));
  ASSERT_TRUE(claims.ok()) << claims.error().code;
  EXPECT_EQ(sdk::string_at(*claims, "aud"), "https://hub");
  EXPECT_TRUE(keys->verify(elliptic.sign(claims_of())).ok());
  EXPECT_EQ(keys->verify(stranger.sign(claims_of())).error().code, "jwt.signature") << "the same name, another key";
  EXPECT_EQ(keys->verify(Sender("other").sign(claims_of())).error().code, "jwt.unknown_key");
  std::string changed = rsa.sign(claims_of());
  changed[changed.find('.') + 5] ^= 1;
  EXPECT_FALSE(keys->verify(changed).ok());
  for (const char* text : {"", "a.b", "a.b.c", "....", "e30.e30.", "<.>.x"})
    EXPECT_EQ(keys->verify(text).error().code, "jwt.malformed") << text;
}

/// The classic: the public key is public, so anybody can use its bytes as the key of an HMAC.
TEST(JwkSet, APublicKeyIsNoSecret) {
  const Sender rsa("rsa-1");
  const auto keys = JwkSet::parse(set_of({rsa.public_key()}));
  cjose_err error{};
  const std::string bytes = rsa.public_key();
  cjose_jwk_t* secret =
      cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &error);
  EXPECT_EQ(keys->verify(rsa.sign_as(claims_of(), secret, CJOSE_HDR_ALG_HS256)).error().code, "jwt.algorithm");
  cjose_jwk_release(secret);
  const std::string header = sdk::base64url_encode(R"({"alg":"none","kid":"rsa-1"})");
  EXPECT_FALSE(keys->verify(header + "." + sdk::base64url_encode(sdk::json::serialize(claims_of())) + ".").ok());
}

TEST(JwkSet, RefusesSetsWithoutUsableKeys) {
  for (const char* text : {"", "[]", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]})"})
    EXPECT_EQ(JwkSet::parse(text).error().code, "jwk.set") << text;
  cjose_err error{};
  cjose_jwk_t* weak = cjose_jwk_create_RSA_random(1024, nullptr, 0, &error);
  cjose_jwk_set_kid(weak, "weak", 4, &error);
  char* text = cjose_jwk_to_json(weak, false, &error);
  EXPECT_FALSE(JwkSet::parse(set_of({text})).ok());
  std::free(text);
  cjose_jwk_release(weak);
}

/// The place where the keys are published.
class KeyServer : public sdk::HttpClient {
 public:
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest&) override {
    ++calls;
    longest = std::max(longest, context.remaining());
    if (gate.valid()) gate.wait();
    if (down) return sdk::transient_error("http.connect", "down");
    return sdk::HttpResponse{200, {{"Cache-Control", "public, max-age=20000"}}, body};
  }
  std::string body;
  std::shared_future<void> gate;  // answers wait for it
  std::atomic<bool> down{false};
  std::atomic<int> calls{0};
  std::chrono::milliseconds longest{0};
};

class OidcTest : public ::testing::Test {
 protected:
  sdk::Result<object> verify(const std::string& token, OidcVerifier& verifier) {
    return verifier.verify(token, "https://keys", {"accounts.example", "https://accounts.example"});
  }
  const Sender first_{"k1"}, second_{"k2"};
  FixedClock clock_;
  KeyServer server_;
  OidcVerifier verifier_{server_, clock_};
};

TEST_F(OidcTest, FetchesTheKeysOnceForAllThreads) {
  server_.body = set_of({first_.public_key()});
  const std::string token = first_.sign(claims_of());
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int index = 0; index < 8; ++index) {
    threads.emplace_back([&] { good += verify(token, verifier_).ok() ? 1 : 0; });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(server_.calls, 1);
  EXPECT_LE(server_.longest, 5s);
}

TEST_F(OidcTest, ASlowIssuerHoldsUpNobodyWhoseKeyIsThere) {
  OidcSettings settings;
  settings.refetch_interval = 0ms;
  settings.wait_for_fetch = 50ms;
  OidcVerifier verifier(server_, clock_, settings);
  server_.body = set_of({first_.public_key()});
  ASSERT_TRUE(verify(first_.sign(claims_of()), verifier).ok());
  std::promise<void> gate;
  server_.gate = gate.get_future().share();
  std::thread slow([&] { EXPECT_FALSE(verify(second_.sign(claims_of()), verifier).ok()); });
  while (server_.calls < 2) std::this_thread::yield();
  EXPECT_TRUE(verify(first_.sign(claims_of()), verifier).ok());
  EXPECT_FALSE(verify(second_.sign(claims_of()), verifier).ok()) << "does not wait for ever";
  EXPECT_EQ(server_.calls, 2);
  gate.set_value();
  slow.join();
}

TEST_F(OidcTest, ComparesIssuerAndTimes) {
  server_.body = set_of({first_.public_key()});
  EXPECT_TRUE(verify(first_.sign(claims_of(kNow - 30)), verifier_).ok()) << "clocks differ";
  EXPECT_EQ(verify(first_.sign(claims_of(kNow - 61)), verifier_).error().code, "oidc.expired");
  object foreign = claims_of();
  foreign["iss"] = "https://evil.example";
  EXPECT_EQ(verify(first_.sign(foreign), verifier_).error().code, "oidc.issuer");
  object early = claims_of();
  early["iat"] = kNow + 61;
  EXPECT_EQ(verify(first_.sign(early), verifier_).error().code, "oidc.future");
  object endless = claims_of();
  endless.erase("exp");
  EXPECT_EQ(verify(first_.sign(endless), verifier_).error().code, "oidc.expired");
}

TEST_F(OidcTest, UnknownKeysCauseOneFetchAMinute) {
  server_.body = set_of({first_.public_key()});
  ASSERT_TRUE(verify(first_.sign(claims_of()), verifier_).ok());
  for (int index = 0; index < 5; ++index)
    EXPECT_EQ(verify(second_.sign(claims_of()), verifier_).error().error_class, sdk::ErrorClass::kAuth);
  EXPECT_EQ(server_.calls, 1) << "fetched less than a minute ago";
  OidcSettings settings;
  settings.refetch_interval = 0ms;
  OidcVerifier eager(server_, clock_, settings);
  ASSERT_TRUE(verify(first_.sign(claims_of()), eager).ok());
  server_.body = set_of({first_.public_key(), second_.public_key()});
  EXPECT_TRUE(verify(second_.sign(claims_of()), eager).ok()) << "the issuer has a new key";
}

TEST_F(OidcTest, KeysThatCannotBeHadAreNoBadToken) {
  server_.down = true;
  OidcSettings settings;
  settings.retry_interval = 0ms;
  OidcVerifier verifier(server_, clock_, settings);
  const std::string token = first_.sign(claims_of());
  EXPECT_EQ(verify(token, verifier).error().code, "oidc.keys_unavailable");
  server_.down = false;
  server_.body = "<html>";
  EXPECT_EQ(verify(token, verifier).error().error_class, sdk::ErrorClass::kTransient);
  server_.body = set_of({first_.public_key()});
  EXPECT_TRUE(verify(token, verifier).ok());
}

}  // namespace
}  // namespace patchbay::oauth
