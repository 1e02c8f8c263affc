#include "operations.hpp"

namespace patchbay::google {
namespace {

using sdk::OptionKind;

sdk::OptionDescription text(const char* name, const char* help) {
  return {name, OptionKind::kString, "", help, {}};
}

sdk::Result<std::string> needed(const sdk::json::object& arguments, const char* name) {
  std::string value = sdk::string_at(arguments, name);
  if (value.empty()) return sdk::invalid_error("google.argument", "'" + std::string(name) + "' is needed", name);
  return value;
}

}  // namespace

std::vector<sdk::OperationDescription> describe_operations() {
  const auto message = text("messageId", "Id of a message");
  const auto page = text("pageToken", "nextPageToken of the answer before");
  return {
      {"list_events",
       "Events between two times, recurring ones as single events, in order",
       {text("timeMin", "What ends before is left out (RFC 3339)"), text("timeMax", "What begins after is left out"),
        text("query", "Words to look for"), text("calendarId", "Another calendar than the connection's"), page}},
      {"list_calendars", "The calendars that the account sees", {}},
      {"find_messages",
       "Ids of messages by Gmail's search",
       {text("query", "As in Gmail's search field"), text("label", "Id of a label"), page}},
      {"get_attachment", "An attachment's content as base64", {message, text("partId", "Number of the part")}},
      {"list_labels", "Labels of the mailbox", {}},
      {"add_label",
       "Puts a label on a message; makes the label where there is none",
       {message, text("label", "Id or name")}},
      {"remove_label", "Takes a label off a message", {message, text("label", "Id or name")}},
      {"mark_read", "Takes the label UNREAD off", {message}},
      {"archive", "Takes a message out of the inbox", {message}},
      {"find_files",
       "Files of a folder or by Drive's search",
       {text("folderId", "Files in this folder"), text("query", "Drive's query language"), page}},
      {"upload_file",
       "Makes a file, or gives one a new content",
       {text("name", "Its name"), text("content", "Its bytes as base64"), text("mimeType", "Its type"),
        text("folderId", "Folder for a new file"), text("fileId", "The file whose content is replaced")}},
      {"download_file", "The first 10 MiB of a file as base64; Google's own documents as PDF", {text("fileId", "Id")}},
      {"share_file",
       "Gives somebody access to a file",
       {text("fileId", "Id"),
        text("email", "Whom, with type user or group"),
        {"role", OptionKind::kEnum, "reader", "What is allowed", {"reader", "commenter", "writer"}},
        {"type", OptionKind::kEnum, "user", "To whom", {"user", "group", "domain", "anyone"}},
        text("domain", "With type domain"),
        {"notify", OptionKind::kBoolean, "false", "Whether Google writes an e-mail about it", {}}}},
      {"validate_scopes", "Which permissions were granted and which are missing", {}}};
}

sdk::Result<sdk::json::value> Operations::change_labels(const sdk::CallContext& context, const std::string& name,
                                                        const sdk::json::object& arguments) {
  PATCHBAY_ASSIGN(const std::string id, needed(arguments, "messageId"));
  if (name == "mark_read") return gmail_.change_labels(context, id, {}, {"UNREAD"});
  if (name == "archive") return gmail_.change_labels(context, id, {}, {"INBOX"});
  PATCHBAY_ASSIGN(const std::string label, needed(arguments, "label"));
  if (name == "add_label") return gmail_.change_labels(context, id, {label}, {});
  return gmail_.change_labels(context, id, {}, {label});
}

sdk::Result<sdk::json::value> Operations::upload(const sdk::CallContext& context, const sdk::json::object& arguments) {
  Upload upload;
  upload.name = sdk::string_at(arguments, "name");
  upload.mime_type = sdk::string_at(arguments, "mimeType");
  upload.folder_id = sdk::string_at(arguments, "folderId");
  upload.file_id = sdk::string_at(arguments, "fileId");
  if (upload.name.empty() && upload.file_id.empty())
    return sdk::invalid_error("google.argument", "'name' is needed", "name");
  if (upload.mime_type.find_first_of("\r\n") != std::string::npos)
    return sdk::invalid_error("google.argument", "'mimeType' is no type", "mimeType");
  auto content = sdk::base64_decode(sdk::string_at(arguments, "content"));
  if (!content.ok()) return sdk::invalid_error("google.argument", "'content' is not base64", "content");
  upload.content = std::move(*content);
  return drive_.upload(context, upload);
}

sdk::Result<sdk::json::value> Operations::run(const sdk::CallContext& context, const std::string& name,
                                              const sdk::json::object& arguments) {
  if (name == "list_events") return calendar_.list_window(context, arguments);
  if (name == "list_calendars") return calendar_.list_calendars(context);
  if (name == "find_messages") return gmail_.find_messages(context, arguments);
  if (name == "list_labels") return gmail_.list_labels(context);
  if (name == "add_label" || name == "remove_label" || name == "mark_read" || name == "archive")
    return change_labels(context, name, arguments);
  if (name == "get_attachment") {
    PATCHBAY_ASSIGN(const std::string id, needed(arguments, "messageId"));
    PATCHBAY_ASSIGN(const std::string part, needed(arguments, "partId"));
    return gmail_.get_attachment(context, id, part);
  }
  if (name == "find_files") return drive_.find_files(context, arguments);
  if (name == "upload_file") return upload(context, arguments);
  if (name == "share_file") return drive_.share(context, arguments);
  if (name == "download_file") {
    PATCHBAY_ASSIGN(const std::string id, needed(arguments, "fileId"));
    return drive_.download(context, id);
  }
  return sdk::permanent_error("google.unknown_operation", "Google has no operation '" + name + "' here");
}

}  // namespace patchbay::google
