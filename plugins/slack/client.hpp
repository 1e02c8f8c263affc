#pragma once

#include "history.hpp"
#include "operations.hpp"
#include "sender.hpp"

namespace patchbay::slack {

/// One workspace, as its bot sees it.
class SlackClient : public sdk::ServiceClient {
 public:
  SlackClient(const sdk::ConnectionSettings& settings, sdk::HostServices services);
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override;
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override;
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& external_id) override;
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override;
  sdk::Result<sdk::json::value> operate(const sdk::CallContext& context, const std::string& name,
                                        const sdk::json::object& arguments) override;
  sdk::Result<sdk::SentMessage> send_message(const sdk::CallContext& context,
                                             const sdk::OutgoingMessage& message) override;

 private:
  /// Who we are, asked once.
  sdk::Result<Self> self(const sdk::CallContext& context);
  sdk::Result<sdk::Page> list_all(const sdk::CallContext& context, const sdk::ListRequest& request);

  sdk::HostServices services_;
  Api api_;
  Directory directory_;
  History history_;
  Sender sender_;
  Operations operations_;
  std::optional<Self> self_;
};

}  // namespace patchbay::slack
