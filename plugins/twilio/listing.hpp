// Lists of messages. Twilio has no feed of changes and no "changed since": an incremental run reads what was sent since
// two days before the last run, and asks again for the messages whose last status it has not seen.
#pragma once

#include "records.hpp"

namespace patchbay::twilio {

/// Messages without their last status, kept in the connection's state: date filters do not find those that were never
/// sent, and a missed callback is not repeated.
class OpenMessages {
 public:
  explicit OpenMessages(sdk::StateStore& state, sdk::Clock& clock) : state_(state), clock_(clock) {}
  /// Takes up or drops a message, by its status.
  void note(const sdk::json::value& message);
  /// What has been noted becomes durable. A state that cannot be written is not worth a failed run: a later run sees
  /// it.
  void save(sdk::Logger& logger);
  /// Sids that are still open, oldest first.
  sdk::Result<std::vector<std::string>> load();
  void forget(const std::string& sid);

 private:
  sdk::StateStore& state_;
  sdk::Clock& clock_;
  std::vector<std::pair<std::string, std::string>> opened_;  // sid, since
  std::vector<std::string> closed_;
};

class Listing {
 public:
  Listing(Api& api, sdk::HostServices services)
      : api_(api), services_(services), open_(services.state, services.clock) {}
  sdk::Result<sdk::Page> page(const sdk::CallContext& context, const sdk::ListRequest& request);
  OpenMessages& open() { return open_; }

 private:
  sdk::Result<sdk::Page> list_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                   const sdk::json::object& cursor);
  sdk::Result<sdk::Page> open_page(const sdk::CallContext& context, const sdk::json::object& cursor);
  Api& api_;
  sdk::HostServices services_;
  OpenMessages open_;
};

}  // namespace patchbay::twilio
