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

/// Who registers with somebody's e-mail, or writes it into his own client, must not be taken for that person.
class ClaimedContactTest : public IdentityTest {
 protected:
  std::string make_client(const resources::Actor& actor, const sdk::json::object& body) {
    std::string id;
    write([&](storage::Session& session, std::vector<sdk::Error>& errors) {
      auto made = writer_.create(session, client_description(), actor, body, errors);
      if (made.ok()) id = made->entity_id;
      return made;
    });
    return id;
  }
  void change(const resources::Actor& actor, const std::string& id, const sdk::json::object& body) {
    write([&](storage::Session& session, std::vector<sdk::Error>& errors) {
      return writer_.update(session, client_description(), actor, id, body, std::nullopt, errors);
    });
  }
  std::string register_client(const std::string& email, const std::string& phone) {
    return make_client(
        {}, {{"name", "Registered"}, {"email", email}, {"phone", phone}, {"unverifiedContacts", {"email", "phone"}}});
  }
  resources::Actor customer_of(const std::string& client_id) const {
    resources::Actor actor = user();
    actor.principal.role = "customer_admin";
    actor.principal.client_id = client_id;
    return actor;
  }
  std::int64_t links_of(const std::string& id) { return count("entity_links where entity_id = $1::uuid", {id}); }
  std::string marks_of(const std::string& id) {
    return value("select unverified_contacts::text from clients where id = $1::uuid", {id});
  }

 private:
  const resources::ResourceDescription& client_description() const { return *registry_.find("client"); }
  template <typename Write>
  void write(Write&& act) {
    const auto written =
        pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          std::vector<sdk::Error> errors;
          PATCHBAY_TRY(act(session, errors));
          return {};
        });
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
};

TEST_F(ClaimedContactTest, WhoRegistersWithAnothersContactsGetsNothingOfHis) {
  const std::string thief = register_client("victim@example.com", "+18105550100");
  add_customer("cus_1", "Victim@example.com");
  add_customer("cus_2", "other@example.com", "8105550100");
  sync(stripe_);
  EXPECT_EQ(links_of(thief), 0);
  EXPECT_EQ(count("clients"), 3);
  EXPECT_EQ(count("identity_conflicts where candidates = array[$1::uuid] and resolved_at is null", {thief}), 2);
}

TEST_F(ClaimedContactTest, AClaimStandsInNobodysWay) {
  const std::string thief = register_client("victim@example.com", "+18105550100");
  add_customer("cus_1", "victim@example.com");
  sync(stripe_);
  add_client("c1", "victim@example.com");
  sync(jobber_);
  EXPECT_EQ(links_of(thief), 0);
  EXPECT_EQ(groups(), (std::set<std::set<std::string>>{{"stripe:cus_1", "jobber:c1"}}));
}

TEST_F(ClaimedContactTest, ACustomersEditIsAClaimToo) {
  const std::string own = make_client(user(), {{"name", "Mallory"}, {"email", "mallory@example.com"}});
  EXPECT_EQ(marks_of(own), "{}") << "staff knows";
  change(customer_of(own), own, {{"email", "MALLORY@example.com"}});
  EXPECT_EQ(marks_of(own), "{}") << "the same address";
  change(customer_of(own), own, {{"email", "victim@example.com"}});
  EXPECT_EQ(marks_of(own), "{email}");
  add_customer("cus_1", "victim@example.com");
  sync(stripe_);
  EXPECT_EQ(links_of(own), 0);
}

TEST_F(ClaimedContactTest, StaffConfirmsAContactByWritingItUnchangedToo) {
  const std::string id = register_client("jane@example.com", "+18105550100");
  change(user(), id, {{"notes", "called"}});
  EXPECT_EQ(marks_of(id), "{email,phone}");
  change(customer_of(id), id, {{"email", "jane@example.com"}});
  EXPECT_EQ(marks_of(id), "{email,phone}") << "nobody confirms himself";
  change(user(), id, {{"email", "jane@example.com"}});
  EXPECT_EQ(marks_of(id), "{phone}");
  add_customer("cus_1", "jane@example.com");
  sync(stripe_);
  EXPECT_EQ(links_of(id), 1);
}

/// A service sends back what the hub told it, in its own spelling; that says nothing about whose address it is.
TEST_F(ClaimedContactTest, AnEchoIsNoConfirmationButAServicesOwnContactIs) {
  add_client("c1", "mallory@example.com", "8105550111");
  sync(jobber_);
  const std::string own = value("select id from clients");
  change(customer_of(own), own, {{"phone", "+1 810 555 0100"}});
  ASSERT_EQ(marks_of(own), "{phone}");
  write_back();
  add_client("c1", "mallory@example.com", "(810) 555-0100");
  sync(jobber_);
  EXPECT_EQ(marks_of(own), "{phone}");
  add_client("c1", "mallory@example.com", "(810) 555-0122");
  sync(jobber_);
  EXPECT_EQ(marks_of(own), "{}");
}

/// Messages go to the client with the number: one that is only claimed would show them to the wrong person.
TEST_F(ClaimedContactTest, NoMessageIsShownToWhoClaimsItsNumber) {
  const std::string thief = register_client("thief@example.com", "+18105550100");
  const std::string twilio = connect("twilio");
  service(twilio).put("messages", "SM1",
                      R"({"sid":"SM1","direction":"inbound","from":"+18105550100","to":"+18105550199","body":"hello",
      "status":"received","date_sent":"2026-01-02T03:04:05Z","date_created":"2026-01-02T03:04:05Z"})");
  sync(twilio);
  EXPECT_EQ(count("messages where client_id is null"), 1);
  add_customer("cus_1", "victim@example.com", "8105550100");
  sync(stripe_);
  sync(twilio);
  EXPECT_EQ(count("messages where client_id = $1::uuid", {thief}), 0);
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
