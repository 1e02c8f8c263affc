#include "platform/base/yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace patchbay::base::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Node parsed(std::string_view text) {
  auto node = parse(text, "test.yaml");
  EXPECT_TRUE(node.ok()) << node.error().message;
  return node.ok() ? std::move(node).value() : Node();
}

std::string error_of(std::string_view text) {
  const auto node = parse(text, "test.yaml");
  if (node.ok()) return "none";
  EXPECT_EQ(node.error().error_class, sdk::ErrorClass::kInvalid);
  return node.error().code + " " + node.error().message;
}

TEST(Yaml, KeepsTheOrderAndThePlaces) {
  const Node root = parsed("b: 1\na:\n  - x\n  - {c: yes, d: }\n");
  ASSERT_EQ(root.kind, Node::Kind::kMap);
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members[0].first, "b");
  EXPECT_EQ(root.find("b")->place.text(), "test.yaml:1:4");
  EXPECT_EQ(root.find("b")->key_place.text(), "test.yaml:1:1");
  const Node& list = *root.find("a");
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].text().value(), "x");
  EXPECT_EQ(list.items[0].place.text(), "test.yaml:3:5");
  EXPECT_TRUE(list.items[1].find("c")->boolean().value());
  EXPECT_TRUE(list.items[1].find("d")->is_null());
  EXPECT_EQ(root.find("none"), nullptr);
}

TEST(Yaml, ReadsAnEmptyDocumentAsNull) {
  EXPECT_TRUE(parsed("").is_null());
  EXPECT_TRUE(parsed("# only a comment\n").is_null());
  EXPECT_TRUE(parsed("~").is_null());
}

TEST(Yaml, AQuotedWordIsAText) {
  const Node root = parsed("a: yes\nb: \"yes\"\nc: '5'\nd: 5\ne: -7\nf: \"null\"\n");
  EXPECT_TRUE(root.find("a")->boolean().value());
  EXPECT_FALSE(root.find("b")->boolean().ok());
  EXPECT_EQ(root.find("b")->text().value(), "yes");
  EXPECT_FALSE(root.find("c")->integer().ok());
  EXPECT_EQ(root.find("d")->integer().value(), 5);
  EXPECT_EQ(root.find("e")->integer().value(), -7);
  EXPECT_EQ(root.find("f")->text().value(), "null");
}

TEST(Yaml, NamesThePlaceOfAWrongKind) {
  const Node root = parsed("a:\n  b: [1, 2]\n  c: 5x\n  d: 99999999999999999999\n");
  const Node& inner = *root.find("a");
  EXPECT_THAT(inner.find("b")->text().error().message, StartsWith("test.yaml:2:6: "));
  EXPECT_THAT(inner.find("c")->integer().error().message, StartsWith("test.yaml:3:6: "));
  EXPECT_FALSE(inner.find("d")->integer().ok());
  EXPECT_FALSE(inner.boolean().ok());
  EXPECT_FALSE(inner.texts().ok());
}

TEST(Yaml, ReadsListsOfTexts) {
  const Node root = parsed("a: [x, 'y, z', 5]\nb: one\nc:\nd: [[x]]\n");
  EXPECT_THAT(root.find("a")->texts().value(), ElementsAre("x", "y, z", "5"));
  EXPECT_THAT(root.find("b")->texts().value(), ElementsAre("one"));
  EXPECT_THAT(root.find("c")->texts().value(), ElementsAre());
  EXPECT_FALSE(root.find("d")->texts().ok());
}

TEST(Yaml, RefusesDuplicateKeys) {
  EXPECT_THAT(error_of("a: 1\nb:\n  c: 1\n  c: 2\n"), StartsWith("yaml.duplicate_key test.yaml:4:3: "));
  EXPECT_EQ(error_of("a: {x: 1}\nb: {x: 1}\n"), "none") << "the same key in two maps is none";
}

TEST(Yaml, RefusesWhatCouldGrowOrSurprise) {
  EXPECT_THAT(error_of("a: &x [1]\nb: *x\n"), StartsWith("yaml.alias test.yaml:2:4: "));
  EXPECT_THAT(error_of("[a, b]: 1\n"), StartsWith("yaml."));
  EXPECT_THAT(error_of("a: 1\n---\nb: 2\n"), StartsWith("yaml.documents test.yaml:"));
  EXPECT_THAT(error_of("a: [1\n"), StartsWith("yaml.syntax test.yaml:"));
  EXPECT_THAT(error_of("a: b: c\n"), StartsWith("yaml.syntax test.yaml:1:"));
  EXPECT_THAT(error_of("a:\n\t- b\n"), StartsWith("yaml.syntax"));
  EXPECT_THAT(error_of(std::string_view("a: b\0c", 6)), StartsWith("yaml.syntax"));
}

TEST(Yaml, HoldsItsLimits) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(error_of(nested(64)), "none");
  EXPECT_THAT(error_of(nested(65)), StartsWith("yaml.depth test.yaml:1:65: "));
  EXPECT_THAT(error_of(std::string(100'000, '[')), StartsWith("yaml."));
  EXPECT_THAT(error_of(std::string(4 * 1024 * 1024 + 1, '#')), StartsWith("yaml.too_large"));
}

TEST(Yaml, LoadsFiles) {
  std::string pattern = (std::filesystem::temp_directory_path() / "pb-yaml-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  std::ofstream(folder / "a.yaml") << "a: 1\n";
  const auto node = load_file(folder / "a.yaml");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->find("a")->place.text(), (folder / "a.yaml").string() + ":1:4");
  EXPECT_THAT(load_file(folder / "none.yaml").error().message, HasSubstr("none.yaml"));
  EXPECT_EQ(load_file(folder / "none.yaml").error().error_class, sdk::ErrorClass::kNotFound);
  EXPECT_FALSE(load_file(folder).ok()) << "a folder is no file";
  std::filesystem::remove_all(folder);
}

TEST(NearestName, FindsTheWordThatWasMeant) {
  const std::vector<std::string> known{"http.port", "http.address", "log.level", "mode"};
  EXPECT_EQ(nearest_name("http.prot", known), "http.port");
  EXPECT_EQ(nearest_name("http.adress", known), "http.address");
  EXPECT_EQ(nearest_name("log_level", known), "log.level");
  EXPECT_EQ(nearest_name("something.else", known), "");
  EXPECT_EQ(nearest_name("abc", {"xyz"}), "") << "nothing in common";
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace patchbay::base::yaml
