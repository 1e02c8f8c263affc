// What only Slack has, by POST /connections/{id}/operations/{name}.
#pragma once

#include "sender.hpp"

namespace patchbay::slack {

class Operations {
 public:
  Operations(Api& api, Directory& directory, History& history, Sender& sender)
      : api_(api), directory_(directory), history_(history), sender_(sender), files_(api) {}
  static std::vector<sdk::OperationDescription> describe();
  static bool knows(std::string_view name);
  sdk::Result<sdk::json::value> run(const sdk::CallContext& context, const std::string& name,
                                    const sdk::json::object& arguments, const Self& self);

 private:
  sdk::Result<sdk::json::value> messages(const sdk::CallContext& context, const std::string& channel,
                                         const sdk::json::object& arguments, const std::string& thread,
                                         const Self& self);
  sdk::Result<sdk::json::value> upload(const sdk::CallContext& context, const std::string& channel,
                                       const sdk::json::object& arguments);
  sdk::Result<sdk::json::value> react(const sdk::CallContext& context, const std::string& channel,
                                      const sdk::json::object& arguments, bool add);
  sdk::Result<sdk::json::value> change(const sdk::CallContext& context, const std::string& channel,
                                       const sdk::json::object& arguments, bool remove);

  Api& api_;
  Directory& directory_;
  History& history_;
  Sender& sender_;
  Files files_;
};

}  // namespace patchbay::slack
