#include "platform/outbound/smtp_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace patchbay::outbound {
namespace {

constexpr std::size_t kReplyBytesMax = 500;
constexpr std::size_t kWordBytesMax = 10;
/// libcurl counts its own milliseconds: a deadline that is as near as this has passed.
constexpr std::chrono::milliseconds kDeadlineSlack{50};

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool is_this_machine(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return false;
  const std::string host = url_part(parsed.get(), CURLUPART_HOST);
  return host == "127.0.0.1" || host == "[::1]" || host == "localhost";
}

/// One conversation with the server, as libcurl's callbacks see it.
struct Conversation {
  const sdk::CallContext& context;
  const std::string& message;
  std::size_t sent_bytes = 0;
  bool handed_over = false;  // the last byte went out: from here on the server may have taken it
  std::string command;       // the last one: "RCPT"
  std::string reply;         // the server's last line, or the first that refuses

  bool refused() const { return refused_with('4') || refused_with('5'); }
  bool refused_with(char digit) const { return reply.size() >= 3 && reply.front() == digit; }

  static std::size_t read(char* buffer, std::size_t size, std::size_t count, void* self) {
    auto& conversation = *static_cast<Conversation*>(self);
    const std::size_t part = std::min(size * count, conversation.message.size() - conversation.sent_bytes);
    std::memcpy(buffer, conversation.message.data() + conversation.sent_bytes, part);
    conversation.sent_bytes += part;
    if (part == 0) conversation.handed_over = true;
    return part;
  }
  static int observe(CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
    auto& conversation = *static_cast<Conversation*>(self);
    if (conversation.refused()) return 0;  // what follows is the farewell
    const std::string_view text(data, size);
    // The first word alone: what follows AUTH is the password.
    if (type == CURLINFO_HEADER_OUT)
      conversation.command = text.substr(0, std::min(text.find_first_of(" \r\n"), kWordBytesMax));
    if (type == CURLINFO_HEADER_IN)
      conversation.reply = text.substr(0, std::min(text.find_last_not_of("\r\n") + 1, kReplyBytesMax));
    return 0;
  }
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Conversation*>(self)->context.check().ok() ? 0 : 1;
  }
};

/// The server's own words, printable.
std::string said(const Conversation& conversation) {
  std::string text;
  for (const char character : conversation.reply) text += character >= ' ' && character < 127 ? character : ' ';
  return text.empty() ? "" : ": " + text;
}

sdk::Error refusal(const Conversation& conversation) {
  const std::string text = said(conversation);
  if (conversation.refused_with('4'))
    return sdk::transient_error("smtp.temporary", "The mail server cannot take it now" + text);
  if (conversation.command == "RCPT")
    return sdk::invalid_error("smtp.recipient", "The mail server refuses the recipient" + text, "to");
  if (conversation.command == "MAIL")
    return sdk::permanent_error("smtp.sender", "The mail server refuses the sender" + text);
  return sdk::permanent_error("smtp.refused", "The mail server refuses the message" + text);
}

sdk::Error error_of(CURLcode failure, const Conversation& conversation) {
  switch (failure) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return sdk::transient_error("smtp.connect", "The mail server cannot be reached.");
    case CURLE_LOGIN_DENIED:
      return sdk::auth_error("smtp.login", "The mail server refuses the sign-in" + said(conversation));
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return sdk::permanent_error("smtp.tls", "There is no secure connection to the mail server.");
    default:
      break;
  }
  if (conversation.refused()) return refusal(conversation);
  if (conversation.handed_over)
    return sdk::transient_error("smtp.unknown", "Whether the mail server took the message is not known.");
  if (!conversation.context.check().ok() || conversation.context.remaining() < kDeadlineSlack)
    return sdk::cancelled_error("smtp.timeout", "The mail server did not answer in time.");
  return sdk::transient_error("smtp.connect", "The conversation with the mail server broke off.");
}

using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

List recipients_of(const Envelope& envelope) {
  List list;
  for (const std::string& address : envelope.to) {
    curl_slist* grown = curl_slist_append(list.get(), ("<" + address + ">").c_str());
    if (grown == nullptr) return {};
    static_cast<void>(list.release());
    list.reset(grown);
  }
  return list;
}

void set_server(CURL* handle, const SmtpSettings& settings, const sdk::CallContext& context) {
  curl_easy_setopt(handle, CURLOPT_URL, settings.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle, CURLOPT_USE_SSL,
                   static_cast<long>(is_this_machine(settings.url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<long long>(context.remaining().count(), 1)));
  if (settings.user.empty()) return;
  curl_easy_setopt(handle, CURLOPT_USERNAME, settings.user.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, settings.password.c_str());
}

void set_conversation(CURL* handle, Conversation& conversation) {
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, &Conversation::read);
  curl_easy_setopt(handle, CURLOPT_READDATA, &conversation);
  // Nothing of it is printed: it tells which command was answered.
  curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, &Conversation::observe);
  curl_easy_setopt(handle, CURLOPT_DEBUGDATA, &conversation);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &Conversation::progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &conversation);
}

}  // namespace

sdk::Result<void> check_smtp_url(const std::string& url) {
  const bool scheme = url.starts_with("smtp://") || url.starts_with("smtps://");
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  const bool whole = parsed != nullptr &&
                     curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
  if (!scheme || !whole || !url_part(parsed.get(), CURLUPART_USER).empty()) {
    return sdk::invalid_error("smtp.url",
                              "a mail server is smtp://host:port or smtps://host:port, without user and password");
  }
  return {};
}

sdk::Result<void> SmtpClient::send(const sdk::CallContext& context, const Envelope& envelope,
                                   const std::string& message) const {
  if (!configured()) return sdk::permanent_error("smtp.not_configured", "smtp.url is not set.");
  PATCHBAY_TRY(context.check());
  const Easy handle(curl_easy_init());
  const List recipients = recipients_of(envelope);
  if (!handle || !recipients) return sdk::transient_error("smtp.connect", "There is no memory for the conversation.");
  Conversation conversation{context, message, 0, false, {}, {}};
  set_server(handle.get(), settings_, context);
  set_conversation(handle.get(), conversation);
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, ("<" + envelope.from + ">").c_str());
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, recipients.get());
  const CURLcode done = curl_easy_perform(handle.get());
  if (done == CURLE_OK) return {};
  return error_of(done, conversation);
}

}  // namespace patchbay::outbound
