#include "tests/sandbox/graphql/coercion.hpp"
#include "tests/sandbox/graphql/executor.hpp"
#include "tests/sandbox/graphql/parser.hpp"
#include "tests/sandbox/graphql/validation.hpp"
#include "tests/sandbox/jobber/schema_text.hpp"
#include "tests/sandbox/wire_json.hpp"

#include <gtest/gtest.h>

namespace patchbay::sandbox::graphql {
namespace {

constexpr std::string_view kSchema = R"(
  scalar EncodedId
  scalar ISO8601DateTime
  type Query { item(id: EncodedId!): Item items(filter: Filter, first: Int, last: Int, after: String): ItemConnection! }
  interface Named { name: String! }
  type Item implements Named { id: EncodedId! name: String! color: Color parts(first: Int): ItemConnection! }
  type ItemEdge { cursor: String! node: Item! }
  type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
  type ItemConnection { edges: [ItemEdge!] nodes: [Item!]! pageInfo: PageInfo! totalCount: Int! }
  input Filter { color: Color ids: [EncodedId!] since: ISO8601DateTime limit: Int = 3 }
  enum Color { RED GREEN }
)";

/// Ten items, each with two parts.
class Items : public Resolver {
 public:
  Resolved resolve(const Object& parent, const FieldDefinition& field, const json::object& arguments) override {
    if (field.name == "item") return Object{"Item", &item_};
    if (field.name != "items" && field.name != "parts") return parent.value->at(field.name);
    last_arguments = arguments;
    const auto total = field.name == "items" ? 10 : 2;
    const auto first = arguments.contains("first") ? arguments.at("first").to_number<int>() : total;
    Connection page;
    page.total = static_cast<std::size_t>(total);
    for (int i = 0; i < std::min(first, total); ++i) page.nodes.push_back({"Item", &item_});
    return page;
  }
  json::object last_arguments;

 private:
  json::object item_{{"id", "MQ=="}, {"name", "one"}, {"color", "RED"}};
};

class GraphQl : public testing::Test {
 protected:
  std::string first_error(std::string_view source) {
    const auto document = parse_document(source);
    if (!document) return document.error().message;
    const auto errors = validate(schema, *document, document->operations.front());
    return errors.empty() ? "" : std::string(errors.front().at("message").as_string());
  }
  Execution run(std::string_view source, const json::object& variables = {}) {
    const auto document = parse_document(source).value();
    return execute(schema, document, document.operations.front(), variables, items);
  }
  std::int64_t cost(std::string_view source, const json::object& variables = {}) {
    const auto document = parse_document(source).value();
    return requested_cost(schema, document, document.operations.front(), variables);
  }

  Schema schema = parse_schema(kSchema).value();
  Items items;
};

TEST_F(GraphQl, ParsesEverythingDocumentsHave) {
  const auto document = parse_document(R"(
    # comment
    query Q($a: [Int!]! = [1, 2], $b: Filter) @x(y: 1) {
      alias: items(filter: {color: RED, ids: ["a", "b\u00e9\n"], since: null}, first: -3, after: $a) @include(if: true) { ...F }
      ... on Query { item(id: """block "text" """) { id } }
    }
    fragment F on ItemConnection { nodes { id name } })");
  ASSERT_TRUE(document.ok()) << document.error().message;
  const auto& operation = document->operations.front();
  EXPECT_EQ(operation.name, "Q");
  EXPECT_EQ(operation.variables[0].type.source(), "[Int!]!");
  const auto& field = operation.selections.front();
  EXPECT_EQ(field.response_key(), "alias");
  EXPECT_EQ(field.arguments[0].value.source(), "{color: RED, ids: [\"a\", \"b\xC3\xA9\n\"], since: null}");
  EXPECT_EQ(field.arguments[1].value.text, "-3");
  EXPECT_EQ(document->fragments.at("F").type_condition, "ItemConnection");
}

TEST_F(GraphQl, RefusesBrokenDocumentsWithTheirPlace) {
  EXPECT_EQ(first_error("{ items { nodes { id } }"), "Parse error on end of file at [1, 25]");
  EXPECT_EQ(first_error("{ item(id: ) { id } }"), "Parse error on \")\" at [1, 12]");
  EXPECT_FALSE(parse_document("").ok());
  EXPECT_FALSE(parse_document("{ }").ok());
  EXPECT_FALSE(parse_document("{ a(b: \"x) }").ok());
  EXPECT_FALSE(parse_document("{ a(b: 1a) }").ok());
  EXPECT_FALSE(parse_document(std::string(200, '{')).ok());
  EXPECT_FALSE(parse_document("{a(b:" + std::string(5000, '[') + "}").ok());
}

TEST_F(GraphQl, SaysWhatTheSchemaDoesNotHave) {
  EXPECT_EQ(first_error("{ items { nodes { id foo } } }"), "Field 'foo' doesn't exist on type 'Item'");
  EXPECT_EQ(first_error("{ items(x: 1) { nodes { id } } }"), "Field 'items' doesn't accept argument 'x'");
  EXPECT_EQ(first_error("{ item { id } }"), "Field 'item' is missing required arguments: id");
  EXPECT_EQ(first_error("{ items(filter: {color: BLUE}) { nodes { id } } }"),
            "Argument 'filter' on Field 'items' has an invalid value ({color: BLUE}). Expected type 'Filter'.");
  EXPECT_NE(first_error("{ items(filter: {color: \"RED\"}) { nodes { id } } }"), "") << "a string is no enum value";
  EXPECT_NE(first_error("{ items(first: 99999999999) { nodes { id } } }"), "") << "Int has 32 bits";
  EXPECT_NE(first_error("{ items }"), "");
  EXPECT_NE(first_error("{ item(id: \"MQ\") { id { x } } }"), "");
  EXPECT_EQ(first_error("{ items { ...F } }"), "Fragment F was used, but not defined");
  EXPECT_NE(first_error("{ items { ...F } } fragment F on ItemConnection { ...F }"), "");
  EXPECT_NE(first_error("query($a: Int) { item(id: \"MQ\") { id } }"), "") << "unused variable";
  EXPECT_NE(first_error("{ items(first: $n) { nodes { id } } }"), "") << "undeclared variable";
  EXPECT_NE(first_error("query($a: EncodedId) { item(id: $a) { id } }"), "") << "nullable for required";
  EXPECT_EQ(first_error("query($a: EncodedId!) { item(id: $a) { __typename ... on Named { name } } }"), "");
}

TEST_F(GraphQl, CoercesVariablesAndNamesWhatIsWrong) {
  const auto document =
      parse_document("query($f: Filter!, $n: Int = 5) { items(filter: $f, first: $n) { nodes { id } } }").value();
  const auto& operation = document.operations.front();
  json::array errors;
  const auto good = coerce_variables(schema, operation, {{"f", {{"color", "RED"}, {"ids", "MQ=="}}}}, errors);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(to_wire(*good), R"({"f":{"color":"RED","ids":["MQ=="],"limit":3},"n":5})");
  for (const auto* bad : {R"({})", R"({"f": {"color": "BLUE"}})", R"({"f": {"nope": 1}})",
                          R"({"f": {"since": "never"}})", R"({"f": {}, "n": "5"})"}) {
    errors.clear();
    EXPECT_FALSE(coerce_variables(schema, operation, json::parse(bad).as_object(), errors).ok()) << bad;
    EXPECT_EQ(errors.size(), 1U) << bad;
  }
}

TEST_F(GraphQl, ExecutesAliasesFragmentsDirectivesAndConnections) {
  const auto result = run(R"(query($n: Int, $yes: Boolean) {
      a: items(first: $n) { nodes { ...F } edges { cursor node { name } } pageInfo { hasNextPage endCursor } totalCount }
      item(id: "MQ==") { id @skip(if: $yes) shown: name @include(if: $yes) __typename }
    } fragment F on Named { name ... on Item { color } })",
                          {{"n", 2}, {"yes", true}});
  EXPECT_EQ(
      to_wire(result.data),
      R"({"a":{"nodes":[{"name":"one","color":"RED"},{"name":"one","color":"RED"}],)"
      R"("edges":[{"cursor":"MQ","node":{"name":"one"}},{"cursor":"Mg","node":{"name":"one"}}],)"
      R"("pageInfo":{"hasNextPage":true,"endCursor":"Mg"},"totalCount":10},"item":{"shown":"one","__typename":"Item"}})");
  EXPECT_TRUE(result.errors.empty());
  run("{ items { nodes { id } } }");
  EXPECT_FALSE(items.last_arguments.contains("first")) << "an argument that is not given is not there";
}

TEST_F(GraphQl, CostsMultiplyByThePageAndStructureIsFree) {
  EXPECT_EQ(cost("{ item(id: \"MQ\") { id name } }"), 3);
  EXPECT_EQ(cost("{ items(first: 10) { nodes { id name } pageInfo { endCursor } } }"), 1 + 10 * (2 + 2));
  EXPECT_EQ(cost("{ items { edges { node { id } } } }"), 1 + 100);
  EXPECT_EQ(cost("query($n: Int) { items(first: $n) { nodes { parts { nodes { id } } } } }", {{"n", 3}}),
            1 + 3 * (1 + 100));
  EXPECT_EQ(cost("query($n: Int) { items(last: $n) { nodes { parts(first: 5) { nodes { id } } } } }", {{"n", 3}}),
            1 + 3 * (1 + 5));
  EXPECT_EQ(run("{ items(first: 4) { nodes { id parts { nodes { id } } } } }").cost, 1 + 4 * (1 + 1 + 2));
}

TEST(Cursor, IsAPosition) {
  EXPECT_EQ(make_cursor(0), "MQ");
  EXPECT_EQ(parse_cursor("MTAw"), 99U);
  for (const auto* bad : {"", "MA", "eA", "***"}) EXPECT_FALSE(parse_cursor(bad)) << bad;
}

TEST(JobberSchema, IsSound) {
  const auto schema = parse_schema(jobber::schema_text());
  ASSERT_TRUE(schema.ok()) << schema.error().message;
  EXPECT_EQ(schema->dangling_types(), std::vector<std::string>{});
  EXPECT_EQ(schema->find("JobFilterAttributes")->find_input("updatedAt"), nullptr)
      << "jobs cannot be filtered by their change";
}

}  // namespace
}  // namespace patchbay::sandbox::graphql
