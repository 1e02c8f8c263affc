#include "engine/oauth/liboauth2_client_auth.hpp"

#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <memory>

extern "C" {
#include <oauth2/cfg.h>
#include <oauth2/http.h>
#include <oauth2/log.h>
#include <oauth2/mem.h>
#include <oauth2/oauth2.h>
#include <oauth2/util.h>
}

namespace patchbay::oauth {
namespace {

/// Only that something failed: the library's messages may hold what was sent.
void log_line(oauth2_log_sink_t*, const char*, unsigned long line, const char* function, oauth2_log_level_t,
              const char*) {
  base::log_warning("oauth", "liboauth2 reports a problem", {{"function", function}, {"line", line}});
}

struct LogFree {
  void operator()(oauth2_log_t* log) const { oauth2_log_free(log); }
};
using Log = std::unique_ptr<oauth2_log_t, LogFree>;

/// The library logs at debug what it sends, secrets included: the sink takes warnings and above, and of these no text.
Log make_log() {
  return Log(oauth2_log_init(OAUTH2_LOG_WARN, oauth2_log_sink_create(OAUTH2_LOG_WARN, log_line, nullptr)));
}

/// Frees a library object with the function of its type.
template <typename T, auto Free>
class Owned {
 public:
  Owned(oauth2_log_t* log, T* object) : log_(log), object_(object) {}
  ~Owned() {
    if (object_ != nullptr) Free(log_, object_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T* get() const { return object_; }

 private:
  oauth2_log_t* log_;
  T* object_;
};

using Parameters = Owned<oauth2_nv_list_t, oauth2_nv_list_free>;
using CallContext = Owned<oauth2_http_call_ctx_t, oauth2_http_call_ctx_free>;
using EndpointAuth = Owned<oauth2_cfg_endpoint_auth_t, oauth2_cfg_endpoint_auth_free>;

struct TextFree {
  void operator()(char* text) const { oauth2_mem_free(text); }
};
using Text = std::unique_ptr<char, TextFree>;

sdk::Error failed(const char* what) {
  return sdk::permanent_error("oauth.request", std::string("the token request could not be made (") + what + ")");
}

}  // namespace

OAuthLibrary::OAuthLibrary() {
  // oauth2_init sets up what the library and its own libraries need once in a process; its log is not used for
  // requests.
  oauth2_init(OAUTH2_LOG_WARN, oauth2_log_sink_create(OAUTH2_LOG_WARN, log_line, nullptr));
}

OAuthLibrary::~OAuthLibrary() {
  // oauth2_shutdown frees process-wide OpenSSL and curl state that others still use; the process is ending anyway.
}

sdk::Result<sdk::HttpRequest> make_token_request(const OAuthClient& client,
                                                 const std::vector<std::pair<std::string, std::string>>& parameters) {
  const Log log = make_log();
  const Parameters form(log.get(), oauth2_nv_list_init(log.get()));
  const Parameters identity(log.get(), oauth2_nv_list_init(log.get()));
  const EndpointAuth auth(log.get(), oauth2_cfg_endpoint_auth_init(log.get()));
  const CallContext context(log.get(), oauth2_http_call_ctx_init(log.get()));
  if (form.get() == nullptr || identity.get() == nullptr || auth.get() == nullptr || context.get() == nullptr)
    return failed("memory");
  for (const auto& [name, value] : parameters) oauth2_nv_list_add(log.get(), form.get(), name.c_str(), value.c_str());
  sdk::HttpRequest request;
  request.method = "POST";
  request.url = client.endpoints.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (client.endpoints.client_secret_in_body) {
    oauth2_nv_list_add(log.get(), identity.get(), "client_id", client.client_id.c_str());
    oauth2_nv_list_add(log.get(), identity.get(), "client_secret", client.client_secret.c_str());
    const Text problem(
        oauth2_cfg_set_endpoint_auth(log.get(), auth.get(), "client_secret_post", identity.get(), nullptr));
    if (problem != nullptr) return failed("client authentication");
    if (!oauth2_http_ctx_auth_add(log.get(), context.get(), auth.get(), form.get()))
      return failed("client authentication");
  } else {
    // The library keeps a Basic header for its own curl call and does not show it; RFC 6749, 2.3.1 is this line.
    request.headers.emplace_back(
        "Authorization",
        "Basic " + sdk::base64_encode(sdk::url_encode(client.client_id) + ":" + sdk::url_encode(client.client_secret)));
  }
  const Text body(oauth2_http_url_form_encode(log.get(), form.get()));
  if (body == nullptr) return failed("form");
  request.body = body.get();
  return request;
}

}  // namespace patchbay::oauth
