#include "engine/plugins/guarded_plugin.hpp"

namespace patchbay::plugins {
namespace {

sdk::Error threw(const char* call, const char* text) {
  return sdk::permanent_error("plugin.threw", std::string("the connector threw an exception in ") + call + ": " + text);
}

/// Calls `body`; an exception becomes an error of the same result type.
template <typename Body>
auto guarded(const char* call, const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& thrown) {
    return threw(call, thrown.what());
  } catch (...) {
    return threw(call, "of an unknown type");
  }
}

class GuardedClient : public sdk::ServiceClient {
 public:
  explicit GuardedClient(std::unique_ptr<sdk::ServiceClient> client) : client_(std::move(client)) {}

  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override {
    return guarded("authenticate", [&] { return client_->authenticate(context); });
  }
  sdk::Result<sdk::TokenGrant> refresh_token(const sdk::CallContext& context, const std::string& token) override {
    return guarded("refresh_token", [&] { return client_->refresh_token(context, token); });
  }
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override {
    return guarded("list", [&] { return client_->list(context, request); });
  }
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& id) override {
    return guarded("get", [&] { return client_->get(context, resource, id); });
  }
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request) override {
    return guarded("create", [&] { return client_->create(context, request); });
  }
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request) override {
    return guarded("update", [&] { return client_->update(context, request); });
  }
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& resource,
                           const std::string& id) override {
    return guarded("remove", [&] { return client_->remove(context, resource, id); });
  }
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override {
    return guarded("health_check", [&] { return client_->health_check(context); });
  }
  sdk::Result<sdk::json::value> operate(const sdk::CallContext& context, const std::string& name,
                                        const sdk::json::object& arguments) override {
    return guarded("operate", [&] { return client_->operate(context, name, arguments); });
  }
  sdk::Result<sdk::SentMessage> send_message(const sdk::CallContext& context,
                                             const sdk::OutgoingMessage& message) override {
    return guarded("send_message", [&] { return client_->send_message(context, message); });
  }
  sdk::Result<std::vector<sdk::Subscription>> list_subscriptions(const sdk::CallContext& context) override {
    return guarded("list_subscriptions", [&] { return client_->list_subscriptions(context); });
  }
  sdk::Result<sdk::Subscription> subscribe(const sdk::CallContext& context, const sdk::Subscription& wanted) override {
    return guarded("subscribe", [&] { return client_->subscribe(context, wanted); });
  }
  sdk::Result<sdk::Subscription> renew_subscription(const sdk::CallContext& context,
                                                    const sdk::Subscription& subscription) override {
    return guarded("renew_subscription", [&] { return client_->renew_subscription(context, subscription); });
  }
  sdk::Result<void> unsubscribe(const sdk::CallContext& context, const sdk::Subscription& subscription) override {
    return guarded("unsubscribe", [&] { return client_->unsubscribe(context, subscription); });
  }

 private:
  std::unique_ptr<sdk::ServiceClient> client_;
};

class GuardedPlugin : public sdk::Plugin {
 public:
  explicit GuardedPlugin(std::shared_ptr<const sdk::Plugin> plugin) : plugin_(std::move(plugin)) {}

  sdk::Description describe() const override { return plugin_->describe(); }
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    auto connected = guarded("connect", [&] { return plugin_->connect(settings, services); });
    if (!connected.ok()) return std::move(connected).error();
    if (*connected == nullptr) return sdk::permanent_error("plugin.no_client", "the connector returned no client");
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<GuardedClient>(std::move(*connected)));
  }
  sdk::Result<void> verify_webhook(const sdk::WebhookRequest& request,
                                   const sdk::ConnectionSettings& settings) const override {
    return guarded("verify_webhook", [&] { return plugin_->verify_webhook(request, settings); });
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    return guarded("parse_webhook", [&] { return plugin_->parse_webhook(request); });
  }
  sdk::Result<sdk::WebhookAnswer> answer_webhook(const sdk::WebhookRequest& request,
                                                 const std::optional<sdk::CommandReply>& reply) const override {
    return guarded("answer_webhook", [&] { return plugin_->answer_webhook(request, reply); });
  }
  sdk::Result<std::optional<sdk::WebhookAnswer>> answer_handshake(const sdk::WebhookRequest& request) const override {
    return guarded("answer_handshake", [&] { return plugin_->answer_handshake(request); });
  }

 private:
  std::shared_ptr<const sdk::Plugin> plugin_;
};

}  // namespace

std::shared_ptr<const sdk::Plugin> guard(std::shared_ptr<const sdk::Plugin> plugin) {
  return std::make_shared<GuardedPlugin>(std::move(plugin));
}

sdk::Result<sdk::Description> guarded_describe(const sdk::Plugin& plugin) {
  return guarded("describe", [&]() -> sdk::Result<sdk::Description> { return plugin.describe(); });
}

}  // namespace patchbay::plugins
