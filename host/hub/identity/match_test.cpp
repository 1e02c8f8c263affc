#include "hub/identity/match.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::identity {
namespace {

std::string next_id() {
  static int number = 0;
  return "new-" + std::to_string(++number);
}

using Kind = Resolution::Kind;

TEST(Match, NobodyHasTheKeys) {
  const auto results = match({{"a", "a@example.com", "+18105550100"}}, {}, {}, next_id);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].kind, Kind::kNew);
}

TEST(Match, EmailGoesBeforePhone) {
  const auto results = match({{"a", "a@example.com", "+18105550100"}}, {{"a@example.com", {{"by-email", false}}}},
                             {{"+18105550100", {{"by-phone", false}}}}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kLink);
  EXPECT_EQ(results[0].entity_id, "by-email");
  EXPECT_EQ(results[0].matched_by, "email");
}

TEST(Match, PhoneCountsWhereNobodyHasTheEmail) {
  const auto results =
      match({{"a", "other@example.com", "+18105550100"}}, {}, {{"+18105550100", {{"by-phone", false}}}}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kLink);
  EXPECT_EQ(results[0].entity_id, "by-phone");
}

TEST(Match, SeveralCandidatesAreReportedNotMerged) {
  const auto results =
      match({{"a", "a@example.com", ""}}, {{"a@example.com", {{"one", false}, {"two", false}}}}, {}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
  EXPECT_EQ(results[0].candidates, (std::vector<std::string>{"one", "two"}));
  EXPECT_FALSE(results[0].within_page);
}

TEST(Match, AnEntityThatHasARecordOfTheServiceIsNotFree) {
  const auto results = match({{"a", "a@example.com", ""}}, {{"a@example.com", {{"one", true}}}}, {}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
}

TEST(Match, TwoRecordsOfAPageThatClaimOneEntityGetNeither) {
  const auto results = match({{"a", "x@example.com", ""}, {"b", "x@example.com", ""}},
                             {{"x@example.com", {{"one", false}}}}, {}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
  EXPECT_EQ(results[1].kind, Kind::kAmbiguous);
  EXPECT_NE(results[0].entity_id, results[1].entity_id);
}

TEST(Match, AKeyContestedElsewhereIsAmbiguousHere) {
  const auto results =
      match({{"a", "x@example.com", ""}}, {{"x@example.com", {{"one", false}}}}, {}, next_id, {{"x@example.com"}, {}});
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
}

TEST(Match, WhatIsTiedByEmailIsNotFreeForAPhone) {
  const auto results = match({{"by-phone", "", "+18105550100"}, {"by-email", "x@example.com", ""}},
                             {{"x@example.com", {{"one", false}}}}, {{"+18105550100", {{"one", false}}}}, next_id);
  EXPECT_EQ(results[1].kind, Kind::kLink);
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
}

TEST(Match, TwoNewRecordsOfOneServiceStayTwo) {
  std::vector<IdentityRecord> records = {{"b", "x@example.com", ""}, {"a", "x@example.com", ""}};
  const auto results = match(records, {}, {}, next_id);
  EXPECT_EQ(results[1].kind, Kind::kNew) << "the smaller external id is the first";
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
  EXPECT_TRUE(results[0].within_page);
  EXPECT_EQ(results[0].candidates, std::vector<std::string>{results[1].entity_id});
}

TEST(Match, WhoOnlyClaimsAKeyIsReportedAndTiedToNothing) {
  const auto results =
      match({{"a", "a@example.com", ""}}, {{"a@example.com", {{"claims", false, false}}}}, {}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kAmbiguous);
  EXPECT_EQ(results[0].candidates, std::vector<std::string>{"claims"});
  EXPECT_NE(results[0].entity_id, "claims");
}

TEST(Match, AClaimDoesNotMakeTheOneThatHasTheKeyAmbiguous) {
  const auto results = match({{"a", "a@example.com", "+18105550100"}},
                             {{"a@example.com", {{"claims", false, false}, {"has", false}}}}, {}, next_id);
  EXPECT_EQ(results[0].kind, Kind::kLink);
  EXPECT_EQ(results[0].entity_id, "has");
  const auto by_phone = match({{"a", "a@example.com", "+18105550100"}}, {{"a@example.com", {{"claims", false, false}}}},
                              {{"+18105550100", {{"has", false}}}}, next_id);
  EXPECT_EQ(by_phone[0].kind, Kind::kLink);
  EXPECT_EQ(by_phone[0].entity_id, "has");
}

TEST(Match, OrderOfRecordsDoesNotMatter) {
  std::vector<IdentityRecord> records = {{"a", "x@example.com", ""},
                                         {"b", "x@example.com", "+18105550100"},
                                         {"c", "", "+18105550100"},
                                         {"d", "free@example.com", ""}};
  const CandidatesByKey emails = {{"free@example.com", {{"one", false}}}};
  const auto kinds_by_id = [&](std::vector<IdentityRecord> shuffled) {
    const auto results = match(shuffled, emails, {}, next_id);
    std::map<std::string, Kind> kinds;
    for (std::size_t at = 0; at < shuffled.size(); ++at) kinds[shuffled[at].external_id] = results[at].kind;
    return kinds;
  };
  const auto expected = kinds_by_id(records);
  std::sort(records.begin(), records.end(),
            [](const auto& left, const auto& right) { return left.external_id < right.external_id; });
  do {
    EXPECT_EQ(kinds_by_id(records), expected);
  } while (std::next_permutation(records.begin(), records.end(), [](const auto& left, const auto& right) {
    return left.external_id < right.external_id;
  }));
}

}  // namespace
}  // namespace patchbay::identity
