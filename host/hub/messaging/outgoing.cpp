#include "hub/messaging/outgoing.hpp"

#include "hub/messaging/channels.hpp"
#include "hub/messaging/mail.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/phone_number.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <set>

namespace patchbay::messaging {
namespace {

namespace json = sdk::json;

constexpr std::size_t kRecipientsMax = 50;
constexpr std::size_t kAddressesBytesMax = 255;
constexpr std::size_t kSubjectCharactersMax = 255;
constexpr std::size_t kTextBytesMax = 256 * 1024;
constexpr std::size_t kSmsCharactersMax = 1'600;
constexpr std::size_t kAttachmentsMax = 20;
constexpr std::size_t kAttachmentBytesMax = 7 * 1024 * 1024;
constexpr std::size_t kOptionsBytesMax = 64 * 1024;
constexpr std::size_t kIdBytesMax = 255;
/// What the hub itself tells a connector along with a message.
const std::set<std::string, std::less<>> kReservedOptions{"firstTriedAt", "sentIds", "statusCallback"};

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Reads the members of a body and notes what is wrong with them.
class Reader {
 public:
  Reader(const json::object& body, std::vector<sdk::Error>& errors) : body_(body), errors_(errors) {}

  void fail(std::string code, std::string message, const std::string& field) {
    errors_.push_back(sdk::invalid_error(std::move(code), std::move(message), field));
  }
  /// The first of the names that is there and not null.
  const json::value* find(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      const auto* value = body_.if_contains(name);
      if (value != nullptr && !value->is_null()) return value;
    }
    return nullptr;
  }
  std::string text(std::initializer_list<const char*> names, std::size_t bytes_max) {
    const auto* value = find(names);
    if (value == nullptr) return {};
    const std::string field = *names.begin();
    if (!value->is_string()) {
      fail("type.text", field + " must be a text.", field);
      return {};
    }
    const std::string given(value->get_string());
    if (given.size() > bytes_max) fail("text.too_long", field + " is too long.", field);
    if (given.find('\0') != std::string::npos) fail("text.nul", field + " must not contain U+0000.", field);
    return given;
  }
  bool flag(const char* name) {
    const auto* value = find({name});
    if (value != nullptr && !value->is_bool())
      fail("type.boolean", std::string(name) + " must be true or false.", name);
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  std::string id(std::initializer_list<const char*> names) {
    std::string given = text(names, kIdBytesMax);
    if (!given.empty() && !base::is_uuid(given)) {
      fail("type.uuid", std::string(*names.begin()) + " must be an id.", *names.begin());
      return {};
    }
    return given;
  }

 private:
  const json::object& body_;
  std::vector<sdk::Error>& errors_;
};

void check_names(const json::object& body, Reader& reader) {
  static const std::set<std::string, std::less<>> kKnown{
      "channel", "to",       "toAddress", "subject",    "text",     "body",       "html",  "from",        "threadId",
      "options", "threadTs", "blocks",    "connection", "clientId", "customerId", "jobId", "attachments", "isInternal"};
  for (const auto& member : body) {
    const std::string name(member.key());
    if (kKnown.count(name) == 0) reader.fail("validation.unknown_field", "There is no field " + name + " here.", name);
  }
}

std::vector<std::string> read_addresses(Reader& reader, const std::string& channel, std::string_view phone_region) {
  std::vector<std::string> addresses;
  const auto* given = reader.find({"to", "toAddress"});
  if (given == nullptr) return addresses;
  const json::array one{*given};
  for (const auto& entry : given->is_array() ? given->get_array() : one) {
    const auto* text = entry.if_string();
    const auto address = text == nullptr ? std::nullopt : normal_address(channel, *text, phone_region);
    if (!address) {
      reader.fail("message.address", "to holds something that is no address of the channel.", "to");
      return {};
    }
    if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
  }
  const std::size_t most = channel == "email" ? kRecipientsMax : 1;
  if (addresses.size() > most || joined(addresses).size() > kAddressesBytesMax)
    reader.fail("message.recipients",
                channel == "email" ? "These are too many recipients." : "One message goes to one recipient.", "to");
  return addresses;
}

std::vector<sdk::MessageAttachment> read_attachments(Reader& reader) {
  std::vector<sdk::MessageAttachment> attachments;
  const auto* given = reader.find({"attachments"});
  if (given == nullptr) return attachments;
  std::size_t bytes = 0;
  for (const auto& entry : given->is_array() ? given->get_array() : json::array{nullptr}) {
    const auto content = sdk::base64_decode(sdk::string_at(entry, "contentBase64"));
    const std::string name = sdk::string_at(entry, "name");
    if (!entry.is_object() || name.empty() || name.size() > kIdBytesMax || !content.ok() ||
        attachments.size() == kAttachmentsMax) {
      reader.fail("message.attachment", "attachments is a list of {name, contentType, contentBase64}.", "attachments");
      return {};
    }
    bytes += content->size();
    attachments.push_back({name, sdk::string_at(entry, "contentType"), *content});
  }
  if (bytes > kAttachmentBytesMax)
    reader.fail("message.attachment", "The attachments are larger than 7 MiB.", "attachments");
  return attachments;
}

json::object read_options(Reader& reader) {
  json::object options;
  const auto* given = reader.find({"options"});
  if (given != nullptr && given->is_object()) options = given->get_object();
  for (const std::string& name : kReservedOptions) options.erase(name);
  const auto* blocks = reader.find({"blocks"});
  if (blocks != nullptr && !(blocks->is_array() && blocks->get_array().empty())) options["blocks"] = *blocks;
  if ((given != nullptr && !given->is_object()) || json::serialize(options).size() > kOptionsBytesMax)
    reader.fail("message.options", "options is an object of at most 64 KiB.", "options");
  if (blocks != nullptr && !blocks->is_array()) reader.fail("type.array", "blocks must be a list.", "blocks");
  return options;
}

void check_content(Reader& reader, const Outgoing& outgoing) {
  const bool has_content = !outgoing.text.empty() || !outgoing.html.empty() || !outgoing.attachments.empty() ||
                           outgoing.options.contains("mediaUrl") || outgoing.options.contains("blocks") ||
                           outgoing.options.contains("contentSid");
  if (!has_content) reader.fail("required", "text is missing.", "text");
  if (outgoing.channel == "sms" && character_count(outgoing.text) > kSmsCharactersMax)
    reader.fail("text.too_long", "A text message may have at most 1600 characters.", "text");
  if (character_count(outgoing.subject) > kSubjectCharactersMax)
    reader.fail("text.too_long", "subject may have at most 255 characters.", "subject");
  if (outgoing.channel != "email" && (!outgoing.subject.empty() || !outgoing.html.empty()))
    reader.fail("message.mail_only", "Only mail has a subject and HTML.",
                outgoing.subject.empty() ? "html" : "subject");
}

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> found;
  for (const auto& entry : list.is_array() ? list.get_array() : json::array())
    found.push_back(sdk::scalar_text(entry).value_or(""));
  return found;
}

}  // namespace

std::optional<std::string> normal_address(std::string_view channel, std::string_view address,
                                          std::string_view phone_region) {
  if (channel == "sms") return base::normalize_phone(address, phone_region);
  if (channel == "email") {
    const auto parsed = parse_mail_address(address);
    return parsed.ok() ? std::optional(parsed->address) : std::nullopt;
  }
  const bool usable =
      !address.empty() && address.size() <= kIdBytesMax &&
      std::none_of(address.begin(), address.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return usable ? std::optional(std::string(address)) : std::nullopt;
}

std::string joined(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& address : addresses) text += (text.empty() ? "" : ", ") + address;
  return text;
}

Outgoing parse_outgoing(const json::object& body, std::string_view phone_region, std::vector<sdk::Error>& errors) {
  Reader reader(body, errors);
  check_names(body, reader);
  Outgoing outgoing;
  outgoing.channel = reader.text({"channel"}, kIdBytesMax);
  const auto& channels = channel_names();
  if (std::find(channels.begin(), channels.end(), outgoing.channel) == channels.end()) {
    reader.fail("enum.unknown", "channel is email, sms or slack: on no other can a message be sent.", "channel");
    return outgoing;
  }
  outgoing.to = read_addresses(reader, outgoing.channel, phone_region);
  outgoing.from = reader.text({"from"}, kIdBytesMax);
  outgoing.subject = reader.text({"subject"}, 4 * kSubjectCharactersMax);
  outgoing.text = reader.text({"text", "body"}, kTextBytesMax);
  outgoing.html = reader.text({"html"}, kTextBytesMax);
  outgoing.thread_id = reader.text({"threadId", "threadTs"}, kIdBytesMax);
  outgoing.connection = reader.text({"connection"}, kIdBytesMax);
  outgoing.is_internal = reader.flag("isInternal");
  outgoing.attachments = read_attachments(reader);
  outgoing.options = read_options(reader);
  outgoing.client_id = reader.id({"clientId", "customerId"});
  outgoing.job_id = reader.id({"jobId"});
  check_content(reader, outgoing);
  const bool has_address = reader.find({"to", "toAddress"}) != nullptr;
  if (!has_address && (outgoing.client_id.empty() || outgoing.channel == "slack"))
    reader.fail("required", "to is missing, and there is no client to send it to.", "to");
  return outgoing;
}

json::object to_json(const Outgoing& outgoing) {
  json::array attachments;
  for (const auto& attachment : outgoing.attachments) {
    attachments.push_back(json::object{{"name", attachment.name},
                                       {"contentType", attachment.content_type},
                                       {"contentBase64", sdk::base64_encode(attachment.content)}});
  }
  return {{"channel", outgoing.channel},    {"to", json::array(outgoing.to.begin(), outgoing.to.end())},
          {"from", outgoing.from},          {"subject", outgoing.subject},
          {"text", outgoing.text},          {"html", outgoing.html},
          {"threadId", outgoing.thread_id}, {"attachments", std::move(attachments)},
          {"options", outgoing.options},    {"connection", outgoing.connection}};
}

sdk::Result<Outgoing> from_json(const json::value& value) {
  if (!value.is_object()) return sdk::permanent_error("message.request", "What was to be sent is not there any more.");
  Outgoing outgoing;
  outgoing.channel = sdk::string_at(value, "channel");
  if (const auto* to = sdk::find_member(value, "to")) outgoing.to = texts(*to);
  outgoing.from = sdk::string_at(value, "from");
  outgoing.subject = sdk::string_at(value, "subject");
  outgoing.text = sdk::string_at(value, "text");
  outgoing.html = sdk::string_at(value, "html");
  outgoing.thread_id = sdk::string_at(value, "threadId");
  outgoing.connection = sdk::string_at(value, "connection");
  if (const auto* options = sdk::find_member(value, "options"); options != nullptr && options->is_object())
    outgoing.options = options->get_object();
  const auto* attachments = sdk::find_member(value, "attachments");
  for (const auto& entry :
       attachments != nullptr && attachments->is_array() ? attachments->get_array() : json::array()) {
    PATCHBAY_ASSIGN(std::string content, sdk::base64_decode(sdk::string_at(entry, "contentBase64")));
    outgoing.attachments.push_back(
        {sdk::string_at(entry, "name"), sdk::string_at(entry, "contentType"), std::move(content)});
  }
  if (outgoing.channel.empty() || outgoing.to.empty())
    return sdk::permanent_error("message.request", "What was to be sent is not there any more.");
  return outgoing;
}

}  // namespace patchbay::messaging
