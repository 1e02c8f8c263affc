// Quotes: made from the hub's estimates.
#include "writing.hpp"

#include <cstdlib>

namespace patchbay::jobber {
namespace {

const Resource& quotes() {
  return *find_resource("quotes");
}

/// A decimal, however it is written; nullopt where it is none. Jobber's amounts are floats: the last step before it.
std::optional<double> decimal_at(const sdk::json::value& value, std::string_view name) {
  const auto* found = sdk::find_member(value, name);
  const auto text = found == nullptr ? std::nullopt : sdk::scalar_text(*found);
  if (!text || text->empty()) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text->c_str(), &end);
  if (*end != '\0') return std::nullopt;
  return number;
}

/// Jobber's quote has at least one line: the estimate's own, or one over its total.
sdk::json::array line_items(const sdk::json::value& data) {
  sdk::json::array lines;
  const auto* given = sdk::find_member(data, "lineItems");
  for (const auto& item : given != nullptr && given->is_array() ? given->as_array() : sdk::json::array()) {
    std::string name;
    for (const char* member : {"name", "title", "description"}) {
      if (name.empty()) name = sdk::string_at(item, member);
    }
    if (name.empty()) continue;
    sdk::json::object line{{"name", name}, {"saveToProductsAndServices", false}};
    if (const std::string text = sdk::string_at(item, "description"); !text.empty() && text != name)
      line["description"] = text;
    line["quantity"] = decimal_at(item, "quantity").value_or(1);
    for (const char* member : {"unitPrice", "price", "rate"}) {
      const auto price = decimal_at(item, member);
      if (price && !line.contains("unitPrice")) line["unitPrice"] = *price;
    }
    lines.push_back(std::move(line));
  }
  if (!lines.empty()) return lines;
  const std::string title = sdk::string_at(data, "title");
  sdk::json::object line{
      {"name", title.empty() ? "Estimate" : title}, {"saveToProductsAndServices", false}, {"quantity", 1}};
  line["unitPrice"] = decimal_at(data, "total").value_or(0);
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace

sdk::Result<std::optional<sdk::Record>> Writing::find_quote(const sdk::CallContext& context,
                                                            const std::string& client_id, const std::string& title) {
  // A term finds by words, the client alone by all of its quotes; both are looked through for the same quote.
  const std::string document =
      "query FindQuotes($filter: QuoteFilterAttributes) { quotes(first: 25, filter: $filter) { nodes { " +
      quotes().fields + " } } }";
  const sdk::json::object filter{{"clientId", client_id},
                                 {"createdAt", {{"after", sdk::format_time(clock_.now() - kLostAnswerWindow)}}}};
  PATCHBAY_ASSIGN(const auto found, graphql_.run(context, "FindQuotes", document, {{"filter", filter}}));
  const auto* nodes = sdk::find_path(found, "quotes.nodes");
  if (nodes == nullptr || !nodes->is_array()) return std::optional<sdk::Record>();
  for (const auto& node : nodes->as_array()) {
    if (sdk::string_at(node, "title") == title && sdk::string_at(node, "client.id") == client_id)
      return std::optional(make_record(quotes(), node));
  }
  return std::optional<sdk::Record>();
}

sdk::Result<sdk::Record> Writing::create_quote(const sdk::CallContext& context, const sdk::json::value& data) {
  const std::string client_id = sdk::string_at(data, "clientId");
  const std::string title = sdk::string_at(data, "title");
  if (client_id.empty())
    return sdk::invalid_error("jobber.no_client", "a quote needs a client that Jobber knows", "clientId");
  PATCHBAY_ASSIGN(auto known, find_quote(context, client_id, title));
  if (known) return std::move(*known);
  PATCHBAY_ASSIGN(const std::string property_id, property_of(context, client_id));
  sdk::json::object attributes{{"clientId", client_id}, {"propertyId", property_id}, {"lineItems", line_items(data)}};
  for (const char* name : {"title", "message"}) {
    if (const std::string text = sdk::string_at(data, name); !text.empty()) attributes[name] = text;
  }
  PATCHBAY_ASSIGN(const auto result,
                  mutate(context, "CreateQuote",
                         "mutation CreateQuote($attributes: QuoteCreateAttributes!) { quoteCreate(attributes: "
                         "$attributes) { quote { " +
                             quotes().fields + " } userErrors { message path } } }",
                         {{"attributes", std::move(attributes)}}, "quoteCreate"));
  return written_record(quotes(), result, "quote");
}

sdk::Result<sdk::Record> Writing::update_quote(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  sdk::json::object attributes;
  for (const char* name : {"title", "message"}) {
    if (is_wanted(request, name)) attributes[name] = sdk::string_at(request.data, name);
  }
  // Lines of a quote that stands have mutations of their own, which apps rarely may use: they stay as they are.
  if (attributes.empty()) return read(context, quotes(), request.external_id);
  PATCHBAY_ASSIGN(const auto result,
                  mutate(context, "EditQuote",
                         "mutation EditQuote($quoteId: EncodedId!, $attributes: QuoteEditAttributes!) { "
                         "quoteEdit(quoteId: $quoteId, attributes: $attributes) { quote { " +
                             quotes().fields + " } userErrors { message path } } }",
                         {{"quoteId", request.external_id}, {"attributes", std::move(attributes)}}, "quoteEdit"));
  return written_record(quotes(), result, "quote");
}

}  // namespace patchbay::jobber
