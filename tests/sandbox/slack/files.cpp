#include "platform/base/digest.hpp"
#include "tests/sandbox/slack/methods.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::slack {
namespace {

/// The content of the first part of a multipart body; the body itself where it is none.
std::string_view content_of(const http::Request& request) {
  const std::string_view body(request.body);
  const auto type = request.header("Content-Type").value_or("");
  const auto named = type.find("boundary=");
  if (!type.starts_with("multipart/") || named == std::string_view::npos) return body;
  auto boundary = std::string(type.substr(named + 9));
  std::erase(boundary, '"');
  const auto head = body.find("\r\n\r\n");
  const auto end = body.find("\r\n--" + boundary, head == std::string_view::npos ? 0 : head);
  if (head == std::string_view::npos || end == std::string_view::npos) return {};
  return body.substr(head + 4, end - head - 4);
}

json::object stored_file(Workspace& workspace, const json::object& upload, const std::string& title) {
  const auto id = sdk::string_at(upload, "id");
  return {{"id", id},
          {"created", workspace.now_seconds()},
          {"name", upload.at("filename")},
          {"title", title.empty() ? sdk::string_at(upload, "filename") : title},
          {"mimetype", "text/plain"},
          {"user", kBotUserId},
          {"size", upload.at("length")},
          {"_sha256", upload.at("sha256")},
          {"url_private_download", "https://files.slack.com/files-pri/" + std::string(kTeamId) + "-" + id},
          {"permalink", "https://sandbox.slack.com/files/" + id}};
}

}  // namespace

http::Response get_upload_url(MethodCall& call) {
  const auto filename = call.arguments.text("filename");
  const auto length = call.arguments.number("length", 0, 0, 1'000'000'000);
  if (filename.empty() || length == 0)
    return refusal("missing_argument", {{"arg", filename.empty() ? "filename" : "length"}});
  const auto id = call.workspace.context().new_id("F0", 9);
  call.workspace.put("uploads", id, call.workspace.now_seconds() * 1000,
                     {{"id", id}, {"filename", filename}, {"length", length}, {"sha256", nullptr}});
  return answer({{"upload_url", call.base + "/upload/v1/" + id}, {"file_id", id}});
}

http::Response take_bytes(Workspace& workspace, const std::string& upload_id, const http::Request& request) {
  const auto* upload = workspace.find("uploads", upload_id);
  if (upload == nullptr) return http::Response::text(404, "no such upload");
  const auto content = content_of(request);
  if (content.size() != upload->value.at("length").to_number<std::size_t>())
    return http::Response::text(400, "the length is another");
  auto taken = upload->value;
  taken["sha256"] = sdk::hex_encode(base::sha256(content));
  workspace.put("uploads", upload_id, workspace.now_seconds() * 1000, std::move(taken));
  return http::Response::text(200, "OK - " + std::to_string(content.size()));
}

http::Response complete_upload(MethodCall& call) {
  auto& workspace = call.workspace;
  const auto files = call.arguments.document("files");
  if (!files || !files->is_array() || files->get_array().empty()) return refusal("invalid_arguments");
  std::string error;
  const json::object* channel = nullptr;
  if (call.arguments.has("channel_id") || call.arguments.has("channels")) {
    channel = usable_channel(call, call.arguments.has("channel_id") ? "channel_id" : "channels", true, error);
    if (channel == nullptr) return refusal(error);
  }
  json::array shared;
  for (const auto& file : files->get_array()) {
    const auto id = sdk::string_at(file, "id");
    const auto* upload = workspace.find("uploads", id);
    // Without its bytes there is no file.
    if (upload == nullptr || !upload->value.at("sha256").is_string()) return refusal("file_not_found");
    auto stored = stored_file(workspace, upload->value, sdk::string_at(file, "title"));
    workspace.erase("uploads", id);
    shared.push_back(shown(workspace.put("files", id, workspace.now_seconds() * 1000, std::move(stored))));
  }
  if (channel != nullptr) {
    json::object message{{"user", kBotUserId},
                         {"bot_id", kBotId},
                         {"app_id", kAppId},
                         {"subtype", "file_share"},
                         {"text", call.arguments.text("initial_comment")},
                         {"files", shared}};
    if (const auto thread = call.arguments.text("thread_ts"); !thread.empty()) message["thread_ts"] = thread;
    workspace.post(sdk::string_at(*channel, "id"), std::move(message));
  }
  return answer({{"files", std::move(shared)}});
}

http::Response get_file(MethodCall& call) {
  const auto* file = call.workspace.find("files", call.arguments.text("file"));
  if (file == nullptr) return refusal("file_not_found");
  return answer({{"file", shown(file->value)}});
}

}  // namespace patchbay::sandbox::slack
