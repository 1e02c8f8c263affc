// The same client in two services is one client, whatever order services and pages come in; what is not sure is
// reported.
#include "tests/integration/sync_fixture.hpp"

#include <algorithm>
#include <thread>

namespace patchbay::testing {
namespace {

std::string customer(const std::string& name, const std::string& email, const std::string& phone = {}) {
  sdk::json::object data = {{"name", name}};
  data["email"] = email.empty() ? sdk::json::value(nullptr) : sdk::json::value(email);
  data["phone"] = phone.empty() ? sdk::json::value(nullptr) : sdk::json::value(phone);
  return sdk::json::serialize(data);
}

std::string client(const std::string& name, const std::string& email, const std::string& phone = {}) {
  sdk::json::object data = {{"name", name}, {"emails", sdk::json::array()}, {"phones", sdk::json::array()}};
  if (!email.empty()) data["emails"] = {sdk::json::object{{"address", email}, {"primary", true}}};
  if (!phone.empty()) data["phones"] = {sdk::json::object{{"number", phone}, {"primary", true}}};
  return sdk::json::serialize(data);
}

class IdentityTest : public SyncTest {
 protected:
  IdentityTest() : stripe_(connect("stripe")), jobber_(connect("jobber")) {}

  void add_customer(const std::string& id, const std::string& email, const std::string& phone = {}) {
    service(stripe_).put("customers", id, customer("S " + id, email, phone));
  }
  void add_client(const std::string& id, const std::string& email, const std::string& phone = {}) {
    service(jobber_).put("clients", id, client("J " + id, email, phone));
  }

  const std::string stripe_, jobber_;
};

TEST_F(IdentityTest, EmailIsComparedWithoutCase) {
  add_customer("cus_1", "Jane.Doe@Example.com");
  add_client("c1", "jane.doe@example.COM");
  sync(stripe_);
  const std::string run = sync(jobber_);
  EXPECT_EQ(count("clients"), 1);
  EXPECT_EQ(groups(), (std::set<std::set<std::string>>{{"stripe:cus_1", "jobber:c1"}}));
  EXPECT_NE(counts(run).find("\"merged\": 1"), std::string::npos) << counts(run);
  EXPECT_EQ(value("select metadata->>'matchedBy' from sync_log where operation = 'merge'"), "email");
  EXPECT_EQ(count("identity_conflicts"), 0);
}

TEST_F(IdentityTest, PhonesAreComparedInTheirNormalForm) {
  add_customer("cus_1", "billing@example.com", "+1 810 555 0100");
  add_client("c1", "site@example.com", "(810) 555-0100");
  sync(stripe_);
  sync(jobber_);
  EXPECT_EQ(groups(), (std::set<std::set<std::string>>{{"stripe:cus_1", "jobber:c1"}}));
  EXPECT_EQ(value("select metadata->>'matchedBy' from sync_log where operation = 'merge'"), "phone");
}

TEST_F(IdentityTest, EachServiceOwnsTheFieldsItKnowsBest) {
  service(stripe_).put("customers", "cus_1", R"({"name":"Billing Name","email":"a@example.com","phone":"8105550111"})");
  service(jobber_).put("clients", "c1",
                       R"({"name":"Site Name","emails":[{"address":"A@example.com","primary":true}],"isCompany":true,
      "phones":[{"number":"8105550122","primary":true}]})");
  for (const bool stripe_first : {true, false}) {
    query("truncate clients, entity_links, sync_checkpoints cascade");
    sync(stripe_first ? stripe_ : jobber_);
    sync(stripe_first ? jobber_ : stripe_);
    EXPECT_EQ(value("select name || '/' || email || '/' || phone_e164 || '/' || type from clients"),
              "Site Name/a@example.com/+18105550122/BUSINESS")
        << stripe_first;
    EXPECT_EQ(value("select owners->>'email' from clients"), stripe_);
    EXPECT_EQ(value("select owners->>'name' from clients"), jobber_);
  }
}

TEST_F(IdentityTest, TwoCustomersOfOneServiceWithOneEmailStayTwoAndAreReported) {
  add_customer("cus_1", "shared@example.com");
  add_customer("cus_2", "shared@example.com");
  sync(stripe_);
  EXPECT_EQ(count("clients"), 2);
  EXPECT_EQ(count("identity_conflicts where resolved_at is null"), 1);
  EXPECT_EQ(count("sync_log where operation = 'link' and status = 'skipped' and error_message like 'ambiguous%'"), 1);
}

TEST_F(IdentityTest, WhatSeveralRecordsClaimIsMergedWithNobody) {
  add_customer("cus_1", "shared@example.com");
  add_customer("cus_2", "shared@example.com");
  add_client("c1", "shared@example.com");
  sync(stripe_);
  sync(jobber_);
  EXPECT_EQ(count("clients"), 3);
  EXPECT_EQ(count("identity_conflicts"), 2);
}

/// Every kind of tie, with the records of a shared key on different pages (of 100).
TEST_F(IdentityTest, OrderOfServicesAndPagesDoesNotMatter) {
  add_customer("cus_shared_first", "shared@example.com");
  add_customer("cus_phone_first", "one@example.com", "8105550901");
  for (int number = 0; number < 150; ++number) {
    const std::string id = std::to_string(number);
    add_customer("cus_" + id, "person" + id + "@example.com");
    add_client("c_" + id, number % 3 == 0 ? "PERSON" + id + "@example.com" : "other" + id + "@example.com");
  }
  add_customer("cus_shared_second", "Shared@example.com");
  add_customer("cus_phone_second", "two@example.com", "+18105550901");
  add_client("c_shared", "shared@EXAMPLE.com");
  add_client("c_phone", "three@example.com", "810-555-0901");
  std::set<std::set<std::string>> first_groups;
  for (const bool stripe_first : {true, false}) {
    query("truncate clients, entity_links, sync_checkpoints, identity_conflicts cascade");
    sync(stripe_first ? stripe_ : jobber_);
    sync(stripe_first ? jobber_ : stripe_);
    if (stripe_first) first_groups = groups();
    EXPECT_EQ(groups().size(), 154u + 152u - 50u);
  }
  EXPECT_EQ(groups(), first_groups);
  EXPECT_EQ(count("sync_deferred_records"), 0);
}

TEST_F(IdentityTest, ADeletedClientIsNoCandidate) {
  add_customer("cus_1", "a@example.com");
  sync(stripe_);
  query("update clients set deleted_at = now()");
  add_client("c1", "a@example.com");
  sync(jobber_);
  EXPECT_EQ(count("clients where deleted_at is null"), 1);
  EXPECT_EQ(count("clients"), 2);
}

TEST_F(IdentityTest, TwoConnectionsAtOnceMakeOnePersonOneClient) {
  std::vector<sdk::Record> customers, clients;
  for (int number = 0; number < 60; ++number) {
    const std::string email = "person" + std::to_string(number) + "@example.com";
    sdk::Record record;
    record.resource = "customers";
    record.external_id = "cus_" + std::to_string(number);
    record.data = sdk::parse_json(customer("S", email)).value();
    customers.push_back(record);
    record.resource = "clients";
    record.external_id = "c_" + std::to_string(59 - number);
    record.data = sdk::parse_json(client("J", "person" + std::to_string(59 - number) + "@example.com")).value();
    clients.push_back(record);
  }
  // Small pages in opposite order, all at once.
  const auto apply_all = [&](const std::string& connection_id, const std::vector<sdk::Record>& records) {
    for (std::size_t start = 0; start < records.size(); start += 6) {
      apply(connection_id, {records.begin() + static_cast<std::ptrdiff_t>(start),
                            records.begin() + static_cast<std::ptrdiff_t>(start + 6)});
    }
  };
  std::thread other([&] { apply_all(jobber_, clients); });
  apply_all(stripe_, customers);
  other.join();
  EXPECT_EQ(count("clients"), 60);
  EXPECT_EQ(count("entity_links"), 120);
  EXPECT_EQ(count("identity_conflicts"), 0);
}

}  // namespace
}  // namespace patchbay::testing
