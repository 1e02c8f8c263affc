// The API document against a running hub: what every route really answers is what the document says it answers.
#include "tests/support/hub_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace patchbay::testing {
namespace {

namespace json = sdk::json;

/// As much of JSON Schema as the document uses.
class Schemas {
 public:
  explicit Schemas(json::value document) : document_(std::move(document)) {}
  const json::object& paths() const { return document_.at("paths").get_object(); }

  const json::value& resolve(const json::value& schema) const {
    const auto* reference = schema.get_object().if_contains("$ref");
    if (reference == nullptr) return schema;
    std::string path(reference->get_string().subview(2));
    std::replace(path.begin(), path.end(), '/', '.');
    const auto* found = sdk::find_path(document_, path);
    if (found == nullptr) throw std::runtime_error("the document has no " + path);
    return resolve(*found);
  }

  /// What is wrong with `value`, with the place; empty: nothing.
  std::string check(const json::value& given, const json::value& value, const std::string& place = "body") const {
    const json::object& schema = resolve(given).get_object();
    if (const auto* choices = schema.if_contains("anyOf")) {
      std::string problems;
      for (const json::value& choice : choices->get_array()) {
        const std::string problem = check(choice, value, place);
        if (problem.empty()) return {};
        problems += " | " + problem;
      }
      return problems;
    }
    if (const auto* type = schema.if_contains("type"); type != nullptr && !is_of(*type, value))
      return place + " is not " + json::serialize(*type) + ": " + json::serialize(value).substr(0, 80);
    if (const auto* words = schema.if_contains("enum")) {
      const json::array& known = words->get_array();
      if (std::find(known.begin(), known.end(), value) == known.end())
        return place + " is not one of " + json::serialize(known);
    }
    if (const auto* constant = schema.if_contains("const"); constant != nullptr && *constant != value)
      return place + " is not " + json::serialize(*constant);
    if (value.is_string()) return check_text(schema, std::string(value.get_string()), place);
    if (value.is_array()) return check_items(schema, value.get_array(), place);
    return value.is_object() ? check_members(schema, value.get_object(), place) : std::string();
  }

 private:
  static bool is_of(const json::value& type, const json::value& value) {
    if (type.is_array()) {
      return std::any_of(type.get_array().begin(), type.get_array().end(),
                         [&](const json::value& one) { return is_of(one, value); });
    }
    const auto name = type.get_string();
    if (name == "string") return value.is_string();
    if (name == "integer") return value.is_int64() || value.is_uint64();
    if (name == "number") return value.is_number();
    if (name == "boolean") return value.is_bool();
    if (name == "array") return value.is_array();
    if (name == "null") return value.is_null();
    return name == "object" && value.is_object();
  }

  static std::string check_text(const json::object& schema, const std::string& text, const std::string& place) {
    static const std::regex kUuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    static const std::regex kTime("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
    const auto* format = schema.if_contains("format");
    if (format != nullptr && *format == "uuid" && !std::regex_match(text, kUuid)) return place + " is no UUID: " + text;
    if (format != nullptr && *format == "date-time" && !std::regex_match(text, kTime))
      return place + " is no time: " + text;
    const auto* pattern = schema.if_contains("pattern");
    if (pattern != nullptr && !std::regex_search(text, std::regex(std::string(pattern->get_string()))))
      return place + " does not fit its pattern: " + text;
    const auto* longest = schema.if_contains("maxLength");
    if (longest != nullptr && static_cast<std::int64_t>(text.size()) > longest->to_number<std::int64_t>() * 4)
      return place + " is too long";
    return {};
  }

  std::string check_items(const json::object& schema, const json::array& items, const std::string& place) const {
    const auto* item_schema = schema.if_contains("items");
    for (std::size_t i = 0; item_schema != nullptr && i < items.size(); ++i) {
      std::string problem = check(*item_schema, items[i], place + "[" + std::to_string(i) + "]");
      if (!problem.empty()) return problem;
    }
    return {};
  }

  std::string check_members(const json::object& schema, const json::object& members, const std::string& place) const {
    if (const auto* required = schema.if_contains("required")) {
      for (const json::value& name : required->get_array()) {
        if (!members.contains(name.get_string())) return place + " has no " + std::string(name.get_string());
      }
    }
    const auto* properties = schema.if_contains("properties");
    const auto* others = schema.if_contains("additionalProperties");
    for (const auto& [name, value] : members) {
      const std::string at = place + "." + std::string(name);
      const auto* known = properties == nullptr ? nullptr : properties->get_object().if_contains(name);
      std::string problem;
      if (known != nullptr) {
        problem = check(*known, value, at);
      } else if (others != nullptr && others->is_bool() && !others->get_bool()) {
        problem = at + " is not in the document";
      } else if (others != nullptr && others->is_object()) {
        problem = check(*others, value, at);
      }
      if (!problem.empty()) return problem;
    }
    return {};
  }

  const json::value document_;
};

/// What is sent to a route, so that it succeeds. Routes that are not named here are sent an empty object.
struct Sample {
  std::string body;
  bool must_succeed = true;
};

class OpenApi : public ::testing::Test {
 protected:
  OpenApi() : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks"}})), api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
    fill();
  }

  void fill() {
    const auto made = [&](const std::string& path, const json::value& body) {
      return sdk::string_at(api_.post(path, body), "id");
    };
    const std::string client =
        made("/clients", {{"name", "Ada"}, {"address", {{"city", "Flint"}}}, {"phone", "8105550100"}});
    made("/clients", {{"name", "Without an address"}});
    ids_["clients"] = ids_["customers"] = client;
    ids_["jobs"] = made("/jobs", {{"title", "Roof"}, {"clientId", client}});
    connection_ = world_.value(
        "insert into connections (id, connector, name, state) values (gen_random_uuid(), 'stripe', 'main', 'connected')"
        " returning id");
    ids_["connections"] = connection_;
    world_.query(
        "insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id)"
        " values ($1::uuid, 'customers', 'cus_1', 'stripe', 'client', $2::uuid)",
        {connection_, client});
    for (const char* state : {"done", "dead"}) {
      numbers_.push_back(world_.value(
          "insert into work_items (kind, connection_id, lane_key, state, topic, headers, body, outcome, finished_at)"
          " values ('webhook', $1::uuid, 'x', $2, 'customer.updated', '{}', '\\x7b7d', 'applied', now()) returning id",
          {connection_, state}));
    }
    ids_["sync"] = api_.start_sync(connection_, "full");
    world_.query(
        "insert into sync_log (connection_id, service, operation, status) values ($1::uuid, 'stripe', 'link', "
        "'success')",
        {connection_});
  }

  /// "/jobs/{id}/notes" → "/jobs/01…/notes".
  std::string path_of(const std::string& pattern) const {
    std::string path = pattern;
    const auto fill_in = [&](const std::string& name, const std::string& value) {
      if (const auto at = path.find("{" + name + "}"); at != std::string::npos)
        path.replace(at, name.size() + 2, value);
    };
    const std::string kind = pattern.substr(1, pattern.find('/', 1) - 1);
    const auto id = ids_.find(kind);
    fill_in("id", id == ids_.end() ? "01a1fc89-0000-7000-8000-000000000000" : id->second);
    fill_in("number", pattern.starts_with("/dead") ? numbers_.back() : numbers_.front());
    fill_in("name", "stripe");
    fill_in("connector", "stripe");
    fill_in("connection", connection_);
    return path;
  }

  Sample sample_of(const std::string& call) const {
    const std::string client = ids_.at("clients");
    const std::map<std::string, Sample> samples{
        {"POST /auth/login", {R"({"email":"admin@patchbay.example","password":"Correct-horse-7"})"}},
        {"POST /auth/register", {R"({"email":"new@example.com","password":"Correct-horse-8","name":"New"})"}},
        {"POST /clients", {R"({"name":"Grace"})"}},
        {"PATCH /clients/{id}", {R"({"notes":"x"})"}},
        {"PUT /clients/{id}", {R"({"address":null})"}},
        {"PUT /clients/{id}/lifecycle", {R"({"stage":"active"})"}},
        {"POST /clients/{id}/communications", {R"({"channel":"note","body":"called"})"}},
        {"POST /jobs", {R"({"title":"Roof","clientId":")" + client + R"("})"}},
        {"PATCH /jobs/{id}/status", {R"({"status":"confirmed"})"}},
        {"POST /jobs/{id}/notes", {R"({"body":"a note"})"}},
        {"POST /connections", {R"({"connector":"stripe","name":"second","credentials":{}})"}},
        {"PATCH /connections/{id}", {R"({"name":"renamed"})"}},
        {"POST /connections/{id}/sync", {R"({"mode":"incremental"})"}},
        {"POST /webhook-events/{number}/replay", {"{}"}},
        {"POST /dead-letters/{number}/retry", {"{}"}},
        {"POST /sync/runs/{id}/cancel", {"{}"}},
    };
    const auto found = samples.find(call);
    return found == samples.end() ? Sample{"{}", false} : found->second;
  }

  void check(const Schemas& schemas, const std::string& method, const std::string& pattern,
             const json::value& operation) {
    const std::string call = method + " " + pattern;
    const Sample sample = sample_of(call);
    const HttpAnswer answer = method == "GET" || method == "DELETE" ? api_.send(method, path_of(pattern))
                                                                    : api_.send(method, path_of(pattern), sample.body,
                                                                                {{"Content-Type", "application/json"}});
    if (sample.must_succeed && sample.body != "{}") {
      EXPECT_EQ(answer.status / 100, 2) << call << ": " << answer.text();
    }
    const json::object& responses = operation.at("responses").get_object();
    const auto* described = responses.if_contains(std::to_string(answer.status));
    if (described == nullptr && answer.status >= 400) described = responses.if_contains("default");
    ASSERT_NE(described, nullptr) << call << " answers " << answer.text() << ", which the document does not know";
    const auto* content = schemas.resolve(*described).get_object().if_contains("content");
    if (content == nullptr) {
      // A redirect or an empty answer; a body would have to be described.
      if (answer.status / 100 == 2) {
        EXPECT_EQ(answer.body, "") << call << " answers a body that is not described";
      }
      return;
    }
    const std::string media_type = answer.header("Content-Type").substr(0, answer.header("Content-Type").find(';'));
    const auto* typed = content->get_object().if_contains(media_type);
    ASSERT_NE(typed, nullptr) << call << " answers " << media_type;
    if (media_type.ends_with("json")) {
      EXPECT_EQ(schemas.check(typed->at("schema"), answer.json()), "") << call << ": " << answer.text();
    }
    answered_.insert(std::to_string(answer.status / 100));
  }

  HubWorld world_;
  HubProcess hub_;
  HubApi api_;
  std::map<std::string, std::string> ids_;
  std::vector<std::string> numbers_;
  std::string connection_;
  std::set<std::string> answered_;
};

TEST_F(OpenApi, EveryRouteAnswersWhatTheDocumentSays) {
  const Schemas schemas(api_.send("GET", "/openapi.json").json());
  std::size_t count = 0;
  // What only looks comes first, what takes away comes last.
  for (const std::string method : {"GET", "POST", "PATCH", "PUT", "DELETE"}) {
    std::string lower = method;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    for (const auto& [pattern, operations] : schemas.paths()) {
      const auto* operation = operations.get_object().if_contains(lower);
      if (operation == nullptr || pattern == "/auth/logout") continue;
      check(schemas, method, std::string(pattern), *operation);
      ++count;
    }
  }
  check(schemas, "POST", "/auth/logout", schemas.paths().at("/auth/logout").at("post"));
  EXPECT_GT(count, 80U);
  EXPECT_EQ(answered_.count("2"), 1U);
}

TEST_F(OpenApi, RequestsAreDescribedWhereABodyIsNeeded) {
  const Schemas schemas(api_.send("GET", "/openapi.json").json());
  for (const auto& [pattern, method] : {std::pair{"/connections", "post"},
                                        {"/jobs/{id}/status", "patch"},
                                        {"/clients", "post"},
                                        {"/auth/login", "post"},
                                        {"/connections/{id}/sync", "post"},
                                        {"/messages", "post"}}) {
    const auto* body = sdk::find_member(schemas.paths().at(pattern).at(method), "requestBody");
    ASSERT_NE(body, nullptr) << pattern;
    EXPECT_TRUE(
        schemas.resolve(body->at("content").at("application/json").at("schema")).get_object().contains("properties"))
        << pattern;
  }
}

}  // namespace
}  // namespace patchbay::testing
