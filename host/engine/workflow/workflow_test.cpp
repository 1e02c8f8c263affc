#include "engine/workflow/workflow.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace patchbay::workflow {
namespace {

const std::vector<std::string> kRoles = {"admin", "manager", "technician", "viewer", "customer_admin", "customer_user"};

Workflows shipped() {
  auto workflows = Workflows::shipped();
  EXPECT_TRUE(workflows.ok()) << (workflows.ok() ? "" : workflows.error().message);
  return std::move(workflows).value();
}

policy::Principal user(const std::string& role) {
  policy::Principal principal;
  principal.kind = policy::Principal::Kind::kUser;
  principal.role = role;
  return principal;
}

using Allowed = std::set<std::tuple<std::string, std::string, std::string>>;  // from, to, role; with a reason, assigned

/// Walks every pair of states × role: exactly `allowed` may be, everything else is forbidden or illegal.
void expect_exactly(const Workflow& workflow, const Allowed& allowed) {
  for (const std::string& from : workflow.all_states()) {
    for (const std::string& to : workflow.all_states()) {
      const auto legal = workflow.legal_moves(from);
      const bool is_legal = std::find(legal.begin(), legal.end(), to) != legal.end();
      for (const std::string& role : kRoles) {
        const auto result = workflow.check(from, to, user(role), true, "because");
        const std::string where = from + " → " + to + " by " + role;
        EXPECT_EQ(result.ok(), allowed.contains({from, to, role})) << where;
        if (!result.ok()) {
          EXPECT_EQ(result.error().code, is_legal ? "policy.forbidden" : "workflow.illegal_move") << where;
        }
      }
    }
  }
}

TEST(JobWorkflow, EveryPairOfStatesByEveryRole) {
  const Workflows workflows = shipped();
  expect_exactly(*workflows.find("job"), {{"tentative", "confirmed", "admin"},
                                          {"confirmed", "assigned", "admin"},
                                          {"assigned", "dispatched", "manager"},
                                          {"dispatched", "in_progress", "technician"},
                                          {"in_progress", "completed", "technician"},
                                          {"completed", "billed", "manager"},
                                          {"tentative", "cancelled", "admin"},
                                          {"confirmed", "cancelled", "admin"},
                                          {"confirmed", "cancelled", "manager"},
                                          {"assigned", "cancelled", "admin"},
                                          {"assigned", "cancelled", "manager"},
                                          {"dispatched", "cancelled", "admin"},
                                          {"dispatched", "cancelled", "manager"},
                                          {"in_progress", "cancelled", "admin"},
                                          {"in_progress", "cancelled", "manager"}});
}

TEST(EstimateWorkflow, EveryPairOfStatesByEveryRole) {
  const Workflows workflows = shipped();
  Allowed allowed = {{"draft", "sent", "admin"}, {"draft", "sent", "manager"}};
  for (const char* role : {"admin", "manager", "customer_admin"}) {
    allowed.insert({"sent", "approved", role});
    allowed.insert({"sent", "declined", role});
  }
  for (const char* role : {"admin", "manager"}) {
    allowed.insert({"declined", "draft", role});
    allowed.insert({"expired", "draft", role});
  }
  expect_exactly(*workflows.find("estimate"), allowed);
}

TEST(InvoiceWorkflow, EveryPairOfStatesByEveryRole) {
  const Workflows workflows = shipped();
  Allowed allowed;
  for (const char* role : {"admin", "manager"}) {
    allowed.insert({"draft", "sent", role});
    allowed.insert({"draft", "void", role});
    allowed.insert({"sent", "void", role});
    allowed.insert({"overdue", "void", role});
  }
  expect_exactly(*workflows.find("invoice"), allowed);
}

TEST(InvoiceWorkflow, PaymentsAndTheClockMoveAsTheHubItself) {
  const Workflows workflows = shipped();
  policy::Principal system;
  system.kind = policy::Principal::Kind::kSystem;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"sent", "partially_paid"},
                                                                                 {"overdue", "paid"},
                                                                                 {"partially_paid", "overdue"},
                                                                                 {"paid", "partially_paid"}}) {
    EXPECT_TRUE(workflows.find("invoice")->check(from, to, system, false, "").ok()) << from << " " << to;
  }
  EXPECT_FALSE(workflows.find("invoice")->check("void", "paid", system, false, "").ok());
}

TEST(JobWorkflow, TechnicianMovesOnlyWhatIsAssignedToHim) {
  const Workflows workflows = shipped();
  const auto result = workflows.find("job")->check("dispatched", "in_progress", user("technician"), false, "");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "policy.forbidden");
}

TEST(JobWorkflow, CancellingNeedsAReasonAndAnIllegalMoveNamesTheLegalOnes) {
  const Workflows workflows = shipped();
  const Workflow& job = *workflows.find("job");
  EXPECT_EQ(job.check("confirmed", "cancelled", user("admin"), false, "").error().code, "workflow.reason_required");
  const auto illegal = job.check("tentative", "billed", user("admin"), false, "");
  EXPECT_NE(illegal.error().message.find("confirmed, cancelled"), std::string::npos) << illegal.error().message;
  EXPECT_EQ(job.check("tentative", "flying", user("admin"), false, "").error().code, "workflow.unknown_state");
  EXPECT_EQ(job.required_fields("confirmed", "assigned"), std::vector<std::string>{"assignedTo"});
}

TEST(JobWorkflow, RankCountsProgressOnly) {
  const Workflows workflows = shipped();
  const Workflow& job = *workflows.find("job");
  EXPECT_EQ(job.rank("tentative"), 0);
  EXPECT_EQ(job.rank("billed"), 6);
  EXPECT_EQ(job.rank("cancelled"), -1);
  EXPECT_EQ(job.initial(), "tentative");
}

TEST(EstimateWorkflow, StaffNeedsAReasonWhereTheCustomerDoesNot) {
  const Workflows workflows = shipped();
  const Workflow& estimate = *workflows.find("estimate");
  EXPECT_TRUE(estimate.check("sent", "approved", user("customer_admin"), false, "").ok());
  EXPECT_EQ(estimate.check("sent", "approved", user("manager"), false, "").error().code, "workflow.reason_required");
}

TEST(Workflow, MistakesNameTheirPlace) {
  const auto root =
      base::yaml::parse("name: x\ninitial: a\nstates: [a, b]\nmoves:\n  - {from: a, to: c, roles: []}\n", "x.yaml");
  ASSERT_TRUE(root.ok());
  const auto workflow = Workflow::load(*root);
  ASSERT_FALSE(workflow.ok());
  EXPECT_EQ(workflow.error().code, "workflow.unknown_state");
  EXPECT_NE(workflow.error().message.find("x.yaml:5"), std::string::npos) << workflow.error().message;
}

}  // namespace
}  // namespace patchbay::workflow
