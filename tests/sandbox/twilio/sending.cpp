// POST Messages.json: what Twilio refuses, and what becomes of what it takes.
#include "tests/sandbox/twilio/routes.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>

namespace patchbay::sandbox::twilio {
namespace {

constexpr std::size_t kBodyCharactersMax = 1'600;

struct Magic {
  std::string_view number;
  std::int64_t code;
  std::string_view message;
};
/// Numbers of Twilio's test credentials.
constexpr std::array<Magic, 5> kMagicTo{
    {{"+15005550001", 21211, "Invalid 'To' Phone Number"},
     {"+15005550002", 21612, "The 'To' phone number is not reachable from this 'From'"},
     {"+15005550003", 21408, "Permission to send to this region is not enabled"},
     {"+15005550004", 21610, "Attempt to send to unsubscribed recipient"},
     {"+15005550009", 21614, "'To' number is not a valid mobile number"}}};
constexpr std::array<Magic, 3> kMagicFrom{{{"+15005550001", 21212, "Invalid 'From' Phone Number"},
                                           {"+15005550007", 21606, "The 'From' phone number is not SMS-capable"},
                                           {"+15005550008", 21611, "This 'From' number has exceeded its queue"}}};

std::optional<ApiError> find_magic(const auto& table, std::string_view number) {
  for (const auto& magic : table) {
    if (magic.number == number) return ApiError{400, magic.code, std::string(magic.message)};
  }
  return std::nullopt;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_e164(std::string_view number) {
  return number.size() >= 8 && number.size() <= 16 && number.front() == '+' && number[1] >= '1' && number[1] <= '9' &&
         std::all_of(number.begin() + 1, number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<ApiError> check_to(const Account& account, const std::string& to) {
  if (to.empty()) return ApiError{400, 21604, "A 'To' phone number is required."};
  if (auto magic = find_magic(kMagicTo, to)) return magic;
  if (!is_e164(to)) return ApiError{400, 21211, "Invalid 'To' Phone Number: " + to};
  if (account.opted_out(to)) return ApiError{400, 21610, "Attempt to send to unsubscribed recipient"};
  return std::nullopt;
}

std::optional<ApiError> check_from(const std::string& from, const std::string& service) {
  if (!service.empty() && service != kServiceSid)
    return ApiError{404, 20404, "The requested resource " + service + " was not found"};
  if (from.empty())
    return service.empty() ? std::optional(ApiError{400, 21603, "A 'From' phone number is required."}) : std::nullopt;
  if (auto magic = find_magic(kMagicFrom, from)) return magic;
  const bool own = std::find(std::begin(kNumbers), std::end(kNumbers), from) != std::end(kNumbers);
  const bool a_name = from.size() <= 11 &&
                      from.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != std::string::npos;
  if (own || a_name) return std::nullopt;
  return ApiError{400, 21606, "The 'From' phone number " + from + " is not a number of this account"};
}

std::vector<std::string> all(const Request& request, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : request.params) {
    if (key == name) values.push_back(value);
  }
  return values;
}

bool is_address(const std::string& url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

std::optional<ApiError> check_content(const Request& request) {
  const auto media = all(request, "MediaUrl");
  if (request.param("Body").empty() && media.empty() && !request.has("ContentSid"))
    return ApiError{400, 21602, "Message body is required."};
  if (characters(request.param("Body")) > kBodyCharactersMax)
    return ApiError{400, 21617, "The concatenated message body exceeds the 1600 character limit."};
  if (media.size() > 10) return ApiError{400, 21623, "Number of media files exceeds allowed limit."};
  if (!std::all_of(media.begin(), media.end(), is_address)) return ApiError{400, 21620, "Invalid media URL."};
  const auto callback = request.param("StatusCallback");
  const auto host_end = callback.find('/', callback.find("://") == std::string::npos ? 0 : callback.find("://") + 3);
  if (!callback.empty() && (!is_address(callback) || callback.substr(0, host_end).find('_') != std::string::npos))
    return ApiError{400, 21609, "Invalid 'StatusCallback' URL."};
  if (request.has("SendAt") && !request.has("MessagingServiceSid"))
    return ApiError{400, 35118, "MessagingServiceSid is required to schedule a message."};
  return std::nullopt;
}

/// What becomes of a message, by the number it goes to: its last four digits.
struct Fate {
  std::string_view digits, status;
  std::int64_t code;
};
constexpr std::array<Fate, 4> kFates{
    {{"9001", "queued", 0}, {"9003", "undelivered", 30003}, {"9007", "undelivered", 30007}, {"9008", "failed", 30008}}};

void apply_status(json::object& message, std::string_view status, std::int64_t code) {
  message["status"] = status;
  if (code == 0) return;
  message["error_code"] = code;
  message["error_message"] = "Delivery failed";
}

/// The way to its last status, each step told. What Twilio answered is the state before it.
void send_on(Account& account, const std::string& sid) {
  const auto& record = *account.find(sid);
  const auto to = sdk::string_at(record.value, "to");
  const auto fate = std::find_if(kFates.begin(), kFates.end(), [&](const Fate& f) { return to.ends_with(f.digits); });
  const auto last = fate == kFates.end() ? Fate{"", "delivered", 0} : *fate;
  if (last.status == "queued") return;
  auto message = record.value;
  if (message.at("from").is_null()) message["from"] = kNumbers[0];  // the Messaging Service has chosen
  message["num_segments"] = std::to_string(characters(sdk::string_at(message, "body")) / 153 + 1);
  message["price"] = "-0.00750";
  message["price_unit"] = "USD";
  for (const auto status : {std::string_view("sent"), last.status}) {
    apply_status(message, status, status == last.status ? last.code : 0);
    account.send_status(account.change(*account.find(sid), message));
  }
}

}  // namespace

Reply create_message(Request& request) {
  auto& account = request.account;
  const auto to = request.param("To"), from = request.param("From"), service = request.param("MessagingServiceSid");
  if (const auto error = check_to(account, to)) return refuse(*error);
  if (const auto error = check_from(from, service)) return refuse(*error);
  if (const auto error = check_content(request)) return refuse(*error);
  const auto media = all(request, "MediaUrl");
  const auto now = account.now_ms();
  auto message = make_message(account, account.new_sid(media.empty() ? "SM" : "MM"), now);
  const auto sid = sdk::string_at(message, "sid");
  const bool scheduled = request.has("SendAt");
  message["to"] = to;
  message["from"] = from.empty() ? json::value(nullptr) : json::value(from);
  message["body"] = request.param("Body");
  message["num_media"] = std::to_string(media.size());
  message["status"] = scheduled ? "scheduled" : service.empty() ? "queued" : "accepted";
  message["_callback"] = request.param("StatusCallback");
  if (!service.empty()) {
    message["messaging_service_sid"] = service;
    message["num_segments"] = "0";
  }
  if (scheduled) message["date_sent"] = message["_sent_ms"] = nullptr;
  const auto answer = reply(Account::shown(message), 201);
  account.put(message, now);
  for (std::size_t i = 0; i < media.size(); ++i) account.add_media(message, "image/png", now);
  if (!scheduled) send_on(account, sid);
  return answer;
}

}  // namespace patchbay::sandbox::twilio
