// Commands that people give the hub from where they talk: "/patchbay jobs today", "@patchbay client Ada". Answered with
// what the hub's user with the same e-mail address may see.
#pragma once

#include "business/commands/asker.hpp"
#include "business/commands/lookup.hpp"
#include "hub/auth/user_store.hpp"

namespace patchbay::commands {

/// Thread-safe. What it borrows outlives it.
class Commands {
 public:
  Commands(AskerDirectory& askers, const auth::UserStore& users, Lookup lookup, const sdk::Clock& clock)
      : askers_(askers), users_(users), lookup_(std::move(lookup)), clock_(clock) {}
  /// Refusals are replies; an error is what kept the hub from answering.
  sdk::Result<sdk::CommandReply> run(const sdk::CallContext& context, const std::string& connection_id,
                                     const sdk::WebhookCommand& command) const;

 private:
  AskerDirectory& askers_;
  const auth::UserStore& users_;
  const Lookup lookup_;
  const sdk::Clock& clock_;
};

}  // namespace patchbay::commands
