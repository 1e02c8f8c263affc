#include "platform/storage/session.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace patchbay::storage {
namespace {

TEST(Literals, ArrayElementsAreQuotedAndEscaped) {
  EXPECT_EQ(array_literal(std::vector<std::string>{}), "{}");
  EXPECT_EQ(array_literal(std::vector<std::string>{"a", "b,c", "d\"e\\f", "NULL", ""}),
            R"({"a","b,c","d\"e\\f","NULL",""})");
  EXPECT_EQ(array_literal(std::vector<Param>{"a", std::nullopt, "b"}), R"({"a",NULL,"b"})");
  EXPECT_EQ(array_literal(std::vector<Param>{std::nullopt}), "{NULL}");
}

TEST(Literals, BytesSurviveTheWayThereAndBack) {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  EXPECT_EQ(bytea_literal(std::string_view("\x00\xff", 2)), "\\x00ff");
  const auto back = decode_bytea(bytea_literal(bytes));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, bytes);
}

TEST(Literals, WhatIsNoHexFormIsRefused) {
  for (const char* text : {"", "00", "\\x0", "\\xzz", "\\000"}) EXPECT_FALSE(decode_bytea(text).ok()) << text;
}

Rows sample() {
  Rows rows;
  rows.columns_ = {"id", "name", "live"};
  rows.arena_ = "17Anntx";
  rows.cells_ = {{0, 2}, {2, 3}, {5, 1}, {6, 1}, {7, -1}, {7, 0}};
  return rows;
}

TEST(RowsTest, CellsAreReadByNameAndPlace) {
  const Rows rows = sample();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.integer(0, "id"), 17);
  EXPECT_EQ(rows.text(0, "name"), "Ann");
  EXPECT_TRUE(rows.boolean(0, "live"));
  EXPECT_EQ(rows.at(0, 1), "Ann");
}

TEST(RowsTest, NullIsNotEmptyText) {
  const Rows rows = sample();
  EXPECT_FALSE(rows.at(1, "name").has_value());
  EXPECT_EQ(rows.text(1, "name"), "");
  ASSERT_TRUE(rows.at(1, "live").has_value());
  EXPECT_EQ(*rows.at(1, "live"), "");
}

TEST(RowsTest, ProgrammersErrorsThrow) {
  const Rows rows = sample();
  EXPECT_THROW(rows.column("missing"), std::out_of_range);
  EXPECT_THROW(rows.at(2, std::size_t{0}), std::out_of_range);
  EXPECT_THROW(rows.at(0, std::size_t{3}), std::out_of_range);
  EXPECT_THROW(rows.integer(1, "id"), std::out_of_range);
}

TEST(RowsTest, StatementWithoutColumnsHasNoRows) {
  EXPECT_TRUE(Rows().empty());
}

}  // namespace
}  // namespace patchbay::storage
