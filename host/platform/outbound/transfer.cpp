#include "platform/outbound/transfer.hpp"

#include "platform/outbound/address_guard.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace patchbay::outbound {
namespace {

constexpr std::size_t kHeaderBytesMax = 256 * 1024;

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
           (character >= 'a' && character <= 'z') || kMarks.find(character) != std::string_view::npos;
  });
}

/// Sets on `list`; libcurl copies the line.
bool append_line(std::unique_ptr<curl_slist, FreeList>& list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list.get(), line.c_str());
  if (grown == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(grown);
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

struct Transfer::Impl {
  Impl(const OutboundSettings& outbound_settings, const sdk::CallContext& call_context,
       const sdk::HttpRequest& http_request)
      : settings(outbound_settings), context(call_context), request(http_request), easy(curl_easy_init()) {}

  sdk::Result<void> set_url();
  sdk::Result<void> set_headers();
  void set_method();
  void set_rules();
  sdk::Error error_of(CURLcode code) const;
  void settle(sdk::Result<sdk::HttpResponse> outcome);
  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy.get(), option, value);
  }

  static std::size_t write_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t write_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t read_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static int rewind_body(void* self, curl_off_t offset, int origin);
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  std::size_t read_file(char* bytes, std::size_t size);

  bool may_repeat() const { return request.retry_safe || request.method == "GET" || request.method == "HEAD"; }
  bool has_body() const { return request.body_file.has_value() || !request.body.empty(); }

  const OutboundSettings& settings;
  const sdk::CallContext& context;
  const sdk::HttpRequest& request;
  std::unique_ptr<CURL, FreeEasy> easy;
  std::unique_ptr<curl_slist, FreeList> header_lines;
  std::string host;
  std::string host_key;

  sdk::HttpResponse response;
  std::size_t header_bytes = 0;
  std::uint64_t body_offset = 0;
  bool too_large = false;
  bool address_refused = false;
  bool body_failed = false;
  bool paused = false;

  std::mutex mutex;
  std::condition_variable settled;
  std::optional<sdk::Result<sdk::HttpResponse>> result;
};

sdk::Result<void> Transfer::Impl::set_url() {
  const auto refused = [](const char* why) { return sdk::invalid_error("http.url", why, "url"); };
  const Url url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK) {
    return refused("The URL is not an absolute, well-formed one.");
  }
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return refused("Only http and https URLs may be called.");
  if (!url_part(url.get(), CURLUPART_USER).empty() || !url_part(url.get(), CURLUPART_PASSWORD).empty()) {
    return refused("A URL must not carry credentials.");
  }
  host = url_part(url.get(), CURLUPART_HOST);
  host_key = scheme + "://" + host + ":" + url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  set(CURLOPT_URL, request.url.c_str());
  return {};
}

sdk::Result<void> Transfer::Impl::set_headers() {
  static constexpr std::string_view kForbidden("\r\n\0", 3);
  bool appended = append_line(header_lines, "Expect:");
  if (has_body() && !sdk::find_header(request.headers, "Content-Type"))
    appended &= append_line(header_lines, "Content-Type:");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || value.find_first_of(kForbidden) != std::string::npos) {
      return sdk::invalid_error("http.header", "A header's name or value holds a forbidden character.", "headers");
    }
    // libcurl frames the body itself; a second opinion about its length would be request smuggling.
    if (sdk::equals_ignoring_case(name, "Content-Length") || sdk::equals_ignoring_case(name, "Transfer-Encoding"))
      continue;
    appended &= append_line(header_lines, value.empty() ? name + ";" : name + ": " + value);
  }
  if (!appended) return sdk::permanent_error("http.memory", "Out of memory.");
  set(CURLOPT_HTTPHEADER, header_lines.get());
  if (!sdk::find_header(request.headers, "Accept-Encoding")) set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  return {};
}

void Transfer::Impl::set_method() {
  const std::string& method = request.method;
  if (has_body()) {
    // By callback, not by pointer: libcurl repeats a request by itself when a kept connection turns out dead, and a
    // body it cannot rewind is what keeps it from repeating a write (rewind_body).
    const std::uint64_t size = request.body_file ? request.body_file->size_bytes : request.body.size();
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
    set(CURLOPT_READFUNCTION, &read_body);
    set(CURLOPT_READDATA, static_cast<void*>(this));
    set(CURLOPT_SEEKFUNCTION, &rewind_body);
    set(CURLOPT_SEEKDATA, static_cast<void*>(this));
  } else if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (method == "POST" || method == "PUT" || method == "PATCH") {
    set(CURLOPT_POSTFIELDS, "");
    set(CURLOPT_POSTFIELDSIZE, 0L);
    append_line(header_lines, "Content-Type:");
    set(CURLOPT_HTTPHEADER, header_lines.get());
  }
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!has_body() && !may_repeat()) set(CURLOPT_FRESH_CONNECT, 1L);  // nothing else keeps libcurl from repeating it
}

void Transfer::Impl::set_rules() {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // an environment's proxy would go round the address guard
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Waits for what TLS negotiates rather than open another connection; without TLS it would wait for the first answer.
  set(CURLOPT_PIPEWAIT, host_key.starts_with("https:") ? 1L : 0L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 30L);
  set(CURLOPT_TCP_KEEPINTVL, 10L);
  set(CURLOPT_MAXLIFETIME_CONN, 600L);  // so that a moved host is looked up again
  set(CURLOPT_QUICK_EXIT, 1L);          // a cancelled transfer does not wait for the resolver's thread
  set(CURLOPT_USERAGENT, settings.user_agent.c_str());
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(settings.response_bytes_max));
  set(CURLOPT_WRITEFUNCTION, &write_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &write_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
}

std::size_t Transfer::Impl::write_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Impl*>(self);
  const std::size_t length = size * count;
  if (transfer.response.body.size() + length > transfer.settings.response_bytes_max) {
    transfer.too_large = true;  // counted after decompression
    return 0;
  }
  transfer.response.body.append(bytes, length);
  return length;
}

std::size_t Transfer::Impl::write_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Impl*>(self);
  const std::size_t length = size * count;
  const std::string_view line(bytes, length);
  if (transfer.header_bytes += length; transfer.header_bytes > kHeaderBytesMax) {
    transfer.too_large = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // what came before was an interim response
    return length;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    transfer.response.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return length;
}

std::size_t Transfer::Impl::read_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Impl*>(self);
  if (transfer.request.body_file) return transfer.read_file(bytes, size * count);
  const std::string_view rest = std::string_view(transfer.request.body).substr(transfer.body_offset);
  const std::size_t length = std::min(rest.size(), size * count);
  std::memcpy(bytes, rest.data(), length);
  transfer.body_offset += length;
  return length;
}

std::size_t Transfer::Impl::read_file(char* bytes, std::size_t size) {
  const std::uint64_t left = request.body_file->size_bytes - body_offset;
  if (left == 0) return 0;
  pollfd descriptor{request.body_file->descriptor, POLLIN, 0};
  if (::poll(&descriptor, 1, 0) == 0) {  // a pipe that has nothing yet must not hold up the other transfers
    paused = true;
    return CURL_READFUNC_PAUSE;
  }
  const auto length = ::read(descriptor.fd, bytes, static_cast<std::size_t>(std::min<std::uint64_t>(size, left)));
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) {
    paused = true;
    return CURL_READFUNC_PAUSE;
  }
  if (length <= 0) {
    body_failed = true;
    return CURL_READFUNC_ABORT;
  }
  body_offset += static_cast<std::uint64_t>(length);
  return static_cast<std::size_t>(length);
}

int Transfer::Impl::rewind_body(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Impl*>(self);
  if (!transfer.may_repeat() || origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_FAIL;
  if (transfer.request.body_file &&
      ::lseek(transfer.request.body_file->descriptor, -static_cast<off_t>(transfer.body_offset), SEEK_CUR) < 0) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer.body_offset = 0;
  return CURL_SEEKFUNC_OK;
}

curl_socket_t Transfer::Impl::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Impl*>(self);
  if (!transfer.settings.allow_private_addresses) {
    // The very address of this connect(): what the name meant a moment ago does not count.
    char text[INET6_ADDRSTRLEN] = {};
    const void* numeric = nullptr;
    if (address->family == AF_INET) numeric = &reinterpret_cast<const sockaddr_in*>(&address->addr)->sin_addr;
    if (address->family == AF_INET6) numeric = &reinterpret_cast<const sockaddr_in6*>(&address->addr)->sin6_addr;
    if (numeric == nullptr || ::inet_ntop(address->family, numeric, text, sizeof text) == nullptr ||
        !is_public_address(text)) {
      transfer.address_refused = true;
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

sdk::Error Transfer::Impl::error_of(CURLcode code) const {
  if (too_large || code == CURLE_FILESIZE_EXCEEDED) {
    return sdk::transient_error("http.too_large", "The answer of " + host + " is larger than allowed.");
  }
  if (body_failed) return sdk::permanent_error("http.body", "The request's body ended before its stated size.");
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_OPERATION_TIMEDOUT:  // only connecting has a time-out of libcurl's
      if (address_refused) {
        return sdk::permanent_error("http.address_refused",
                                    host + " is not at a public address; such may not be called.");
      }
      return sdk::transient_error("http.connect", "Cannot connect to " + host + ".");
    case CURLE_PEER_FAILED_VERIFICATION:
      return sdk::transient_error("http.connect", "The certificate of " + host + " could not be verified.");
    default:
      return sdk::transient_error("http.reset", host + " broke off before its answer was whole.");
  }
}

void Transfer::Impl::settle(sdk::Result<sdk::HttpResponse> outcome) {
  const std::lock_guard lock(mutex);
  result = std::move(outcome);
  settled.notify_all();  // under the lock: the waiter may destroy this as soon as it sees the result
}

Transfer::Transfer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transfer::~Transfer() = default;

sdk::Result<std::shared_ptr<Transfer>> Transfer::make(const OutboundSettings& settings, const sdk::CallContext& context,
                                                      const sdk::HttpRequest& request) {
  if (!is_token(request.method)) return sdk::invalid_error("http.method", "The method is not a token.", "method");
  auto impl = std::make_unique<Impl>(settings, context, request);
  if (!impl->easy) return sdk::permanent_error("http.memory", "Out of memory.");
  PATCHBAY_TRY(impl->set_url());
  PATCHBAY_TRY(impl->set_headers());
  impl->set_method();
  impl->set_rules();
  return std::shared_ptr<Transfer>(new Transfer(std::move(impl)));
}

sdk::Result<sdk::HttpResponse> Transfer::wait() {
  std::unique_lock lock(impl_->mutex);
  impl_->settled.wait(lock, [this] { return impl_->result.has_value(); });
  return std::move(*impl_->result);
}

void* Transfer::handle() const {
  return impl_->easy.get();
}
const std::string& Transfer::host_key() const {
  return impl_->host_key;
}
std::chrono::steady_clock::time_point Transfer::deadline() const {
  return impl_->context.deadline;
}

std::optional<sdk::Error> Transfer::given_up() const {
  if (impl_->context.cancel.cancelled()) return sdk::cancelled_error("http.cancelled", "The request was cancelled.");
  if (std::chrono::steady_clock::now() >= impl_->context.deadline) {
    return sdk::transient_error("http.timeout", impl_->host + " did not answer in time.");
  }
  return std::nullopt;
}

void Transfer::prepare_start() {
  impl_->set(CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, static_cast<long>(impl_->settings.connect_timeout.count())));
}

int Transfer::paused_descriptor() const {
  return impl_->paused ? impl_->request.body_file->descriptor : -1;
}

void Transfer::resume_if_readable() {
  pollfd descriptor{paused_descriptor(), POLLIN, 0};
  if (descriptor.fd < 0 || ::poll(&descriptor, 1, 0) == 0) return;
  impl_->paused = false;
  curl_easy_pause(impl_->easy.get(), CURLPAUSE_CONT);
}

void Transfer::complete(int curl_code) {
  if (curl_code != CURLE_OK) return fail(impl_->error_of(static_cast<CURLcode>(curl_code)));
  long status = 0;
  curl_easy_getinfo(impl_->easy.get(), CURLINFO_RESPONSE_CODE, &status);
  impl_->response.status = static_cast<int>(status);
  impl_->settle(std::move(impl_->response));
}

void Transfer::fail(sdk::Error error) {
  impl_->settle(std::move(error));
}

}  // namespace patchbay::outbound
