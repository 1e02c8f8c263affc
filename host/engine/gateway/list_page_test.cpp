#include "engine/gateway/list_page.hpp"

#include <gtest/gtest.h>

namespace patchbay::gateway {
namespace {

sdk::Result<ListPage> parse(const std::string& query) {
  http::Request request;
  request.query = http::parse_query(query).value();
  return parse_list_page(request, {{"connectionId", ListFilter::Kind::kId, {}},
                                   {"state", ListFilter::Kind::kWord, {"due", "done"}},
                                   {"topic", ListFilter::Kind::kText, {}}});
}

TEST(ListPage, ReadsWhatTheListKnows) {
  const auto page =
      parse("pageSize=200&cursor=17&state=due&topic=&connectionId=01a1fc89-0000-7000-8000-000000000000").value();
  EXPECT_EQ(page.page_size, 200U);
  EXPECT_EQ(page.cursor, "17");
  EXPECT_EQ(page.filter("state"), "due");
  EXPECT_EQ(page.filter("topic"), "");
  EXPECT_EQ(page.filters.size(), 2U) << "an empty value is as none";
  EXPECT_EQ(parse("").value().page_size, 20U);
}

TEST(ListPage, RefusesEverythingElseAndNamesIt) {
  for (const std::string query : {"pageSize=0", "pageSize=201", "pageSize=1e3", "pageSize=-1", "pageSize="}) {
    const auto page = parse(query);
    ASSERT_FALSE(page.ok()) << query;
    EXPECT_EQ(page.error().code, "query.number") << query;
    EXPECT_EQ(page.error().field, "pageSize");
  }
  EXPECT_EQ(parse("page=2").error().code, "query.unknown_parameter");
  EXPECT_EQ(parse("sate=due").error().message, "'sate' is not a parameter of this list, did you mean 'state'?");
  EXPECT_EQ(parse("state=gone").error().message, "state must be one of due, done.");
  EXPECT_EQ(parse("connectionId=7").error().field, "connectionId");
  EXPECT_EQ(parse("topic=" + std::string(256, 'x')).error().code, "query.filter");
}

}  // namespace
}  // namespace patchbay::gateway
