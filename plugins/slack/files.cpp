#include "files.hpp"

namespace patchbay::slack {

sdk::Result<UploadedFile> Files::upload(const sdk::CallContext& context, const std::string& name,
                                        const std::string& title, const std::string& bytes) {
  if (name.empty()) return sdk::invalid_error("slack.file_without_name", "a file needs a name", "name");
  // Slack tells a length of 0 as a missing argument.
  if (bytes.empty()) return sdk::invalid_error("slack.empty_file", "Slack takes no empty file", "content");
  PATCHBAY_ASSIGN(const auto place, api_.call(context, "files.getUploadURLExternal",
                                              {{"filename", name}, {"length", std::to_string(bytes.size())}}));
  UploadedFile file{sdk::string_at(place, "file_id"), title.empty() ? name : title};
  const std::string url = sdk::string_at(place, "upload_url");
  if (file.id.empty() || url.empty())
    return sdk::transient_error("slack.unreadable", "Slack named no address for the upload");
  sdk::HttpRequest body;
  body.body = bytes;
  PATCHBAY_TRY(api_.upload(context, url, std::move(body)));
  return file;
}

sdk::Result<sdk::json::value> Files::share(const sdk::CallContext& context, const std::vector<UploadedFile>& files,
                                           const std::string& channel, const std::string& thread_ts,
                                           const std::string& comment) {
  sdk::json::array list;
  for (const UploadedFile& file : files) list.push_back(sdk::json::object{{"id", file.id}, {"title", file.title}});
  Arguments arguments{{"files", sdk::json::serialize(list)}, {"channel_id", channel}};
  if (!thread_ts.empty()) arguments.emplace_back("thread_ts", thread_ts);
  if (!comment.empty()) arguments.emplace_back("initial_comment", comment);
  return api_.call(context, "files.completeUploadExternal", arguments, false);
}

}  // namespace patchbay::slack
