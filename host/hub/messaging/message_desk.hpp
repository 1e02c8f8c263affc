// Messages on their way out: the row that people see, what is to be sent and the work that sends it are one
// transaction.
#pragma once

#include "engine/queue/work.hpp"
#include "engine/resources/writer.hpp"
#include "hub/messaging/outgoing.hpp"

#include <string>
#include <vector>

namespace patchbay::messaging {

/// Thread-safe. What it borrows outlives it.
class MessageDesk {
 public:
  struct Added {
    resources::WriteOutcome message;
    std::vector<std::int64_t> work_ids;
  };

  MessageDesk(const resources::Registry& registry, const resources::Writer& writer, queue::WorkQueue& queue,
              std::string phone_region)
      : registry_(registry), writer_(writer), queue_(queue), phone_region_(std::move(phone_region)) {}

  /// In the caller's transaction. Without an address it goes to its client's own; without a client it belongs to the
  /// one that has the address. What a person has to correct goes to `field_errors`. An order with a `dedupe_key` that
  /// is known is kConflict "messages.known"; empty: none.
  sdk::Result<Added> add(storage::Session& session, const resources::Actor& actor, Outgoing outgoing,
                         const std::string& dedupe_key, std::vector<sdk::Error>& field_errors) const;
  /// After the commit.
  void announce(const std::vector<std::int64_t>& work_ids) const;

 private:
  sdk::Result<void> add_client_address(storage::Session& session, const resources::Actor& actor, Outgoing& outgoing,
                                       std::vector<sdk::Error>& errors) const;
  sdk::Result<std::string> find_client(storage::Session& session, const Outgoing& outgoing) const;
  sdk::Result<resources::WriteOutcome> write_row(storage::Session& session, const resources::Actor& actor,
                                                 const Outgoing& outgoing, std::vector<sdk::Error>& errors) const;

  const resources::Registry& registry_;
  const resources::Writer& writer_;
  queue::WorkQueue& queue_;
  const std::string phone_region_;
};

}  // namespace patchbay::messaging
