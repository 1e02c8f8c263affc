#include <patchbay/sdk/testing/contract.hpp>

#include <algorithm>
#include <functional>

namespace patchbay::sdk::testing {
namespace {

/// One way in which a service fails, and what the host must be told of it.
struct Failure {
  const char* name;
  Result<HttpResponse> answer;
  std::vector<ErrorClass> right;
};

std::vector<Failure> failures() {
  using enum ErrorClass;
  const HttpResponse html{200, {{"Content-Type", "text/html"}}, "<html>maintenance</html>"};
  const HttpResponse cut{200, {}, R"({"data": {"id": "x)"};
  return {{"a reset connection", transient_error("http.reset", "connection reset"), {kTransient}},
          {"a cancelled call", cancelled_error("http.cancelled", "cancelled"), {kCancelled}},
          {"a full rate budget", rate_limited_error("http.budget", "wait", std::chrono::seconds(7)), {kRateLimited}},
          {"a page in place of JSON", html, {kTransient}},
          {"half a body", cut, {kTransient}},
          {"an empty body", HttpResponse{200, {}, ""}, {kTransient}},
          {"status 500", HttpResponse{500, {}, "{}"}, {kTransient}},
          {"status 503 with a page", HttpResponse{503, {}, "<html></html>"}, {kTransient}},
          // Whose 404 this is cannot be told: taken for "the record is gone" it would delete what is there.
          {"status 404 with a page", HttpResponse{404, {{"Content-Type", "text/html"}}, "<html></html>"},
           {kTransient, kPermanent}},
          {"status 404 with nothing", HttpResponse{404, {}, ""}, {kTransient, kPermanent}},
          {"status 404 with somebody's JSON", HttpResponse{404, {}, "{}"}, {kTransient, kPermanent}},
          // One call that is not allowed does not need the owner: the others may well be.
          {"status 403", HttpResponse{403, {}, "{}"}, {kPermanent}},
          {"status 429", HttpResponse{429, {}, "{}"}, {kRateLimited, kTransient}},
          {"status 401", HttpResponse{401, {}, "{}"}, {kAuth}}};
}

using Call = std::function<std::optional<Error>(ServiceClient&)>;

template <typename T>
std::optional<Error> error_of(const Result<T>& result) {
  return result.ok() ? std::nullopt : std::optional<Error>(result.error());
}

struct NamedCall {
  std::string name;
  Call call;
};

/// Every call that only reads.
std::vector<NamedCall> reading_calls(const Description& description) {
  std::vector<NamedCall> calls{{"authenticate", [](auto& client) { return error_of(client.authenticate({})); }},
                               {"health_check", [](auto& client) { return error_of(client.health_check({})); }}};
  for (const auto& resource : description.resources) {
    if (!resource.list) continue;
    ListRequest request;
    request.resource = resource.name;
    calls.push_back({"list " + resource.name, [=](auto& client) { return error_of(client.list({}, request)); }});
    calls.push_back({"get " + resource.name,
                     [name = resource.name](auto& client) { return error_of(client.get({}, name, "id-1")); }});
  }
  return calls;
}

/// Runs one call on a client of its own; what is thrown is a violation.
std::optional<Error> run(const Plugin& plugin, FakeHost& host, const NamedCall& named, Violations& found) {
  try {
    auto client = plugin.connect(make_settings(plugin), host.services());
    if (!client.ok()) {
      found.push_back("connect failed: " + client.error().message);
      return std::nullopt;
    }
    return named.call(**client);
  } catch (const std::exception& thrown) {
    found.push_back(named.name + " threw: " + thrown.what());
    return std::nullopt;
  }
}

bool among(ErrorClass error_class, const std::vector<ErrorClass>& right) {
  return std::find(right.begin(), right.end(), error_class) != right.end();
}

/// "realmId", "accountSid", "clientId": says who, proves nothing; services want it in their addresses.
bool is_identifier(std::string_view credential) {
  return credential.ends_with("Id") || credential.ends_with("Sid");
}

}  // namespace

Violations check_hostile_webhooks(const Plugin& plugin) {
  Violations found;
  if (!plugin.describe().webhooks.supported) return found;
  const std::vector<std::string> bodies{"",
                                        " ",
                                        "null",
                                        "true",
                                        "[]",
                                        "{}",
                                        "\"text\"",
                                        "{\"id\":",
                                        std::string("\0\0", 2),
                                        "\xff\xfe",
                                        std::string(5000, '['),
                                        R"({"data":null})",
                                        R"({"data":[],"object":"event","id":7,"type":{}})",
                                        R"({"data":{"webHookEvent":[]}})",
                                        R"({"object":{"object":{"object":1}}})"};
  for (const std::string& body : bodies) {
    WebhookRequest request;
    request.body = body;
    const std::string name = "the webhook body '" + body.substr(0, 40) + "' ";
    try {
      const auto parsed = plugin.parse_webhook(request);
      if (parsed.ok()) found.push_back(name + "was taken for an event");
      if (!parsed.ok() && parsed.error().error_class != ErrorClass::kInvalid)
        found.push_back(name + "is " + std::string(error_class_name(parsed.error().error_class)) + ", not invalid");
    } catch (const std::exception& thrown) {
      found.push_back(name + "made it throw: " + thrown.what());
    }
  }
  return found;
}

Violations check_failing_service(const Plugin& plugin) {
  Violations found;
  for (const NamedCall& named : reading_calls(plugin.describe())) {
    for (const Failure& failure : failures()) {
      FakeHost host;
      for (const char* method : {"GET", "POST"})
        host.http().when(method, "", [&failure](const HttpRequest&) { return failure.answer; });
      const std::size_t before = found.size();
      const auto error = run(plugin, host, named, found);
      if (found.size() > before) continue;
      if (!error) {
        found.push_back(named.name + " succeeded in spite of " + failure.name);
      } else if (!among(error->error_class, failure.right)) {
        found.push_back(named.name + " after " + failure.name + " is " +
                        std::string(error_class_name(error->error_class)) + " (" + error->code + ")");
      } else if (error->error_class == ErrorClass::kRateLimited && !error->retry_after) {
        found.push_back(named.name + " after " + failure.name + " does not say how long to wait");
      }
    }
  }
  return found;
}

Violations check_undeclared(const Plugin& plugin) {
  Violations found;
  std::vector<NamedCall> calls;
  const auto add = [&](const std::string& name, Call call) { calls.push_back({name, std::move(call)}); };
  const Description description = plugin.describe();
  std::vector<ResourceDescription> resources = description.resources;
  resources.push_back({});
  resources.back().name = "no_such_resource";
  for (const auto& resource : resources) {
    ListRequest list;
    list.resource = resource.name;
    WriteRequest write;
    write.resource = resource.name;
    write.data = json::object{{"name", "Anybody"}};
    WriteRequest change = write;
    change.external_id = "id-1";
    if (!resource.list) add("list " + resource.name, [=](auto& client) { return error_of(client.list({}, list)); });
    if (!resource.get)
      add("get " + resource.name, [=](auto& client) { return error_of(client.get({}, resource.name, "id-1")); });
    if (!resource.create)
      add("create " + resource.name, [=](auto& client) { return error_of(client.create({}, write)); });
    if (!resource.update)
      add("update " + resource.name, [=](auto& client) { return error_of(client.update({}, change)); });
    if (!resource.remove)
      add("remove " + resource.name, [=](auto& client) { return error_of(client.remove({}, resource.name, "id-1")); });
  }
  add("the operation no_such_operation",
      [](auto& client) { return error_of(client.operate({}, "no_such_operation", {})); });
  for (const NamedCall& named : calls) {
    FakeHost host;
    const std::size_t before = found.size();
    const auto error = run(plugin, host, named, found);
    if (found.size() > before) continue;
    if (!host.http().requests().empty()) found.push_back(named.name + " is not declared, yet it sent a request");
    if (!error || error->error_class != ErrorClass::kPermanent)
      found.push_back(named.name + " is not declared, yet it is no permanent error");
  }
  return found;
}

Violations check_secrets(const Plugin& plugin) {
  Violations found;
  const ConnectionSettings settings = make_settings(plugin);
  std::vector<std::string> secrets{"token-1", "token-2"};
  for (const auto& [name, value] : settings.credentials) {
    if (!is_identifier(name)) secrets.push_back(value);
  }
  for (const NamedCall& named : reading_calls(plugin.describe())) {
    for (const int status : {200, 401, 404}) {
      FakeHost host;
      for (const char* method : {"GET", "POST"})
        host.http().when(method, "", [status](const HttpRequest&) { return HttpResponse{status, {}, "{}"}; });
      const auto error = run(plugin, host, named, found);
      for (const std::string& secret : secrets) {
        if (error && error->message.find(secret) != std::string::npos)
          found.push_back(named.name + " puts a secret into an error");
        if (host.logger().mentions(secret)) found.push_back(named.name + " puts a secret into the log");
        for (const HttpRequest& request : host.http().requests()) {
          if (request.url.find(secret) != std::string::npos) found.push_back(named.name + " puts a secret into a URL");
        }
      }
      const std::string base = settings.option("apiBase");
      for (const HttpRequest& request : host.http().requests()) {
        if (request.url.rfind(base, 0) != 0) found.push_back(named.name + " sends to another place: " + request.url);
      }
    }
  }
  return found;
}

}  // namespace patchbay::sdk::testing
