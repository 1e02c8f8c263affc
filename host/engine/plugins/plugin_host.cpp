// The child's side: one library, one channel, one connection. Host services are messages back to the hub.
#include "engine/plugins/channel.hpp"
#include "engine/plugins/child_plugin.hpp"

#include <patchbay/sdk/codec.hpp>
#include <patchbay/sdk/encoding.hpp>

#include <cstdio>
#include <fcntl.h>
#include <mutex>

namespace patchbay::plugins {
namespace {

constexpr int kChannelDescriptor = 3;
constexpr std::chrono::hours kForever{24 * 365};

Channel::Deadline forever() {
  return std::chrono::steady_clock::now() + kForever;
}

/// Requests to the hub while a call runs. A connector may use several threads, so one request at a time.
class HostLink {
 public:
  explicit HostLink(Channel& channel) : channel_(channel) {}

  sdk::Result<sdk::json::value> ask(sdk::json::object message, int file = -1) {
    const std::lock_guard lock(mutex_);
    PATCHBAY_TRY(channel_.send(message, forever(), file));
    PATCHBAY_ASSIGN(const Frame frame, channel_.receive(forever()));
    if (const auto* answer = frame.message.if_contains("answer")) return *answer;
    const auto* refusal = frame.message.if_contains("refusal");
    if (refusal == nullptr)
      return sdk::permanent_error("plugin.channel_frame", "the hub sent an answer without content");
    return sdk::decode_error(*refusal);
  }

  void tell(const sdk::json::object& message) {
    const std::lock_guard lock(mutex_);
    (void)channel_.send(message, forever());
  }

 private:
  Channel& channel_;
  std::mutex mutex_;
};

class LinkedHttp : public sdk::HttpClient {
 public:
  explicit LinkedHttp(HostLink& link) : link_(link) {}
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest& request) override {
    const int file = request.body_file ? request.body_file->descriptor : -1;
    PATCHBAY_ASSIGN(
        const auto answer,
        link_.ask({{"service", "http"}, {"context", sdk::encode(context)}, {"request", sdk::encode(request)}}, file));
    return sdk::decode_http_response(answer);
  }

 private:
  HostLink& link_;
};

class LinkedClock : public sdk::Clock {
 public:
  explicit LinkedClock(HostLink& link) : link_(link) {}
  std::chrono::system_clock::time_point now() const override {
    const auto answer = link_.ask({{"service", "now"}});
    const auto* text = answer.ok() ? answer->if_string() : nullptr;
    const auto time =
        text == nullptr ? sdk::Result<sdk::SystemTime>(std::chrono::system_clock::now()) : sdk::parse_time(*text);
    return time.value_or(std::chrono::system_clock::now());
  }

 private:
  HostLink& link_;
};

class LinkedLogger : public sdk::Logger {
 public:
  explicit LinkedLogger(HostLink& link) : link_(link) {}
  void log(sdk::LogLevel level, std::string_view message, const sdk::json::object& fields) override {
    link_.tell({{"service", "log"}, {"level", static_cast<int>(level)}, {"message", message}, {"fields", fields}});
  }

 private:
  HostLink& link_;
};

class LinkedState : public sdk::StateStore {
 public:
  explicit LinkedState(HostLink& link) : link_(link) {}
  sdk::Result<std::optional<sdk::json::value>> get(std::string_view key) override {
    PATCHBAY_ASSIGN(const auto answer, link_.ask({{"service", "state"}, {"key", key}}));
    if (!answer.is_array() || answer.as_array().empty()) return std::optional<sdk::json::value>();
    return std::optional<sdk::json::value>(answer.as_array().front());
  }
  sdk::Result<void> put(std::string_view key, const sdk::json::value& value) override {
    PATCHBAY_TRY(link_.ask({{"service", "state"}, {"key", key}, {"value", value}}));
    return {};
  }

 private:
  HostLink& link_;
};

class LinkedTokens : public sdk::TokenSource {
 public:
  explicit LinkedTokens(HostLink& link) : link_(link) {}
  sdk::Result<std::string> current(const sdk::CallContext& context) override {
    return text(link_.ask({{"service", "token"}, {"context", sdk::encode(context)}}));
  }
  sdk::Result<std::string> renew(const sdk::CallContext& context, std::string_view rejected) override {
    return text(link_.ask({{"service", "token"}, {"context", sdk::encode(context)}, {"rejected", rejected}}));
  }

 private:
  static sdk::Result<std::string> text(sdk::Result<sdk::json::value> answer) {
    if (!answer.ok()) return std::move(answer).error();
    if (!answer->is_string()) return sdk::permanent_error("plugin.channel_frame", "the hub sent no token");
    return std::string(answer->as_string());
  }
  HostLink& link_;
};

/// One connection at most; calls are dispatched by name.
class CallServer {
 public:
  CallServer(const sdk::Plugin& plugin, Channel& channel)
      : plugin_(plugin), link_(channel), http_(link_), clock_(link_), logger_(link_), state_(link_), tokens_(link_) {}

  sdk::Result<sdk::json::value> run(const sdk::json::object& message) {
    const std::string call = sdk::string_at(message, "call");
    if (call == "describe") return sdk::encode(plugin_.describe());
    if (call == "connect") return connect(message);
    if (message.contains("request") && !message.contains("context")) return webhook(call, message);
    if (client_ == nullptr) return sdk::permanent_error("plugin.no_client", "there is no connection for this call");
    PATCHBAY_ASSIGN(const sdk::CallContext context, sdk::decode_call_context(message.at("context")));
    return client_call(call, context, message);
  }

 private:
  template <typename T>
  static sdk::Result<sdk::json::value> encoded(sdk::Result<T> result) {
    if (!result.ok()) return std::move(result).error();
    return sdk::encode(*result);
  }

  template <typename T>
  static sdk::Result<sdk::json::value> encoded_list(sdk::Result<std::vector<T>> list) {
    if (!list.ok()) return std::move(list).error();
    sdk::json::array items;
    items.reserve(list->size());
    for (const T& item : *list) items.push_back(sdk::encode(item));
    return sdk::json::value(std::move(items));
  }
  static sdk::Error no_call(const std::string& call) {
    return sdk::permanent_error("plugin.no_call", "there is no call '" + call + "'");
  }

  sdk::Result<sdk::json::value> connect(const sdk::json::object& message) {
    PATCHBAY_ASSIGN(const sdk::ConnectionSettings settings, sdk::decode_connection_settings(message.at("settings")));
    PATCHBAY_ASSIGN(client_, plugin_.connect(settings, sdk::HostServices{http_, clock_, logger_, state_, tokens_}));
    return sdk::json::value(true);
  }

  sdk::Result<sdk::json::value> webhook(const std::string& call, const sdk::json::object& message) {
    PATCHBAY_ASSIGN(const sdk::WebhookRequest request, sdk::decode_webhook_request(message.at("request")));
    if (call == "verify_webhook") {
      PATCHBAY_ASSIGN(const sdk::ConnectionSettings settings, sdk::decode_connection_settings(message.at("settings")));
      PATCHBAY_TRY(plugin_.verify_webhook(request, settings));
      return sdk::json::value(true);
    }
    if (call == "answer_handshake") {
      PATCHBAY_ASSIGN(const auto answer, plugin_.answer_handshake(request));
      return answer ? sdk::encode(*answer) : sdk::json::value(nullptr);
    }
    if (call == "answer_webhook") {
      std::optional<sdk::CommandReply> reply;
      if (const auto* encoded_reply = message.if_contains("reply")) {
        PATCHBAY_ASSIGN(reply, sdk::decode_command_reply(*encoded_reply));
      }
      return encoded(plugin_.answer_webhook(request, reply));
    }
    if (call == "parse_webhook") return encoded_list(plugin_.parse_webhook(request));
    return no_call(call);
  }

  sdk::Result<sdk::json::value> client_call(const std::string& call, const sdk::CallContext& context,
                                            const sdk::json::object& message) {
    if (call == "authenticate") return encoded(client_->authenticate(context));
    if (call == "health_check") return encoded(client_->health_check(context));
    if (call == "refresh_token")
      return encoded(client_->refresh_token(context, sdk::string_at(message, "refreshToken")));
    if (call == "get")
      return encoded(client_->get(context, sdk::string_at(message, "resource"), sdk::string_at(message, "externalId")));
    if (call == "remove") {
      PATCHBAY_TRY(
          client_->remove(context, sdk::string_at(message, "resource"), sdk::string_at(message, "externalId")));
      return sdk::json::value(true);
    }
    if (call == "operate") {
      return client_->operate(context, sdk::string_at(message, "name"), message.at("arguments").as_object());
    }
    if (call == "list") {
      PATCHBAY_ASSIGN(const sdk::ListRequest request, sdk::decode_list_request(message.at("request")));
      return encoded(client_->list(context, request));
    }
    if (call == "create" || call == "update") {
      PATCHBAY_ASSIGN(const sdk::WriteRequest request, sdk::decode_write_request(message.at("request")));
      return encoded(call == "create" ? client_->create(context, request) : client_->update(context, request));
    }
    if (call == "send_message") {
      PATCHBAY_ASSIGN(const sdk::OutgoingMessage sent, sdk::decode_outgoing_message(message.at("message")));
      return encoded(client_->send_message(context, sent));
    }
    if (call == "list_subscriptions") return encoded_list(client_->list_subscriptions(context));
    return subscription_call(call, context, message);
  }

  sdk::Result<sdk::json::value> subscription_call(const std::string& call, const sdk::CallContext& context,
                                                  const sdk::json::object& message) {
    const auto* encoded_subscription = message.if_contains("subscription");
    if (encoded_subscription == nullptr) return no_call(call);
    PATCHBAY_ASSIGN(const sdk::Subscription subscription, sdk::decode_subscription(*encoded_subscription));
    if (call == "subscribe") return encoded(client_->subscribe(context, subscription));
    if (call == "renew_subscription") return encoded(client_->renew_subscription(context, subscription));
    if (call != "unsubscribe") return no_call(call);
    PATCHBAY_TRY(client_->unsubscribe(context, subscription));
    return sdk::json::value(true);
  }

  const sdk::Plugin& plugin_;
  HostLink link_;
  LinkedHttp http_;
  LinkedClock clock_;
  LinkedLogger logger_;
  LinkedState state_;
  LinkedTokens tokens_;
  std::unique_ptr<sdk::ServiceClient> client_;
};

sdk::json::object result_message(const sdk::Result<sdk::json::value>& result) {
  sdk::json::object message;
  if (result.ok()) {
    message["result"] = *result;
  } else {
    message["error"] = sdk::encode(result.error());
  }
  return message;
}

}  // namespace

int run_plugin_host(const std::filesystem::path& file) {
  if (fcntl(kChannelDescriptor, F_GETFD) < 0) {
    std::fputs("plugin-host is started by the hub itself; it has nobody to talk to\n", stderr);
    return 2;
  }
  Channel channel{Descriptor(kChannelDescriptor)};
  LoadProblem problem;
  const auto loaded = load_plugin(file, problem);
  std::optional<CallServer> server;
  if (loaded) server.emplace(*loaded->plugin, channel);
  while (true) {
    auto frame = channel.receive(forever());
    if (!frame.ok()) return 0;
    sdk::Result<sdk::json::value> result = sdk::permanent_error("plugin." + problem.stage, problem.message);
    if (server) {
      try {
        result = server->run(frame->message);
      } catch (const std::exception& thrown) {
        result = sdk::permanent_error("plugin.channel_frame", std::string("the call makes no sense: ") + thrown.what());
      }
    }
    if (!channel.send(result_message(result), forever()).ok()) return 0;
  }
}

}  // namespace patchbay::plugins
