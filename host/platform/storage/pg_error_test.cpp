#include "platform/storage/pg_error.hpp"

#include "platform/storage/pg_conninfo.hpp"

#include <gtest/gtest.h>

namespace patchbay::storage {
namespace {

TEST(ReadsOnly, ErrsOnTheSideOfWriting) {
  for (const char* sql :
       {"select 1", "  SELECT x", "(select 1) union all (select 2)", "values (1)", "show all", "table t"}) {
    EXPECT_TRUE(reads_only(sql)) << sql;
  }
  for (const char* sql : {"insert into t values (1)", "with x as (delete from t returning 1) select * from x",
                          "selection", "update t set a = 1", "do $$ begin end $$"}) {
    EXPECT_FALSE(reads_only(sql)) << sql;
  }
}

TEST(MakeSqlError, NamesTheConstraintInWhateverPlaceItStands) {
  const auto field = [](std::string state, std::string message) {
    return make_sql_error({std::move(state), std::move(message), {}, {}}, "insert", {}).field.value_or("");
  };
  EXPECT_EQ(field("23505", "ERROR:  duplicate key value violates unique constraint \"users_email_key\""),
            "users_email_key");
  EXPECT_EQ(
      field("23503", "ERROR:  update or delete on table \"a\" violates foreign key constraint \"b_fk\" on table \"b\""),
      "b_fk");
  EXPECT_EQ(field("23502", "ERROR:  null value in column \"name\" of relation \"t\" violates not-null constraint"),
            "name");
  EXPECT_EQ(field("23514", "ERROR:  new row for relation \"t\" violates check constraint \"t_check\""), "t_check");
  EXPECT_EQ(field("23505", "FEHLER:  doppelter Schlüsselwert verletzt Unique-Constraint \"users_email_key\""),
            "users_email_key");
}

TEST(MakeSqlError, NeverTellsTheCallerWhatTheServerSaid) {
  const auto error =
      make_sql_error({"22P02", "invalid input syntax for type integer: \"hunter2\"", {}, {}}, "select", {"hunter2"});
  EXPECT_EQ(error.code, "storage.sql");
  EXPECT_EQ(error.message.find("hunter2"), std::string::npos);
}

TEST(MakeConninfo, KeepsTheOperatorsWordAndAddsWhatIsMissing) {
  const auto conninfo =
      make_conninfo("postgresql://ann:pa%27ss@db.example:5433/hub?connect_timeout=9&options=-c%20work_mem%3D8MB", {});
  ASSERT_TRUE(conninfo.ok());
  EXPECT_NE(conninfo->find("host='db.example'"), std::string::npos) << *conninfo;
  EXPECT_NE(conninfo->find("password='pa\\'ss'"), std::string::npos) << *conninfo;
  EXPECT_NE(conninfo->find("connect_timeout='9'"), std::string::npos) << *conninfo;
  EXPECT_NE(conninfo->find("tcp_user_timeout="), std::string::npos) << *conninfo;
  EXPECT_NE(conninfo->find("options='-c work_mem=8MB -c TimeZone=UTC"), std::string::npos) << *conninfo;
}

TEST(MakeConninfo, MalformedTextIsRefusedWithoutRepeatingIt) {
  const auto conninfo = make_conninfo("postgresql://ann:secret@[::1/hub", {});
  ASSERT_FALSE(conninfo.ok());
  EXPECT_EQ(conninfo.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::storage
