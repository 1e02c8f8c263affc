#include "media.hpp"

namespace patchbay::twilio {
namespace {

constexpr std::size_t kDownloadBytesMax = 16 * 1024 * 1024;
constexpr int kPagesMax = 10;

sdk::Result<std::string> sid_of(const sdk::json::object& arguments, const char* name) {
  const std::string sid = sdk::string_at(arguments, name);
  const bool plain = sid.size() <= 64 && sid.find_first_not_of(
                                             "0123456789abcdefghijklmnopqrstuvwxyz"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (sid.empty() || !plain) return sdk::invalid_error("twilio.argument", std::string(name) + " must be a SID", name);
  return sid;
}

std::string message_path(const std::string& sid) {
  return "Messages/" + sid;
}

sdk::Result<sdk::json::value> download(Api& api, const sdk::CallContext& context, const sdk::json::object& arguments) {
  PATCHBAY_ASSIGN(const std::string message, sid_of(arguments, "messageSid"));
  PATCHBAY_ASSIGN(const std::string media, sid_of(arguments, "mediaSid"));
  PATCHBAY_ASSIGN(const sdk::HttpResponse file,
                  api.download(context, message_path(message) + "/Media/" + media, "GET Media/{Sid}"));
  if (file.body.size() > kDownloadBytesMax)
    return sdk::permanent_error("twilio.media_too_large", "the file is larger than 16 MiB");
  return sdk::json::value{{"contentType", sdk::find_header(file.headers, "Content-Type").value_or("")},
                          {"bytes", file.body.size()},
                          {"contentBase64", sdk::base64_encode(file.body)}};
}

sdk::Result<sdk::json::value> change(Api& api, const sdk::CallContext& context, const sdk::json::object& arguments,
                                     const Fields& form) {
  PATCHBAY_ASSIGN(const std::string message, sid_of(arguments, "messageSid"));
  PATCHBAY_ASSIGN(auto changed, api.post(context, message_path(message) + ".json", "POST Messages/{Sid}", form));
  return make_message(std::move(changed)).data;
}

}  // namespace

std::vector<sdk::OperationDescription> describe_operations() {
  const sdk::OptionDescription message{"messageSid", sdk::OptionKind::kString, "", "SID of the message (SM…, MM…)", {}};
  const sdk::OptionDescription media{"mediaSid", sdk::OptionKind::kString, "", "SID of the file (ME…)", {}};
  return {{"media.list", "Lists the files of a message", {message}},
          {"media.download", "Reads one file of a message, as base64", {message, media}},
          {"message.cancel", "Cancels a scheduled message", {message}},
          {"message.redact", "Empties the text of a message at Twilio", {message}}};
}

sdk::Result<sdk::json::array> list_media(Api& api, const sdk::CallContext& context, const std::string& message_sid) {
  sdk::json::array found;
  auto list = api.get(context, message_path(message_sid) + "/Media.json", "GET Media", {{"PageSize", "50"}});
  for (int pages = 1;; ++pages) {
    if (!list.ok()) return std::move(list).error();
    const auto* files = sdk::find_member(*list, "media_list");
    if (files == nullptr || !files->is_array())
      return sdk::transient_error("twilio.unreadable", "Twilio answered with something that is not a list of media");
    found.insert(found.end(), files->get_array().begin(), files->get_array().end());
    const std::string next = sdk::string_at(*list, "next_page_uri");
    if (next.empty() || pages == kPagesMax) return found;
    list = api.get_uri(context, next, "GET Media");
  }
}

sdk::Result<sdk::json::value> run_operation(Api& api, const sdk::CallContext& context, const std::string& name,
                                            const sdk::json::object& arguments) {
  if (name == "media.list") {
    PATCHBAY_ASSIGN(const std::string message, sid_of(arguments, "messageSid"));
    PATCHBAY_ASSIGN(auto files, list_media(api, context, message));
    return sdk::json::value(std::move(files));
  }
  if (name == "media.download") return download(api, context, arguments);
  if (name == "message.cancel") return change(api, context, arguments, {{"Status", "canceled"}});
  if (name == "message.redact") return change(api, context, arguments, {{"Body", ""}});
  return sdk::permanent_error("twilio.unknown_operation", "Twilio has no operation '" + name + "' here");
}

}  // namespace patchbay::twilio
