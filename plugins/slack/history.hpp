// Messages of every channel the app is in, channel after channel. A run's pages walk each channel's history newest
// first and the threads that hang on it.
#pragma once

#include "directory.hpp"
#include "message.hpp"

#include <map>
#include <optional>
#include <utility>

namespace patchbay::slack {

class History {
 public:
  /// `reread`: how far behind the last run an incremental one begins, since edits and deletions do not come again.
  History(Api& api, Directory& directory, sdk::HostServices services, std::chrono::hours reread)
      : api_(api), directory_(directory), services_(services), reread_(reread) {}

  sdk::Result<sdk::Page> page(const sdk::CallContext& context, const sdk::ListRequest& request, const Self& self);
  /// One message, wherever it stands in a thread. kNotFound when Slack shows it no more.
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& external_id, const Self& self);
  /// The messages of one answer (history or replies).
  sdk::Result<sdk::json::value> read(const sdk::CallContext& context, const std::string& method, Arguments arguments,
                                     const std::string& cursor, std::uint32_t limit);

 private:
  struct Position;
  struct Walk;
  sdk::Result<void> read_history(Walk& walk);
  sdk::Result<void> read_thread(Walk& walk);
  sdk::Result<Position> open(const sdk::CallContext& context, const sdk::ListRequest& request);
  std::string since_of(const sdk::ListRequest& request, const std::string& channel) const;
  void collect(Walk& walk, sdk::json::value& answer);
  /// What Slack said of a channel a moment ago, so that a thousand messages of it are not asked for one by one.
  std::optional<sdk::Error> find_refusal(const std::string& channel) const;

  Api& api_;
  Directory& directory_;
  sdk::HostServices services_;
  std::chrono::hours reread_;
  std::map<std::string, std::pair<sdk::Error, sdk::SystemTime>> refusals_;  // by channel, and until when
};

}  // namespace patchbay::slack
