#include "engine/plugins/child_plugin.hpp"

#include "engine/plugins/channel.hpp"
#include "engine/plugins/description_check.hpp"
#include "platform/process/child_process.hpp"

#include <patchbay/sdk/codec.hpp>
#include <patchbay/sdk/encoding.hpp>

#include <mutex>
#include <signal.h>

namespace patchbay::plugins {
namespace {

constexpr std::chrono::seconds kGrace{2};  // beyond the call's own deadline, for the answer to arrive
constexpr std::chrono::seconds kPluginCallLimit{10};
constexpr std::chrono::milliseconds kEndLimit{500};

/// The child and the hub's end of its channel. One call at a time; the child's requests for host services are answered
/// while it runs.
class ChildProcess {
 public:
  ChildProcess(std::filesystem::path program, std::filesystem::path file)
      : program_(std::move(program)), file_(std::move(file)) {}
  ~ChildProcess() { end(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running() const { return channel_ != nullptr; }

  sdk::Result<void> start() {
    PATCHBAY_ASSIGN(auto ends, make_socket_pair());
    process::SpawnSettings settings;
    settings.arguments = {program_.string(), "plugin-host", file_.string()};
    settings.inherit_output = true;
    settings.channel = ends.second.get();
    PATCHBAY_ASSIGN(pid_, process::spawn(settings));
    channel_ = std::make_unique<Channel>(std::move(ends.first));
    return {};
  }

  void end() {
    channel_.reset();  // the child ends by itself when its channel closes
    if (pid_ > 0) process::end_process(std::exchange(pid_, -1), SIGTERM, kEndLimit);
  }

  /// Sends a call and serves the child until the result comes.
  sdk::Result<sdk::json::value> call(sdk::json::object message, Channel::Deadline deadline,
                                     sdk::HostServices* services) {
    auto result = exchange(std::move(message), deadline, services);
    if (!result.ok() && result.error().code.rfind("plugin.channel", 0) == 0) end();
    return result;
  }

 private:
  sdk::Result<sdk::json::value> exchange(sdk::json::object message, Channel::Deadline deadline,
                                         sdk::HostServices* services) {
    PATCHBAY_TRY(channel_->send(message, deadline));
    while (true) {
      PATCHBAY_ASSIGN(Frame frame, channel_->receive(deadline));
      if (const auto* result = frame.message.if_contains("result")) return *result;
      if (const auto* error = frame.message.if_contains("error")) return sdk::decode_error(*error);
      const bool wants_answer = sdk::string_at(frame.message, "service") != "log";
      const sdk::json::object answer = serve(frame, services);
      if (wants_answer) PATCHBAY_TRY(channel_->send(answer, deadline));
    }
  }

  static sdk::json::object serve(const Frame& frame, sdk::HostServices* services);

  std::filesystem::path program_, file_;
  pid_t pid_ = -1;
  std::unique_ptr<Channel> channel_;
};

sdk::json::object answer_of(const sdk::Result<sdk::json::value>& result) {
  sdk::json::object answer;
  if (result.ok()) {
    answer["answer"] = *result;
  } else {
    answer["refusal"] = sdk::encode(result.error());
  }
  return answer;
}

sdk::Result<sdk::json::value> serve_http(const Frame& frame, sdk::HostServices& services) {
  PATCHBAY_ASSIGN(const sdk::CallContext context, sdk::decode_call_context(frame.message.at("context")));
  PATCHBAY_ASSIGN(sdk::HttpRequest request, sdk::decode_http_request(frame.message.at("request")));
  if (request.body_file) request.body_file->descriptor = frame.file.get();
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, services.http.send(context, request));
  return sdk::encode(response);
}

sdk::Result<sdk::json::value> serve_state(const sdk::json::object& message, sdk::HostServices& services) {
  const std::string key = sdk::string_at(message, "key");
  if (const auto* value = message.if_contains("value")) {
    PATCHBAY_TRY(services.state.put(key, *value));
    return sdk::json::value(nullptr);
  }
  PATCHBAY_ASSIGN(auto found, services.state.get(key));
  if (!found) return sdk::json::value(sdk::json::array());
  return sdk::json::value(sdk::json::array{*found});
}

sdk::Result<sdk::json::value> serve_token(const sdk::json::object& message, sdk::HostServices& services) {
  PATCHBAY_ASSIGN(const sdk::CallContext context, sdk::decode_call_context(message.at("context")));
  const auto* rejected = message.if_contains("rejected");
  auto token = rejected == nullptr ? services.tokens.current(context)
                                   : services.tokens.renew(context, sdk::string_at(message, "rejected"));
  if (!token.ok()) return std::move(token).error();
  return sdk::json::value(*token);
}

sdk::json::object ChildProcess::serve(const Frame& frame, sdk::HostServices* services) {
  const std::string service = sdk::string_at(frame.message, "service");
  const auto refuse = [](std::string text) {
    return answer_of(sdk::permanent_error("plugin.no_service", std::move(text)));
  };
  if (services == nullptr) return refuse("host services are lent to clients only");
  try {
    if (service == "http") return answer_of(serve_http(frame, *services));
    if (service == "state") return answer_of(serve_state(frame.message, *services));
    if (service == "token") return answer_of(serve_token(frame.message, *services));
    if (service == "now") return answer_of(sdk::json::value(sdk::format_time(services->clock.now())));
    if (service == "log") {
      const auto* fields = frame.message.if_contains("fields");
      services->logger.log(static_cast<sdk::LogLevel>(frame.message.at("level").to_number<int>()),
                           sdk::string_at(frame.message, "message"),
                           fields != nullptr && fields->is_object() ? fields->as_object() : sdk::json::object());
      return {};
    }
  } catch (const std::exception& thrown) {
    return refuse(std::string("the request makes no sense: ") + thrown.what());
  }
  return refuse("there is no host service '" + service + "'");
}

template <typename Item>
sdk::Result<std::vector<Item>> decode_items(const sdk::json::value& list,
                                            sdk::Result<Item> (*decode)(const sdk::json::value&)) {
  if (!list.is_array()) return sdk::permanent_error("plugin.channel_frame", "the plugin's process sent no list");
  std::vector<Item> items;
  items.reserve(list.get_array().size());
  for (const auto& encoded : list.get_array()) {
    PATCHBAY_ASSIGN(Item item, decode(encoded));
    items.push_back(std::move(item));
  }
  return items;
}

/// Calls of one connection. The child is started at the first call and again after it ended.
class ChildClient : public sdk::ServiceClient {
 public:
  ChildClient(std::filesystem::path program, std::filesystem::path file, sdk::ConnectionSettings settings,
              sdk::HostServices services)
      : process_(std::move(program), std::move(file)), settings_(std::move(settings)), services_(services) {}

  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override {
    PATCHBAY_ASSIGN(const auto result, call("authenticate", context, {}));
    return sdk::decode_account_identity(result);
  }
  sdk::Result<sdk::TokenGrant> refresh_token(const sdk::CallContext& context, const std::string& token) override {
    PATCHBAY_ASSIGN(const auto result, call("refresh_token", context, {{"refreshToken", token}}));
    return sdk::decode_token_grant(result);
  }
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override {
    PATCHBAY_ASSIGN(const auto result, call("list", context, {{"request", sdk::encode(request)}}));
    return sdk::decode_page(result);
  }
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& id) override {
    PATCHBAY_ASSIGN(const auto result, call("get", context, {{"resource", resource}, {"externalId", id}}));
    return sdk::decode_record(result);
  }
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request) override {
    PATCHBAY_ASSIGN(const auto result, call("create", context, {{"request", sdk::encode(request)}}));
    return sdk::decode_record(result);
  }
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request) override {
    PATCHBAY_ASSIGN(const auto result, call("update", context, {{"request", sdk::encode(request)}}));
    return sdk::decode_record(result);
  }
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& resource,
                           const std::string& id) override {
    PATCHBAY_TRY(call("remove", context, {{"resource", resource}, {"externalId", id}}));
    return {};
  }
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override {
    PATCHBAY_ASSIGN(const auto result, call("health_check", context, {}));
    return sdk::decode_health(result);
  }
  sdk::Result<sdk::json::value> operate(const sdk::CallContext& context, const std::string& name,
                                        const sdk::json::object& arguments) override {
    return call("operate", context, {{"name", name}, {"arguments", arguments}});
  }
  sdk::Result<sdk::SentMessage> send_message(const sdk::CallContext& context,
                                             const sdk::OutgoingMessage& message) override {
    PATCHBAY_ASSIGN(const auto result, call("send_message", context, {{"message", sdk::encode(message)}}));
    return sdk::decode_sent_message(result);
  }
  sdk::Result<std::vector<sdk::Subscription>> list_subscriptions(const sdk::CallContext& context) override {
    PATCHBAY_ASSIGN(const auto result, call("list_subscriptions", context, {}));
    return decode_items(result, sdk::decode_subscription);
  }
  sdk::Result<sdk::Subscription> subscribe(const sdk::CallContext& context, const sdk::Subscription& wanted) override {
    PATCHBAY_ASSIGN(const auto result, call("subscribe", context, {{"subscription", sdk::encode(wanted)}}));
    return sdk::decode_subscription(result);
  }
  sdk::Result<sdk::Subscription> renew_subscription(const sdk::CallContext& context,
                                                    const sdk::Subscription& subscription) override {
    PATCHBAY_ASSIGN(const auto result,
                    call("renew_subscription", context, {{"subscription", sdk::encode(subscription)}}));
    return sdk::decode_subscription(result);
  }
  sdk::Result<void> unsubscribe(const sdk::CallContext& context, const sdk::Subscription& subscription) override {
    PATCHBAY_TRY(call("unsubscribe", context, {{"subscription", sdk::encode(subscription)}}));
    return {};
  }

 private:
  sdk::Result<sdk::json::value> call(const char* name, const sdk::CallContext& context, sdk::json::object message) {
    PATCHBAY_TRY(context.check());
    const auto deadline = context.deadline + kGrace;
    if (!process_.running()) {
      PATCHBAY_TRY(process_.start());
      PATCHBAY_TRY(process_.call({{"call", "connect"}, {"settings", sdk::encode(settings_)}}, deadline, &services_));
    }
    message["call"] = name;
    message["context"] = sdk::encode(context);
    return process_.call(std::move(message), deadline, &services_);
  }

  ChildProcess process_;
  sdk::ConnectionSettings settings_;
  sdk::HostServices services_;
};

class ChildPlugin : public sdk::Plugin {
 public:
  ChildPlugin(std::filesystem::path program, std::filesystem::path file, sdk::Description description)
      : program_(std::move(program)),
        file_(std::move(file)),
        description_(std::move(description)),
        process_(program_, file_) {}

  sdk::Description describe() const override { return description_; }
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<ChildClient>(program_, file_, settings, services));
  }
  sdk::Result<void> verify_webhook(const sdk::WebhookRequest& request,
                                   const sdk::ConnectionSettings& settings) const override {
    PATCHBAY_TRY(
        call({{"call", "verify_webhook"}, {"request", sdk::encode(request)}, {"settings", sdk::encode(settings)}}));
    return {};
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    PATCHBAY_ASSIGN(const auto result, call({{"call", "parse_webhook"}, {"request", sdk::encode(request)}}));
    return decode_items(result, sdk::decode_webhook_event);
  }
  sdk::Result<sdk::WebhookAnswer> answer_webhook(const sdk::WebhookRequest& request,
                                                 const std::optional<sdk::CommandReply>& reply) const override {
    sdk::json::object message{{"call", "answer_webhook"}, {"request", sdk::encode(request)}};
    if (reply) message["reply"] = sdk::encode(*reply);
    PATCHBAY_ASSIGN(const auto result, call(std::move(message)));
    return sdk::decode_webhook_answer(result);
  }
  sdk::Result<std::optional<sdk::WebhookAnswer>> answer_handshake(const sdk::WebhookRequest& request) const override {
    PATCHBAY_ASSIGN(const auto result, call({{"call", "answer_handshake"}, {"request", sdk::encode(request)}}));
    if (result.is_null()) return std::optional<sdk::WebhookAnswer>();
    PATCHBAY_ASSIGN(sdk::WebhookAnswer answer, sdk::decode_webhook_answer(result));
    return std::optional(std::move(answer));
  }

 private:
  sdk::Result<sdk::json::value> call(sdk::json::object message) const {
    const std::lock_guard lock(mutex_);
    if (!process_.running()) PATCHBAY_TRY(process_.start());
    return process_.call(std::move(message), std::chrono::steady_clock::now() + kPluginCallLimit, nullptr);
  }

  std::filesystem::path program_, file_;
  sdk::Description description_;
  mutable std::mutex mutex_;
  mutable ChildProcess process_;
};

sdk::Result<sdk::Description> describe_in_child(const std::filesystem::path& program,
                                                const std::filesystem::path& file) {
  ChildProcess process(program, file);
  PATCHBAY_TRY(process.start());
  PATCHBAY_ASSIGN(const auto result,
                  process.call({{"call", "describe"}}, std::chrono::steady_clock::now() + kPluginCallLimit, nullptr));
  PATCHBAY_ASSIGN(sdk::Description description, sdk::decode_description(result));
  PATCHBAY_TRY(check_description(description, file.stem().string()));
  return description;
}

}  // namespace

std::optional<LoadedPlugin> load_in_child(const std::filesystem::path& program, const std::filesystem::path& file,
                                          LoadProblem& problem) {
  auto description = describe_in_child(program, file);
  if (!description.ok()) {
    problem = {file, "describe", file.string() + ": " + description.error().message};
    return std::nullopt;
  }
  LoadedPlugin loaded;
  loaded.description = *description;
  loaded.file = file;
  loaded.in_child = true;
  loaded.plugin = std::make_shared<ChildPlugin>(program, file, std::move(*description));
  return loaded;
}

}  // namespace patchbay::plugins
