// Messages out, each once: Slack has no idempotency keys, so the key travels in the message's metadata and is looked
// for where it is not known whether a post took effect.
#pragma once

#include "directory.hpp"
#include "files.hpp"
#include "history.hpp"

namespace patchbay::slack {

inline constexpr const char* kMetadataType = "patchbay_message";

class Sender {
 public:
  Sender(Api& api, Directory& directory, History& history, sdk::HostServices services)
      : api_(api), directory_(directory), history_(history), files_(api), services_(services) {}
  sdk::Result<sdk::SentMessage> send(const sdk::CallContext& context, const sdk::OutgoingMessage& message,
                                     const Self& self);
  /// The first message of the thread that `ts` stands in: answers hang on that one only.
  sdk::Result<std::string> root_of(const sdk::CallContext& context, const std::string& channel, const std::string& ts);

 private:
  /// What is remembered of a key: where its message went, and its ts once that is known.
  struct Attempt {
    std::string key, channel, began_ts, ts;
    bool finished = false;  // files and all
  };
  sdk::Result<std::optional<Attempt>> find_attempt(const std::string& key);
  sdk::Result<void> remember(const Attempt& attempt);
  sdk::Result<sdk::json::value> post(const sdk::CallContext& context, const sdk::OutgoingMessage& message,
                                     Attempt& attempt, const std::string& thread_ts);
  sdk::Result<std::optional<sdk::json::value>> look_for(const sdk::CallContext& context, const Attempt& attempt,
                                                        const std::string& thread_ts);
  sdk::Result<void> share_files(const sdk::CallContext& context, const sdk::OutgoingMessage& message,
                                const Attempt& attempt, const std::string& thread_ts);

  Api& api_;
  Directory& directory_;
  History& history_;
  Files files_;
  sdk::HostServices services_;
};

}  // namespace patchbay::slack
