// A connector that uses every type of the interface, so that a test can show that each crosses a pipe unchanged.
#include <patchbay/sdk/sdk.hpp>

#include <cstdlib>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace patchbay::echo {
namespace {

using namespace sdk;

class EchoClient : public ServiceClient {
 public:
  EchoClient(ConnectionSettings settings, HostServices services)
      : settings_(std::move(settings)), services_(services) {}

  Result<AccountIdentity> authenticate(const CallContext& context) override {
    PATCHBAY_ASSIGN(const std::string token, services_.tokens.current(context));
    PATCHBAY_ASSIGN(const std::string renewed, services_.tokens.renew(context, token));
    return AccountIdentity{token,
                           renewed,
                           {"read", "write"},
                           {{"connection", settings_.connection_id}, {"lane", lane_name(context.lane)}}};
  }
  Result<TokenGrant> refresh_token(const CallContext&, const std::string& refresh_token) override {
    return TokenGrant{"access for " + refresh_token, refresh_token, services_.clock.now()};
  }
  /// One HTTP call, its answer as records, a count of the calls in the durable state.
  Result<Page> list(const CallContext& context, const ListRequest& request) override {
    PATCHBAY_ASSIGN(const auto counted, services_.state.get("lists"));
    const std::int64_t count = counted && counted->is_int64() ? counted->as_int64() + 1 : 1;
    PATCHBAY_TRY(services_.state.put("lists", count));
    HttpRequest call;
    call.url = settings_.option("apiBase") + "/" + request.resource + "?cursor=" + url_encode(request.page_cursor);
    call.headers = {{"X-Secret", settings_.credential("key")}, {"X-Checkpoint", request.checkpoint}};
    call.limit_group = "*";
    call.cost = 2.5;
    call.retry_safe = true;
    PATCHBAY_ASSIGN(const HttpResponse response, services_.http.send(context, call));
    services_.logger.log(LogLevel::kWarning, "listed", {{"status", response.status}});
    Page page;
    Record record{request.resource,      "1",   "v1",
                  services_.clock.now(), false, {{"body", response.body}, {"filters", request.filters}}};
    page.records.push_back(std::move(record));
    page.problems.push_back({"2", "not a record"});
    page.next_cursor = "next";
    page.checkpoint = request.mode == SyncMode::kFull ? "full" : "incremental";
    page.total_estimate = static_cast<std::uint64_t>(count);
    return page;
  }
  Result<Record> get(const CallContext& context, const std::string& resource, const std::string& external_id) override {
    if (external_id == "throw") throw std::runtime_error("a connector's mistake");
    if (external_id == "crash") std::abort();
    if (external_id == "missing") {
      Error error = not_found_error("echo.missing", "not there");
      error.field = "id";
      error.retry_after = std::chrono::milliseconds(1500);
      return error;
    }
    if (external_id == "wait") {
      while (context.check().ok()) usleep(10'000);
      return context.check().error();
    }
    return Record{resource, external_id, "", std::nullopt, external_id == "deleted", {{"trace", context.trace_id}}};
  }
  /// Sends an open file as the body.
  Result<Record> create(const CallContext& context, const WriteRequest& request) override {
    const std::string text = json::serialize(request.data);
    HttpRequest call;
    call.method = "POST";
    call.url = settings_.option("apiBase") + "/upload";
    const int file = memfd_create("upload", MFD_CLOEXEC);
    if (file < 0 || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return permanent_error("echo.file", "no file");
    }
    lseek(file, 0, SEEK_SET);
    call.body_file = BodyFile{file, text.size()};
    auto response = services_.http.send(context, call);
    close(file);
    if (!response.ok()) return response.error();
    return Record{request.resource,
                  request.idempotency_key,
                  request.known_version,
                  std::nullopt,
                  false,
                  {{"answer", response->body}}};
  }
  Result<Record> update(const CallContext&, const WriteRequest& request) override {
    json::array fields;
    for (const auto& field : request.changed_fields) fields.emplace_back(field);
    return Record{request.resource,     request.external_id, request.known_version, std::nullopt, false,
                  {{"changed", fields}}};
  }
  Result<void> remove(const CallContext&, const std::string&, const std::string& external_id) override {
    if (external_id == "kept") return conflict_error("echo.kept", "it is kept");
    return {};
  }
  Result<Health> health_check(const CallContext&) override {
    return Health{true, "well", {{"since", "always"}}, {"the API version ends in May"}};
  }
  Result<json::value> operate(const CallContext&, const std::string& name, const json::object& arguments) override {
    return json::value{{"ran", name}, {"with", arguments}};
  }
  /// Says back every member of the message.
  Result<SentMessage> send_message(const CallContext&, const OutgoingMessage& message) override {
    json::array attachments;
    for (const auto& [name, content_type, content] : message.attachments) {
      attachments.push_back(json::array{json::string(name), json::string(content_type), base64_encode(content)});
    }
    json::value data{{"channel", message.channel}, {"from", message.from},      {"to", json::value_from(message.to)},
                     {"subject", message.subject}, {"text", message.text},      {"html", message.html},
                     {"attachments", attachments}, {"options", message.options}};
    return SentMessage{message.idempotency_key, message.thread_id,
                       Record{"messages", message.idempotency_key, "", services_.clock.now(), false, std::move(data)}};
  }
  Result<std::vector<Subscription>> list_subscriptions(const CallContext&) override { return subscriptions_; }
  Result<Subscription> subscribe(const CallContext&, const Subscription& wanted) override {
    Subscription made = wanted;
    made.external_id = "s" + std::to_string(subscriptions_.size() + 1);
    made.expires_at = services_.clock.now();
    subscriptions_.push_back(made);
    made.credentials = {{"webhookSecret", "whsec"}};
    return made;
  }
  Result<Subscription> renew_subscription(const CallContext&, const Subscription& subscription) override {
    for (Subscription& kept : subscriptions_) {
      if (kept.external_id != subscription.external_id) continue;
      kept.expires_at = services_.clock.now() + std::chrono::hours(1);
      return kept;
    }
    return not_found_error("echo.subscription", "it is not there");
  }
  Result<void> unsubscribe(const CallContext&, const Subscription& subscription) override {
    std::erase_if(subscriptions_,
                  [&](const Subscription& kept) { return kept.external_id == subscription.external_id; });
    return {};
  }

 private:
  ConnectionSettings settings_;
  HostServices services_;
  std::vector<Subscription> subscriptions_;
};

class EchoPlugin : public Plugin {
 public:
  Description describe() const override {
    Description description;
    description.name = "echo";
    description.title = "Echo";
    description.version = "1.2.3";
    description.auth = AuthKind::kApiKey;
    ResourceDescription things;
    things.name = "things";
    things.list = things.get = things.create = things.update = things.remove = true;
    things.filters = {"colour"};
    description.resources = {things};
    description.credentials = {{"key", "Key", "on the label", true}};
    description.options = {{"apiBase", OptionKind::kUrl, "http://127.0.0.1:1", "where", {}}};
    description.webhooks.supported = true;
    description.webhooks.topics = {"thing.changed"};
    description.webhooks.signature.algorithm = SignatureDescription::Algorithm::kCustom;
    description.webhooks.unsigned_handshake = true;
    description.webhooks.oidc = OidcDescription{{"https://issuer"}, "https://issuer/keys", "apiBase"};
    description.webhooks.subscriptions = {true, std::chrono::hours(24)};
    description.channels = {"email", "sms"};
    return description;
  }
  Result<std::unique_ptr<ServiceClient>> connect(const ConnectionSettings& settings,
                                                 HostServices services) const override {
    return std::unique_ptr<ServiceClient>(std::make_unique<EchoClient>(settings, services));
  }
  Result<void> verify_webhook(const WebhookRequest& request, const ConnectionSettings& settings) const override {
    if (string_at(request.verified_claims, "email") == settings.credential("key")) return {};
    if (find_header(request.headers, "X-Key") == settings.credential("key")) return {};
    return auth_error("echo.signature", "wrong key");
  }
  Result<std::vector<WebhookEvent>> parse_webhook(const WebhookRequest& request) const override {
    WebhookEvent event;
    event.topic = "thing.changed";
    event.event_id = "e1";
    event.dedupe_key = "d1";
    event.account_id = "a1";
    event.resource = "things";
    event.external_id = request.body;
    event.occurred_at = request.received_at;
    event.snapshot = Record{"things", request.body, "", std::nullopt, true, nullptr};
    event.resync = true;
    if (request.body.starts_with('/')) event.command = WebhookCommand{request.body.substr(1), "U1", "C1"};
    return std::vector{std::move(event)};
  }
  Result<WebhookAnswer> answer_webhook(const WebhookRequest& request,
                                       const std::optional<CommandReply>& reply) const override {
    if (!reply) return WebhookAnswer{204, "text/plain", ""};
    std::string text = (reply->ok ? "" : "not ") + reply->title + " to " + request.body;
    for (const std::string& line : reply->lines) text += "\n" + line;
    return WebhookAnswer{200, "text/plain", std::move(text)};
  }
  Result<std::optional<WebhookAnswer>> answer_handshake(const WebhookRequest& request) const override {
    if (!request.body.starts_with("challenge ")) return std::optional<WebhookAnswer>();
    return std::optional(WebhookAnswer{200, "text/plain", request.body.substr(10)});
  }
};

}  // namespace
}  // namespace patchbay::echo

PATCHBAY_PLUGIN("echo", patchbay::echo::EchoPlugin);
