// The methods of the Web API, each a function of the workspace and its arguments.
#pragma once

#include "tests/sandbox/slack/arguments.hpp"
#include "tests/sandbox/slack/workspace.hpp"

namespace patchbay::sandbox::slack {

struct MethodCall {
  Workspace& workspace;
  Arguments arguments;
  std::string base;  // of this sandbox, for addresses it gives out
  bool one_page_of_15 = false;
};

struct Method {
  std::string_view name;
  http::Response (*run)(MethodCall& call);
  std::size_t per_minute = 0;  // 0: another limit
  std::string_view scope;
  bool takes_json = false;
};

class Methods {
 public:
  const Method* find(std::string_view name) const;
};

// By subject.
http::Response post_message(MethodCall& call);
http::Response update_message(MethodCall& call);
http::Response delete_message(MethodCall& call);
http::Response add_reaction(MethodCall& call);
http::Response remove_reaction(MethodCall& call);
http::Response get_reactions(MethodCall& call);

http::Response list_conversations(MethodCall& call);
http::Response get_conversation(MethodCall& call);
http::Response open_conversation(MethodCall& call);
http::Response join_conversation(MethodCall& call);

http::Response read_history(MethodCall& call);
http::Response read_replies(MethodCall& call);

http::Response list_users(MethodCall& call);
http::Response get_user(MethodCall& call);
http::Response look_up_user(MethodCall& call);
http::Response test_auth(MethodCall& call);

http::Response get_upload_url(MethodCall& call);
http::Response complete_upload(MethodCall& call);
http::Response get_file(MethodCall& call);
/// Step two of an upload: the bytes; plain text, no `ok`.
http::Response take_bytes(Workspace& workspace, const std::string& upload_id, const http::Request& request);

/// The channel of an argument, or why the bot may not use it.
const json::object* usable_channel(MethodCall& call, std::string_view name, bool to_read, std::string& error);

}  // namespace patchbay::sandbox::slack
