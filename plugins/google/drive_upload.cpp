// Uploads. A session's address is a secret of its own: whoever has it may write the file, so it never leaves this call.
#include "drive.hpp"

#include <charconv>

namespace patchbay::google {
namespace {

constexpr std::size_t kMultipartMax = 5 * 1024 * 1024;
constexpr std::size_t kChunk = 32 * 262'144;  // chunks are multiples of 256 KiB
constexpr int kTroublesMax = 6;
constexpr int kSessionsMax = 2;
constexpr double kEditCost = 50;
constexpr const char* kAnswerFields = "id,name,mimeType,size,md5Checksum,parents,webViewLink,version";

sdk::json::object metadata_of(const Upload& upload, const std::string& new_id) {
  sdk::json::object metadata;
  if (!upload.name.empty()) metadata["name"] = upload.name;
  if (!upload.mime_type.empty()) metadata["mimeType"] = upload.mime_type;
  if (!new_id.empty()) metadata["id"] = new_id;
  if (!upload.folder_id.empty() && upload.file_id.empty()) metadata["parents"] = sdk::json::array{upload.folder_id};
  return metadata;
}

Call upload_call(const Upload& upload, const char* kind) {
  Call call;
  call.root = Root::kDriveUpload;
  call.method = upload.file_id.empty() ? "POST" : "PATCH";
  call.path = upload.file_id.empty() ? "/files" : "/files/" + sdk::url_encode(upload.file_id);
  call.query = {{"uploadType", kind}, {"supportsAllDrives", "true"}, {"fields", kAnswerFields}};
  call.cost = kEditCost;
  return call;
}

std::string boundary_for(const std::string& content) {
  for (int number = 0;; ++number) {
    std::string boundary = "patchbay_" + std::to_string(number);
    if (content.find("--" + boundary) == std::string::npos) return boundary;
  }
}

/// How many bytes are stored, by "Range: bytes=0-N"; without the header none are.
std::size_t stored_bytes(const sdk::HttpResponse& response) {
  const auto header = sdk::find_header(response.headers, "Range");
  if (!header) return 0;
  const std::string_view range = *header;
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return 0;
  std::size_t last = 0;
  const auto [end, failure] = std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
  return failure == std::errc() && end != range.data() + dash + 1 ? last + 1 : 0;
}

bool may_go_on(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kTransient;
}

}  // namespace

/// An upload under way.
struct Drive::Session {
  std::string url;
  std::size_t offset = 0;
  std::optional<sdk::json::value> file;  // when it is done
};

sdk::Result<std::string> Drive::new_file_id(const sdk::CallContext& context) {
  Call call;
  call.root = Root::kDrive;
  call.path = "/files/generateIds";
  call.query = {{"count", "1"}};
  call.cost = 5;
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return sdk::string_at(answer, "ids[0]");
}

sdk::Result<sdk::json::value> Drive::upload(const sdk::CallContext& context, const Upload& upload) {
  std::string new_id;
  if (upload.file_id.empty()) {
    PATCHBAY_ASSIGN(new_id, new_file_id(context));
  }
  auto done = upload.content.size() <= kMultipartMax ? upload_whole(context, upload, new_id)
                                                     : upload_resumable(context, upload, new_id);
  // The id was made for this upload: who has it already is the one whose answer was lost.
  if (!done.ok() && done.error().error_class == sdk::ErrorClass::kConflict && !new_id.empty()) {
    PATCHBAY_ASSIGN(auto record, get(context, new_id));
    return std::move(record.data);
  }
  return done;
}

sdk::Result<sdk::json::value> Drive::upload_whole(const sdk::CallContext& context, const Upload& upload,
                                                  const std::string& new_id) {
  const std::string boundary = boundary_for(upload.content);
  Call call = upload_call(upload, "multipart");
  call.content_type = "multipart/related; boundary=" + boundary;
  call.body = "--" + boundary + "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" +
              body_text(metadata_of(upload, new_id)) + "\r\n--" + boundary +
              "\r\nContent-Type: " + (upload.mime_type.empty() ? "application/octet-stream" : upload.mime_type) +
              "\r\n\r\n" + upload.content + "\r\n--" + boundary + "--\r\n";
  call.retry_safe = !new_id.empty();
  return api_.json(context, std::move(call));
}

sdk::Result<Drive::Session> Drive::open_session(const sdk::CallContext& context, const Upload& upload,
                                                const std::string& new_id) {
  Call call = upload_call(upload, "resumable");
  call.body = body_text(metadata_of(upload, new_id));
  call.headers = {{"X-Upload-Content-Type", upload.mime_type.empty() ? "application/octet-stream" : upload.mime_type},
                  {"X-Upload-Content-Length", std::to_string(upload.content.size())}};
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, api_.send(context, call));
  Session session;
  session.url = sdk::find_header(response.headers, "Location").value_or("");
  // The token goes with every chunk: to nowhere but where the session was asked for.
  if (!api_.is_own_address(Root::kDriveUpload, session.url))
    return sdk::permanent_error("google.session", "Drive gave an upload address that is not its own");
  return session;
}

sdk::Result<void> Drive::put_chunk(const sdk::CallContext& context, const Upload& upload, Session& session,
                                   bool probe) {
  const std::string total = std::to_string(upload.content.size());
  Call call;
  call.root = Root::kDriveUpload;
  call.method = "PUT";
  call.url = session.url;
  call.cost = kEditCost;
  if (probe) {
    call.headers = {{"Content-Range", "bytes */" + total}};
  } else {
    call.body = upload.content.substr(session.offset, kChunk);
    call.content_type = upload.mime_type.empty() ? "application/octet-stream" : upload.mime_type;
    call.headers = {{"Content-Range", "bytes " + std::to_string(session.offset) + "-" +
                                          std::to_string(session.offset + call.body.size() - 1) + "/" + total}};
  }
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, api_.send(context, call));
  if (response.status == 308) {
    session.offset = std::min(stored_bytes(response), upload.content.size());
    return {};
  }
  auto file = sdk::parse_json(response.body, {1024 * 1024, 16});
  if (!file.ok()) return sdk::transient_error("google.unreadable", "Drive answered with something that is not JSON");
  session.file = std::move(*file);
  return {};
}

sdk::Result<sdk::json::value> Drive::upload_resumable(const sdk::CallContext& context, const Upload& upload,
                                                      const std::string& new_id) {
  int troubles = 0;
  for (int opened = 0;;) {
    PATCHBAY_ASSIGN(Session session, open_session(context, upload, new_id));
    ++opened;
    bool probe = false;
    while (!session.file) {
      PATCHBAY_TRY(context.check());
      const std::size_t before = session.offset;
      const auto sent = put_chunk(context, upload, session, probe);
      if (sent.ok()) {
        const bool moved = session.offset > before;
        if (!moved && !probe && !session.file && ++troubles > kTroublesMax)
          return sdk::transient_error("google.upload_stuck", "Drive does not take the file's next bytes");
        probe = false;
        continue;
      }
      // How much arrived before the trouble is for Drive to say.
      if (may_go_on(sent.error()) && ++troubles <= kTroublesMax) {
        probe = true;
        continue;
      }
      // A session that Drive no longer takes is begun anew.
      const bool lost = sent.error().error_class == sdk::ErrorClass::kNotFound ||
                        sent.error().error_class == sdk::ErrorClass::kInvalid || sent.error().code == "google.deleted";
      if (lost && opened < kSessionsMax) break;
      return sent.error();
    }
    if (session.file) return std::move(*session.file);
  }
}

}  // namespace patchbay::google
