// Golden texts of every shape of statement: what changes here changes what PostgreSQL plans.
#include "engine/resources/sql.hpp"

#include "engine/resources/field_builder.hpp"

#include <gtest/gtest.h>

namespace patchbay::resources {
namespace {

ResourceDescription boat() {
  ResourceDescription boat;
  boat.kind = "boat";
  boat.path = boat.table = "boats";
  boat.title = "Boat";
  boat.fields = {text("name").required().not_null().searchable().filterable().sortable(),
                 field(FieldType::kEmail, "email").searchable().filterable(),
                 field(FieldType::kTextList, "tags").not_null().filterable(),
                 field(FieldType::kTime, "launchedAt").filterable().sortable(),
                 field(FieldType::kMoney, "price").filterable()};
  boat.row_filters = {{"own", "e.owner_id = {client} or e.crew @> array[{user}]", nullptr}};
  return boat;
}

constexpr std::string_view kColumns =
    "e.id, e.version, e.created_at, e.updated_at, e.deleted_at, e.name, e.email, array_to_json(e.tags) as tags, "
    "e.launched_at, e.price";

class SqlTest : public ::testing::Test {
 protected:
  ListQuery parse(const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::vector<sdk::Error> errors;
    auto query = parse_list_query(boat_, parameters, "US", errors);
    EXPECT_TRUE(query.has_value()) << (errors.empty() ? "" : errors.front().message);
    return query.value_or(ListQuery());
  }
  std::string where(const std::vector<std::pair<std::string, std::string>>& parameters) {
    const std::string text = sql::count(boat_, RowScope::all(), parse(parameters), 0).text;
    const std::string prefix = "select count(*) as count from (select 1 from boats e where e.deleted_at is null";
    EXPECT_TRUE(text.starts_with(prefix)) << text;
    return text.substr(prefix.size(), text.size() - prefix.size() - 3);
  }
  const ResourceDescription boat_ = boat();
  const std::string id_ = "11111111-1111-4111-8111-111111111111";
};

TEST_F(SqlTest, OneRow) {
  const auto statement = sql::select_one(boat_, RowScope::all(), id_);
  EXPECT_EQ(statement.text,
            "select " + std::string(kColumns) + " from boats e where e.id = $1::uuid and e.deleted_at is null");
  EXPECT_EQ(statement.params, (storage::Params{id_}));
}

TEST_F(SqlTest, RowFilterTakesItsValuesAsParameters) {
  const RowScope scope{RowScope::Kind::kFiltered, &boat_.row_filters.front(), "c", ""};
  const auto statement = sql::exists(boat_, scope, id_);
  EXPECT_EQ(statement.text,
            "select e.id from boats e where e.id = $1::uuid and e.deleted_at is null and "
            "(e.owner_id = $2::uuid or e.crew @> array[$3::uuid])");
  EXPECT_EQ(statement.params, (storage::Params{id_, "c", std::nullopt}));
  EXPECT_TRUE(sql::exists(boat_, RowScope(), id_).text.ends_with(" and false"));
}

TEST_F(SqlTest, FirstPageReadsTheOrderIndex) {
  const auto statement = sql::select_list(boat_, RowScope::all(), parse({}));
  EXPECT_EQ(statement.text, "select " + std::string(kColumns) +
                                " from (select * from boats e where e.deleted_at is null order by e.updated_at desc, "
                                "e.id desc limit 21) e order by e.updated_at desc, e.id desc");
}

TEST_F(SqlTest, LaterPagesPassOverIdsOnly) {
  const auto statement =
      sql::select_list(boat_, RowScope::all(), parse({{"page", "3"}, {"pageSize", "10"}, {"sort", "name"}}));
  EXPECT_EQ(statement.text, "select " + std::string(kColumns) +
                                " from (select e.id from boats e where e.deleted_at is null order by e.name, e.id "
                                "limit 11 offset $1::bigint) p join boats e on e.id = p.id order by e.name, e.id");
  EXPECT_EQ(statement.params, (storage::Params{"20"}));
}

TEST_F(SqlTest, Filters) {
  EXPECT_EQ(where({{"name", "a"}}), " and e.name = $1::text");
  EXPECT_EQ(where({{"name", "a,b"}}), " and e.name = any ($1::text[])");
  EXPECT_EQ(where({{"name[ne]", "a"}}), " and (e.name is null or e.name <> all ($1::text[]))");
  EXPECT_EQ(where({{"email", "A@b.c"}}), " and lower(e.email) = $1::text");
  EXPECT_EQ(where({{"tags", "a"}}), " and e.tags && $1::text[]");
  EXPECT_EQ(where({{"tags[ne]", "a"}}), " and not (e.tags && $1::text[])");
  EXPECT_EQ(where({{"launchedAt[gte]", "2026-01-01"}, {"launchedAt[lt]", "2026-02-01"}}),
            " and e.launched_at >= $1::timestamptz and e.launched_at < $2::timestamptz");
  EXPECT_EQ(where({{"launchedAt[null]", "true"}}), " and e.launched_at is null");
  EXPECT_EQ(where({{"launchedAt[null]", "false"}}), " and e.launched_at is not null");
  EXPECT_EQ(where({{"price[gt]", "10.5"}}), " and e.price > $1::numeric");
  EXPECT_EQ(where({{"search", "a%b_c xy"}}),
            " and (coalesce(e.name,'') || ' ' || coalesce(e.email,'')) ilike $1::text"
            " and (coalesce(e.name,'') || ' ' || coalesce(e.email,'')) ilike $2::text");
  const auto statement = sql::count(boat_, RowScope::all(), parse({{"search", "a%b_c\\"}}), 0);
  EXPECT_EQ(statement.params, (storage::Params{"%a\\%b\\_c\\\\%"}));
}

TEST_F(SqlTest, CountsStopAndEstimatesArePlans) {
  EXPECT_EQ(sql::count(boat_, RowScope::all(), parse({}), 1'001).text,
            "select count(*) as count from (select 1 from boats e where e.deleted_at is null limit 1001) c");
  EXPECT_EQ(sql::estimate(boat_, RowScope::all(), parse({})).text,
            "explain (format json) select 1 from boats e where e.deleted_at is null");
}

TEST_F(SqlTest, KeysetOfOneDirectionIsARowComparison) {
  ListQuery query = parse({{"sort", "-updatedAt"}});
  query.by_cursor = true;
  query.after = {"2026-01-01 00:00:00+00", id_};
  EXPECT_NE(sql::select_list(boat_, RowScope::all(), query)
                .text.find(" and (e.updated_at, e.id) < ($1::timestamptz, $2::uuid) order by"),
            std::string::npos);
}

TEST_F(SqlTest, KeysetOfNullableOrMixedKeysIsSpelledOut) {
  ListQuery query = parse({{"sort", "-launchedAt,name"}});
  query.by_cursor = true;
  query.after = {"2026-01-01 00:00:00+00", "x", id_};
  const std::string text = sql::select_list(boat_, RowScope::all(), query).text;
  EXPECT_NE(
      text.find(" and e.launched_at <= $1::timestamptz and ((e.launched_at < $2::timestamptz) or "
                "(e.launched_at is not distinct from $3::timestamptz and e.name > $4::text) or "
                "(e.launched_at is not distinct from $3::timestamptz and e.name is not distinct from $5::text and "
                "e.id < $6::uuid))"),
      std::string::npos)
      << text;
  query.after = {std::nullopt, "x", id_};
  EXPECT_NE(sql::select_list(boat_, RowScope::all(), query).text.find(" and ((e.launched_at is not null) or "),
            std::string::npos);
}

TEST_F(SqlTest, DeltaListsHoldDeletedRows) {
  const std::string text = sql::select_list(boat_, RowScope::all(), parse({{"updatedSince", "2026-01-01"}})).text;
  EXPECT_EQ(text.find("deleted_at is null"), std::string::npos);
  EXPECT_NE(text.find("where e.updated_at >= $1::timestamptz order by e.updated_at, e.id limit 21"), std::string::npos)
      << text;
}

TEST_F(SqlTest, Writes) {
  const Field* name = boat_.find_field("name");
  const Field* tags = boat_.find_field("tags");
  EXPECT_EQ(sql::insert_one(boat_, id_, {{name, "x"}, {tags, "{}"}}).text,
            "insert into boats as e (id, name, tags) values ($1::uuid, $2::text, $3::text[]) returning " +
                std::string(kColumns));
  EXPECT_EQ(sql::update_one(boat_, id_, {{name, "x"}}).text,
            "update boats e set name = $1::text, version = e.version + 1, updated_at = now() where e.id = $2::uuid "
            "returning " +
                std::string(kColumns));
  EXPECT_EQ(sql::insert_many(boat_, {{name, tags}, true}, {"{}", "{}", "{}", "{}"}).text,
            "insert into boats (id, name, tags, owners) select u.c0::uuid, u.c1::text, u.c2::text[], u.c3::jsonb from "
            "unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u (c0, c1, c2, c3)");
  EXPECT_EQ(
      sql::update_many(boat_, {{name}, true}, {"{}", "{}", "{}"}).text,
      "update boats e set name = u.c1::text, owners = e.owners || u.c2::jsonb, version = e.version + 1, updated_at = "
      "now(), deleted_at = null from unnest($1::text[], $2::text[], $3::text[]) as u (c0, c1, c2) where e.id = "
      "u.c0::uuid returning " +
          std::string(kColumns));
  EXPECT_EQ(sql::lock_many(boat_, "{}").text,
            "select " + std::string(kColumns) + " from boats e where e.id = any ($1::uuid[]) order by e.id for update");
}

TEST_F(SqlTest, LinksAreReadOnlyForSyncedKinds) {
  ResourceDescription synced = boat_;
  synced.synced = true;
  const std::string one = sql::select_one(synced, RowScope::all(), id_).text;
  EXPECT_NE(one.find("l.entity_kind = 'boat' and l.entity_id = e.id"), std::string::npos);
  EXPECT_NE(one.find(", k.links from boats e left join lateral"), std::string::npos);
  EXPECT_EQ(sql::select_list(synced, RowScope::all(), parse({})).text.find("k.links"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::resources
