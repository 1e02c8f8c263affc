// Upload in three steps: ask for an address, send the bytes there, share the file.
#pragma once

#include "api.hpp"

#include <vector>

namespace patchbay::slack {

struct UploadedFile {
  std::string id, title;
};

class Files {
 public:
  explicit Files(Api& api) : api_(api) {}
  /// Steps one and two. Without share() Slack forgets the bytes.
  sdk::Result<UploadedFile> upload(const sdk::CallContext& context, const std::string& name, const std::string& title,
                                   const std::string& bytes);
  /// Step three, for all files at once. `thread_ts` of the thread's first message, or empty.
  sdk::Result<sdk::json::value> share(const sdk::CallContext& context, const std::vector<UploadedFile>& files,
                                      const std::string& channel, const std::string& thread_ts,
                                      const std::string& comment);

 private:
  Api& api_;
};

}  // namespace patchbay::slack
