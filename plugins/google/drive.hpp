// Files: lists, changes, uploads in one piece or in many, sharing.
#pragma once

#include "api.hpp"

namespace patchbay::google {

inline constexpr const char* kFiles = "files";

/// What is to be uploaded; `file_id` replaces the content of a file that is there.
struct Upload {
  std::string name, mime_type, folder_id, file_id, content;
};

class Drive {
 public:
  Drive(Api& api, sdk::HostServices services) : api_(api), services_(services) {}

  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request);
  /// A file in the bin counts as deleted.
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& id);
  /// Small ones by multipart, others by a resumable session that goes on where it was cut.
  sdk::Result<sdk::json::value> upload(const sdk::CallContext& context, const Upload& upload);
  sdk::Result<sdk::json::value> download(const sdk::CallContext& context, const std::string& id);
  sdk::Result<sdk::json::value> share(const sdk::CallContext& context, const sdk::json::object& arguments);
  sdk::Result<sdk::json::value> find_files(const sdk::CallContext& context, const sdk::json::object& arguments);
  sdk::Result<std::string> start_page_token(const sdk::CallContext& context);

 private:
  struct Cursor;
  struct Session;
  sdk::Result<sdk::Page> full_page(const sdk::CallContext& context, const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<sdk::Page> changes_page(const sdk::CallContext& context, const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<std::string> new_file_id(const sdk::CallContext& context);
  sdk::Result<sdk::json::value> upload_whole(const sdk::CallContext& context, const Upload& upload,
                                             const std::string& new_id);
  sdk::Result<sdk::json::value> upload_resumable(const sdk::CallContext& context, const Upload& upload,
                                                 const std::string& new_id);
  sdk::Result<Session> open_session(const sdk::CallContext& context, const Upload& upload, const std::string& new_id);
  /// One chunk, or the question how far it is; moves `session` on.
  sdk::Result<void> put_chunk(const sdk::CallContext& context, const Upload& upload, Session& session, bool probe);

  Api& api_;
  sdk::HostServices services_;
};

sdk::Record make_file_record(sdk::json::value file);

}  // namespace patchbay::google
