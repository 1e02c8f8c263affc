// The workspace's channels, read once for each client: names become ids, and the list of what can be read.
#pragma once

#include "api.hpp"

#include <map>
#include <optional>
#include <vector>

namespace patchbay::slack {

struct Channel {
  std::string id, name;
  bool readable = false;  // the app is in it
};

/// Used by one thread at a time.
class Directory {
 public:
  explicit Directory(Api& api) : api_(api) {}
  /// Ids that may be read, sorted; asked for anew by `refresh`.
  sdk::Result<std::vector<std::string>> readable_channels(const sdk::CallContext& context, bool refresh);
  /// The conversation of an address: a conversation's id as it is, "#name" or "name" by the list, a person's id or
  /// e-mail address by the direct conversation with him. kInvalid "to" when there is no such place.
  sdk::Result<std::string> get_conversation(const sdk::CallContext& context, const std::string& address);

 private:
  sdk::Result<void> load(const sdk::CallContext& context);
  sdk::Result<std::string> get_direct_conversation(const sdk::CallContext& context, const std::string& address);
  sdk::Result<std::string> get_channel(const sdk::CallContext& context, const std::string& name);
  const Channel* find(const std::string& name) const;
  Api& api_;
  std::optional<std::vector<Channel>> channels_;      // sorted by id
  std::map<std::string, std::string> conversations_;  // by a person's address
};

}  // namespace patchbay::slack
