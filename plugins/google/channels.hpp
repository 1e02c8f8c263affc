// Push channels: Calendar and Drive call the hub, Gmail publishes to a Pub/Sub topic. Google lists no channels and
// renews none, so the connector keeps what it made and replaces it in time.
#pragma once

#include "calendar.hpp"
#include "drive.hpp"

namespace patchbay::google {

class Channels {
 public:
  Channels(Api& api, Calendar& calendar, Drive& drive, const sdk::ConnectionSettings& settings,
           sdk::HostServices services);

  sdk::Result<std::vector<sdk::Subscription>> list();
  /// One registration for each topic that is wanted (none named: all that the options allow); the first is returned.
  sdk::Result<sdk::Subscription> subscribe(const sdk::CallContext& context, const sdk::Subscription& wanted);
  /// A new channel, then the end of the old one: both may tell the same change for a moment.
  sdk::Result<sdk::Subscription> renew(const sdk::CallContext& context, const sdk::Subscription& subscription);
  sdk::Result<void> unsubscribe(const sdk::CallContext& context, const sdk::Subscription& subscription);

 private:
  std::vector<std::string> wanted_topics(const sdk::Subscription& wanted) const;
  sdk::Result<sdk::Subscription> watch(const sdk::CallContext& context, const std::string& topic,
                                       const std::string& address);
  sdk::Result<sdk::Subscription> watch_channel(const sdk::CallContext& context, const std::string& topic,
                                               const std::string& address);
  sdk::Result<sdk::Subscription> watch_mailbox(const sdk::CallContext& context, const std::string& address);
  sdk::Result<void> stop(const sdk::CallContext& context, const sdk::Subscription& subscription);
  sdk::Result<void> store(const std::vector<sdk::Subscription>& all);
  sdk::Result<void> remember(const sdk::Subscription& subscription);
  sdk::Result<void> forget(const std::string& id);

  Api& api_;
  Calendar& calendar_;
  Drive& drive_;
  sdk::HostServices services_;
  std::string token_;  // what Google repeats with every notification
  std::string pubsub_topic_;
  std::string calendar_id_;
  bool watch_drive_ = false;
  bool token_is_new_ = false;
};

}  // namespace patchbay::google
