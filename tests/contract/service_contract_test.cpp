// What every connector owes its host, put to each of them unchanged with its service in the sandbox.
#include "tests/contract/connected_service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::ErrorClass;

constexpr int kPagesMax = 2'000;

/// All that is particular to a service.
struct ServiceCase {
  std::string name;
  sdk::json::object (*connection)(const SandboxProcess&);
  std::string changed_kind;      // of the sandbox: records that change and are removed below
  std::string changed_resource;  // of the connector
  friend void PrintTo(const ServiceCase& service, std::ostream* out) { *out << service.name; }
};

sdk::json::object google_connection(const SandboxProcess& sandbox) {
  return {{"connector", "google"},
          {"options",
           {{"apiBase", sandbox.url("/google")},
            {"authorizeUrl", sandbox.url("/google/o/oauth2/v2/auth")},
            {"tokenUrl", sandbox.url("/google/token")}}},
          {"credentials", {{"clientId", "google-sandbox-client"}, {"clientSecret", "google-sandbox-secret"}}}};
}

const ServiceCase kServices[] = {
    {"stripe", [](const SandboxProcess& sandbox) { return sandbox.stripe_connection(); }, "customers", "customers"},
    {"jobber", [](const SandboxProcess& sandbox) { return sandbox.jobber_connection(); }, "clients", "clients"},
    {"quickbooks", [](const SandboxProcess& sandbox) { return sandbox.quickbooks_connection(); }, "customers",
     "customers"},
    {"slack", [](const SandboxProcess& sandbox) { return sandbox.slack_connection(false); }, "", ""},
    {"twilio", [](const SandboxProcess& sandbox) { return sandbox.twilio_connection(); }, "", ""},
    {"google", google_connection, "", ""},
};

class ServiceContract : public ::testing::TestWithParam<ServiceCase> {
 protected:
  ServiceContract()
      : sandbox_({"--clients", "120", "--seed", "3"}), service_(sandbox_, GetParam().connection(sandbox_)) {}

  static sdk::CallContext within(std::chrono::milliseconds limit) {
    sdk::CallContext context;
    context.deadline = std::chrono::steady_clock::now() + limit;
    return context;
  }
  std::vector<std::string> listed_resources() const {
    std::vector<std::string> names;
    for (const auto& resource : service_.description().resources) {
      if (resource.list) names.push_back(resource.name);
    }
    return names;
  }
  void fault(const std::string& kind, sdk::json::object more = {{"count", 1}}) {
    more["service"] = GetParam().name;
    more["kind"] = kind;
    sandbox_.control("POST", "/faults", more);
  }
  void clear_faults() { sandbox_.control("DELETE", "/faults", sdk::json::object()); }

  struct Walk {
    std::vector<std::string> ids;
    std::map<std::string, sdk::json::value> shown;  // by id
    std::vector<std::string> cursors;               // each asks for the page after the one before
    std::string checkpoint;
    std::optional<sdk::Record> first;
  };
  static void take(const sdk::Page& page, Walk& walk) {
    for (const auto& record : page.records) {
      walk.ids.push_back(record.external_id);
      // Slack shows some answers in their thread and in their channel: the same record, then, both times.
      const auto [known, fresh] = walk.shown.emplace(record.external_id, record.data);
      EXPECT_TRUE(fresh || known->second == record.data) << record.external_id << " came twice, not the same";
      if (!walk.first && !record.deleted) walk.first = record;
    }
    EXPECT_TRUE(page.problems.empty()) << page.problems.front().message;
    if (!page.checkpoint.empty()) walk.checkpoint = page.checkpoint;
    if (!page.next_cursor.empty()) walk.cursors.push_back(page.next_cursor);
  }
  /// From `cursor` to the end.
  static Walk walk(sdk::ServiceClient& client, const std::string& resource, const std::string& cursor = "",
                   sdk::SyncMode mode = sdk::SyncMode::kFull, const std::string& checkpoint = "") {
    Walk walk;
    sdk::ListRequest request{resource, mode, cursor, checkpoint, 40, {}};
    for (int pages = 0; pages < kPagesMax; ++pages) {
      const auto page = client.list(within(20s), request);
      if (!page.ok()) {
        ADD_FAILURE() << resource << ": " << page.error().code << " " << page.error().message;
        return walk;
      }
      take(*page, walk);
      if (page->next_cursor.empty()) return walk;
      EXPECT_NE(page->next_cursor, request.page_cursor) << resource << ": a page that leads to itself";
      request.page_cursor = page->next_cursor;
    }
    ADD_FAILURE() << resource << ": the pages do not end";
    return walk;
  }
  static std::set<std::string> unique(const std::vector<std::string>& ids) { return {ids.begin(), ids.end()}; }

  SandboxProcess sandbox_;
  ConnectedService service_;
};

TEST_P(ServiceContract, TellsWhoseAccountItIsAndThatItWorks) {
  const auto client = service_.client();
  const auto account = client->authenticate(within(10s));
  ASSERT_TRUE(account.ok()) << account.error().message;
  EXPECT_FALSE(account->account_id.empty());
  EXPECT_FALSE(account->name.empty());
  const auto health = client->health_check(within(10s));
  ASSERT_TRUE(health.ok()) << health.error().message;
  EXPECT_TRUE(health->healthy) << health->message;
}

TEST_P(ServiceContract, PagesEndAndAgreeWithGet) {
  const auto client = service_.client();
  for (const auto& resource : listed_resources()) {
    const Walk all = walk(*client, resource);
    EXPECT_FALSE(unique(all.ids).contains("")) << resource;
    if (!all.first || !service_.description().find_resource(resource)->get) continue;
    EXPECT_EQ(all.first->resource, resource);
    const auto one = client->get(within(10s), resource, all.first->external_id);
    ASSERT_TRUE(one.ok()) << resource << ": " << one.error().message;
    EXPECT_EQ(one->external_id, all.first->external_id);
    EXPECT_EQ(one->resource, resource);
  }
}

TEST_P(ServiceContract, AnotherClientGoesOnFromACursor) {
  const auto client = service_.client();
  for (const auto& resource : listed_resources()) {
    const Walk all = walk(*client, resource);
    if (all.cursors.empty()) continue;
    const std::string& cursor = all.cursors[all.cursors.size() / 2];
    const auto other = service_.client();
    const Walk first_try = walk(*client, resource, cursor);
    const Walk rest = walk(*other, resource, cursor);
    EXPECT_EQ(rest.ids, first_try.ids) << resource << ": a cursor means something else to another client";
    const auto everything = unique(all.ids);
    for (const auto& id : rest.ids) EXPECT_TRUE(everything.contains(id)) << resource << " " << id;
    EXPECT_LT(rest.ids.size(), all.ids.size()) << resource << ": the cursor leads back to the beginning";
  }
}

TEST_P(ServiceContract, AnIncrementalListEndsAndSeesChangesAndDeletions) {
  const auto client = service_.client();
  for (const auto& resource : service_.description().resources) {
    if (!resource.list || !resource.incremental) continue;
    const Walk full = walk(*client, resource.name);
    EXPECT_FALSE(full.checkpoint.empty()) << resource.name << ": incremental, but a run leaves no checkpoint";
    walk(*client, resource.name, "", sdk::SyncMode::kIncremental, full.checkpoint);
  }
  const auto& changed = GetParam();
  if (changed.changed_kind.empty()) return;
  const Walk full = walk(*client, changed.changed_resource);
  ASSERT_FALSE(full.ids.empty());
  sandbox_.control("POST", "/burst", {{"service", changed.name}, {"kind", changed.changed_kind}, {"count", 3}});
  const Walk delta = walk(*client, changed.changed_resource, "", sdk::SyncMode::kIncremental, full.checkpoint);
  EXPECT_FALSE(delta.ids.empty()) << "changes are not seen";
}

TEST_P(ServiceContract, WhatTheServiceDoesNotKnowIsNotFound) {
  const auto client = service_.client();
  for (const auto& resource : service_.description().resources) {
    if (!resource.get || !resource.list) continue;
    const Walk all = walk(*client, resource.name);
    if (!all.first) continue;
    // The shape of an id of this service, but nobody's.
    std::string nobody = all.first->external_id;
    std::reverse(nobody.begin() + static_cast<std::ptrdiff_t>(nobody.size() / 2), nobody.end());
    nobody.back() = nobody.back() == '7' ? '8' : '7';
    if (unique(all.ids).contains(nobody)) continue;
    const auto found = client->get(within(10s), resource.name, nobody);
    if (found.ok()) {
      EXPECT_TRUE(found->deleted) << resource.name << " " << nobody;
    } else {
      EXPECT_TRUE(found.error().error_class == ErrorClass::kNotFound ||
                  found.error().error_class == ErrorClass::kInvalid)
          << resource.name << ": " << sdk::error_class_name(found.error().error_class) << " " << found.error().message;
    }
  }
}

TEST_P(ServiceContract, AnExpiredTokenIsRenewedOrReported) {
  const auto client = service_.client();
  const std::string resource = listed_resources().front();
  fault("expired_token");
  const auto page = client->list(within(10s), {resource, sdk::SyncMode::kFull, "", "", 20, {}});
  const auto& oauth2 = service_.description().oauth2;
  if (oauth2 && oauth2->tokens_expire && oauth2->grant == sdk::OAuth2Description::Grant::kAuthorizationCode) {
    EXPECT_TRUE(page.ok()) << page.error().message;
  } else if (!page.ok()) {
    EXPECT_EQ(page.error().error_class, ErrorClass::kAuth) << page.error().message;
  }
  clear_faults();
  EXPECT_TRUE(client->list(within(10s), {resource, sdk::SyncMode::kFull, "", "", 20, {}}).ok());
}

TEST_P(ServiceContract, FailuresHaveTheClassThatLetsTheHostDoTheRightThing) {
  const auto client = service_.client();
  const std::string resource = listed_resources().front();
  const std::pair<const char*, std::set<ErrorClass>> kFailures[] = {
      {"rate_limit", {ErrorClass::kRateLimited}},
      {"server_error", {ErrorClass::kTransient}},
      {"reset", {ErrorClass::kTransient}},
      {"malformed", {ErrorClass::kTransient}},
  };
  for (const auto& [kind, classes] : kFailures) {
    fault(kind, {{"share", 1.0}});
    const auto page = client->list(within(10s), {resource, sdk::SyncMode::kFull, "", "", 20, {}});
    clear_faults();
    ASSERT_FALSE(page.ok()) << kind << ": taken for a page";
    EXPECT_TRUE(classes.contains(page.error().error_class))
        << kind << ": " << sdk::error_class_name(page.error().error_class) << " " << page.error().code;
    EXPECT_FALSE(page.error().message.empty()) << kind;
    const auto again = client->list(within(10s), {resource, sdk::SyncMode::kFull, "", "", 20, {}});
    EXPECT_TRUE(again.ok()) << "after " << kind << ": " << again.error().message;
  }
}

TEST_P(ServiceContract, ASlowServiceCostsTheDeadlineAndNoMore) {
  const auto client = service_.client();
  fault("latency", {{"share", 1.0}, {"milliseconds", 20'000}});
  const auto started = std::chrono::steady_clock::now();
  const auto page = client->list(within(400ms), {listed_resources().front(), sdk::SyncMode::kFull, "", "", 20, {}});
  ASSERT_FALSE(page.ok());
  EXPECT_TRUE(page.error().error_class == ErrorClass::kTransient || page.error().error_class == ErrorClass::kCancelled)
      << sdk::error_class_name(page.error().error_class);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 10s) << "the deadline was not kept";
  clear_faults();
}

TEST_P(ServiceContract, ACancelledCallAsksNothing) {
  const auto client = service_.client();
  auto context = within(10s);
  context.cancel.cancel();
  const auto page = client->list(context, {listed_resources().front(), sdk::SyncMode::kFull, "", "", 20, {}});
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().error_class, ErrorClass::kCancelled) << page.error().code;
}

TEST_P(ServiceContract, ClientsOfAllThreadsSeeTheSame) {
  const std::string resource = listed_resources().front();
  const auto expected = unique(walk(*service_.client(), resource).ids);
  std::vector<std::thread> threads;
  std::vector<std::set<std::string>> seen(4);
  for (auto& ids : seen) {
    threads.emplace_back(
        [&, client = std::shared_ptr(service_.client())] { ids = unique(walk(*client, resource).ids); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& ids : seen) EXPECT_EQ(ids, expected);
}

INSTANTIATE_TEST_SUITE_P(Connectors, ServiceContract, ::testing::ValuesIn(kServices),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace patchbay::testing
