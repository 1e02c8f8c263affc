// Who gives a command, as the service that it came through knows him.
#pragma once

#include "hub/connections/connection_store.hpp"

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/host_services.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace patchbay::commands {

struct Asker {
  std::string email;                   // empty: the service does not tell
  std::chrono::seconds utc_offset{0};  // of the clock on his wall
};

class AskerDirectory {
 public:
  virtual ~AskerDirectory() = default;
  virtual sdk::Result<Asker> find(const sdk::CallContext& context, const std::string& connection_id,
                                  const std::string& user_id) = 0;
};

/// Asks the connector for the record of its resource "users" (`profile.email` or `email`, `tz_offset`) and remembers
/// the answer for ten minutes. Thread-safe.
class ServiceAskers : public AskerDirectory {
 public:
  ServiceAskers(const connections::ConnectionStore& connections, connections::ClientFactory& clients,
                const sdk::Clock& clock)
      : connections_(connections), clients_(clients), clock_(clock) {}
  sdk::Result<Asker> find(const sdk::CallContext& context, const std::string& connection_id,
                          const std::string& user_id) override;

 private:
  struct Known {
    Asker asker;
    sdk::SystemTime until;
  };
  sdk::Result<Asker> ask(const sdk::CallContext& context, const std::string& connection_id, const std::string& user_id);

  const connections::ConnectionStore& connections_;
  connections::ClientFactory& clients_;
  const sdk::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // by connection and user
};

}  // namespace patchbay::commands
