// The rows behind sending (message_sends): what is to be sent, who refused it, whose try has an unknown end. Everything
// runs in the caller's transaction.
#pragma once

#include "hub/messaging/outgoing.hpp"
#include "platform/storage/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::messaging {

struct Send {
  std::string message_id;
  Outgoing request;
  std::map<std::string, std::string> refused;  // provider → why it does not take this message
  std::string provider;                        // whose try may have succeeded; empty: none
  std::optional<sdk::SystemTime> tried_at;     // when its first such try began
};

sdk::Result<void> insert_send(storage::Session& session, const std::string& message_id, const Outgoing& request);
/// nullopt: it is over, or was never to be sent.
sdk::Result<std::optional<Send>> load_send(storage::Session& session, const std::string& message_id);
/// Before anything leaves the house. The time of the first try stays.
sdk::Result<void> begin_try(storage::Session& session, const std::string& message_id, const std::string& provider);
/// The try certainly sent nothing.
sdk::Result<void> forget_try(storage::Session& session, const std::string& message_id);
sdk::Result<void> note_refusal(storage::Session& session, const std::string& message_id, const std::string& provider,
                               const std::string& why);
/// It is over. What was to be sent is not kept a second time.
sdk::Result<void> finish_send(storage::Session& session, const std::string& message_id);

/// Messages of a text to a recipient, other than this one, that a connection is known to have sent: their external ids.
sdk::Result<std::vector<std::string>> find_sent_alike(storage::Session& session, const std::string& connection_id,
                                                      const Send& send);

}  // namespace patchbay::messaging
