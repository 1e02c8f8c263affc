#include "engine/policy/policy.hpp"

#include <gtest/gtest.h>

namespace patchbay::policy {
namespace {

Policy shipped() {
  auto policy = Policy::shipped();
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message);
  return std::move(policy).value();
}

struct Row {
  const char* permission;
  // admin, manager, technician, viewer, customer_admin, customer_user
  const char* allowed;
};

// The matrices of the documents, one line for each action: x = may, . = may not.
constexpr Row kMatrix[] = {
    {"list:clients", "xxxx.."},      {"read:clients", "xxxxxx"},     {"create:clients", "xx...."},
    {"write:clients", "xx..x."},     {"clients:manage", "xx...."},   {"delete:clients", "xx...."},
    {"read:jobs", "xxxxxx"},         {"jobs:create", "x....."},      {"write:jobs", "xx...."},
    {"jobs:edit", "x....."},         {"jobs:assign", "x....."},      {"jobs:dispatch", ".x...."},
    {"jobs:schedule", "xx...."},     {"jobs:move", "xxx..."},        {"jobs:notes", "xxx..."},
    {"jobs:delete", "x....."},      {"read:estimates", "xxxxxx"},
    {"write:estimates", "xx...."},   {"estimates:decide", "xx..x."}, {"read:invoices", "xx.xxx"},
    {"write:invoices", "xx...."},    {"invoices:pay", "xx..xx"},     {"read:payments", "xx.xxx"},
    {"write:payments", "xx...."},    {"read:messages", "xxxxxx"},    {"write:messages", "xxx..."},
    {"read:dashboard", "xx.x.."},    {"read:users", "xx...."},       {"write:users", "x....."},
    {"write:connections", "x....."}, {"read:connections", "xx...."}, {"read:health", "xx.x.."},
    {"read:sync", "xx...."},         {"read:audit", "x....."},       {"read:operations", "x....."},
    {"read:statistics", "x....."},   {"read:reports", "xx.x.."},     {"connections:operate", "x....."}};

TEST(Policy, EveryRoleHasExactlyWhatTheMatrixSays) {
  const Policy policy = shipped();
  ASSERT_EQ(policy.roles().size(), 6U);
  for (const Row& row : kMatrix) {
    ASSERT_TRUE(policy.is_permission(row.permission)) << row.permission;
    for (std::size_t i = 0; i < policy.roles().size(); ++i) {
      EXPECT_EQ(policy.allows(policy.roles()[i], row.permission), row.allowed[i] == 'x')
          << policy.roles()[i] << " " << row.permission;
    }
  }
}

TEST(Policy, ViewerHasNoWordThatWrites) {
  for (const std::string& word : shipped().permissions("viewer")) {
    EXPECT_TRUE(word.starts_with("read:") || word.starts_with("list:")) << word;
  }
}

TEST(Policy, UnknownRoleUnknownWordAndAnonymousMayNothing) {
  const Policy policy = shipped();
  EXPECT_FALSE(policy.allows("owner", "read:clients"));
  EXPECT_FALSE(policy.allows("admin", "fly:planes"));
  EXPECT_FALSE(policy.is_permission("fly:planes"));
  Principal nobody;
  nobody.role = "admin";
  EXPECT_FALSE(policy.allows(nobody, "read:clients"));
  Principal system;
  system.kind = Principal::Kind::kSystem;
  EXPECT_TRUE(policy.allows(system, "read:clients"));
}

TEST(Policy, RowFiltersAreNoneUnlessSaid) {
  const Policy policy = shipped();
  EXPECT_EQ(policy.row_filter("manager", "job"), "confirmed");
  EXPECT_EQ(policy.row_filter("viewer", "job"), "confirmed");
  EXPECT_EQ(policy.row_filter("technician", "job"), "assigned");
  EXPECT_EQ(policy.row_filter("customer_user", "client"), "own");
  EXPECT_EQ(policy.row_filter("technician", "invoice"), "none");
  EXPECT_EQ(policy.row_filter("admin", "spaceship"), "none");
  EXPECT_EQ(policy.row_filter("owner", "client"), "none");
}

TEST(Policy, RolesHaveManySpellings) {
  EXPECT_EQ(Policy::canonical_role("TECH"), "technician");
  EXPECT_EQ(Policy::canonical_role("Agent"), "manager");
  EXPECT_EQ(Policy::canonical_role("office_manager"), "manager");
  EXPECT_EQ(Policy::canonical_role("CUSTOMER_ADMIN"), "customer_admin");
  EXPECT_FALSE(Policy::canonical_role("root").has_value());
}

TEST(Policy, MistakesNameTheirPlace) {
  const auto misspelt = base::yaml::parse("roles: [admin]\npermissions:\n  a:b: [adnin]\nrows: {}\n", "policy.yaml");
  ASSERT_TRUE(misspelt.ok());
  const auto unknown_role = Policy::load(*misspelt);
  ASSERT_FALSE(unknown_role.ok());
  EXPECT_EQ(unknown_role.error().code, "policy.unknown_role");
  EXPECT_NE(unknown_role.error().message.find("policy.yaml:3"), std::string::npos) << unknown_role.error().message;
  const auto root = base::yaml::parse("roles: [admin]\npermisions: {}\nrows: {}\n", "policy.yaml");
  ASSERT_TRUE(root.ok());
  const auto unknown_key = Policy::load(*root);
  ASSERT_FALSE(unknown_key.ok());
  EXPECT_NE(unknown_key.error().message.find("'permissions'"), std::string::npos) << unknown_key.error().message;
}

}  // namespace
}  // namespace patchbay::policy
