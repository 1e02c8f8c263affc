// The two interfaces a connector implements: Plugin (one per library) and ServiceClient (one per connection).
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/host_services.hpp>
#include <patchbay/sdk/records.hpp>
#include <patchbay/sdk/result.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::sdk {

/// Settings of one connection, validated against the plugin's description before they arrive here.
struct ConnectionSettings {
  std::string connection_id;
  std::string account_id;                          ///< Empty until authenticate() has told it.
  std::map<std::string, std::string> options;      ///< Every declared option, defaults filled in.
  std::map<std::string, std::string> credentials;  ///< Clear text, in memory only. OAuth tokens come from TokenSource.

  std::string option(const std::string& name) const;
  std::string credential(const std::string& name) const;
};

/// One connection to a service. One instance is called by one thread at a time; the host makes as many instances as it needs.
/// Every operation returns its errors; an exception that escapes is caught at the boundary and is kPermanent "plugin.threw".
class ServiceClient {
 public:
  virtual ~ServiceClient() = default;

  /// Checks the credentials and says whose account they open.
  virtual Result<AccountIdentity> authenticate(const CallContext& context) = 0;
  /// Only for token kinds that the host does not run itself; the default is kPermanent "sdk.unsupported".
  virtual Result<TokenGrant> refresh_token(const CallContext& context, const std::string& refresh_token);
  /// One page. A page is complete or an error; a bad record is a RecordProblem in the page.
  virtual Result<Page> list(const CallContext& context, const ListRequest& request) = 0;
  /// One record; kNotFound when the service does not know it. A record that the service knows to be deleted has `deleted`.
  virtual Result<Record> get(const CallContext& context, const std::string& resource, const std::string& external_id) = 0;
  /// Creates; the same idempotency key never creates twice (where the service has no keys, by looking first).
  virtual Result<Record> create(const CallContext& context, const WriteRequest& request);
  /// Changes; kConflict when the service holds another version than `known_version`.
  virtual Result<Record> update(const CallContext& context, const WriteRequest& request);
  /// Deletes or archives; success when it is already gone.
  virtual Result<void> remove(const CallContext& context, const std::string& resource, const std::string& external_id);
  /// A cheap call that proves the connection works.
  virtual Result<Health> health_check(const CallContext& context) = 0;
  /// Runs a declared operation.
  virtual Result<json::value> operate(const CallContext& context, const std::string& name, const json::object& arguments);
  /// Sends a message on one of the described channels. kInvalid when the service refuses the address.
  virtual Result<SentMessage> send_message(const CallContext& context, const OutgoingMessage& message);

  // Registrations for webhooks, where SubscriptionDescription::supported. The host keeps them as they should be.
  /// The account's registrations that this connection's credentials can see, other programs' among them.
  virtual Result<std::vector<Subscription>> list_subscriptions(const CallContext& context);
  /// Registers; `wanted` has url and topics. One call may make several where the service wants one for each subject: the
  /// first is returned, list_subscriptions tells the others.
  virtual Result<Subscription> subscribe(const CallContext& context, const Subscription& wanted);
  /// Makes its life longer; may return another id (some services replace instead of renewing).
  virtual Result<Subscription> renew_subscription(const CallContext& context, const Subscription& subscription);
  /// Success when it is already gone.
  virtual Result<void> unsubscribe(const CallContext& context, const Subscription& subscription);
};

/// A connector. One instance per loaded library, made once, never unloaded. All methods are const and thread-safe.
class Plugin {
 public:
  virtual ~Plugin() = default;

  virtual Description describe() const = 0;
  /// A client for one connection. `services` outlive it. No network here: connecting happens in the first call.
  virtual Result<std::unique_ptr<ServiceClient>> connect(const ConnectionSettings& settings, HostServices services) const = 0;
  /// Only where SignatureDescription::Algorithm::kCustom is declared. kAuth when the signature is bad or stale.
  virtual Result<void> verify_webhook(const WebhookRequest& request, const ConnectionSettings& settings) const;
  /// Events of a webhook whose signature has been verified. kInvalid when the body makes no sense.
  virtual Result<std::vector<WebhookEvent>> parse_webhook(const WebhookRequest& request) const;
  /// The answer to a verified request whose events are stored; `reply` when one of them was a command. Asked for commands, and
  /// with WebhookDescription::own_answer for every request. The default is 200 {"received":true}.
  virtual Result<WebhookAnswer> answer_webhook(const WebhookRequest& request, const std::optional<CommandReply>& reply) const;
  /// Only with WebhookDescription::unsigned_handshake: the answer to a service that asks whether somebody is there, before any
  /// signature. nullopt: it is no handshake. Must do nothing but echo what was asked.
  virtual Result<std::optional<WebhookAnswer>> answer_handshake(const WebhookRequest& request) const;
};

}  // namespace patchbay::sdk
