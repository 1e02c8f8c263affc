// What commands look up: jobs, clients and invoices, as the API would list them for the same user.
#pragma once

#include "engine/resources/reader.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/records.hpp>

#include <chrono>
#include <string>

namespace patchbay::commands {

/// Thread-safe. What it borrows outlives it.
class Lookup {
 public:
  Lookup(storage::Database& database, const resources::Registry& registry, const resources::Reader& reader,
         std::string phone_region)
      : database_(database), registry_(registry), reader_(reader), phone_region_(std::move(phone_region)) {}

  /// Jobs that begin on the day that it now is at `utc_offset`.
  sdk::Result<sdk::CommandReply> jobs_today(const policy::Principal& principal, sdk::SystemTime now,
                                            std::chrono::seconds utc_offset) const;
  sdk::Result<sdk::CommandReply> clients(const policy::Principal& principal, const std::string& name) const;
  sdk::Result<sdk::CommandReply> invoices(const policy::Principal& principal, const std::string& number) const;

 private:
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  sdk::Result<sdk::json::array> list(const policy::Principal& principal, const std::string& kind,
                                     const Parameters& parameters) const;
  /// Names of the clients of these rows, by id.
  sdk::Result<std::map<std::string, std::string>> client_names(const sdk::json::array& rows) const;

  storage::Database& database_;
  const resources::Registry& registry_;
  const resources::Reader& reader_;
  const std::string phone_region_;
};

}  // namespace patchbay::commands
