#include "tests/sandbox/quickbooks/statement.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace patchbay::sandbox::quickbooks {
namespace {

constexpr std::size_t kMaxResults = 1000;

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

struct Token {
  enum class Kind { kWord, kText, kSign, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
};

/// The words of a statement; nullopt for a text that does not end.
std::optional<std::vector<Token>> split(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == '\'') {
      std::string literal;
      for (++at; at < text.size() && text[at] != '\''; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        literal += text[at];
      }
      if (at >= text.size()) return std::nullopt;
      ++at;
      tokens.push_back({Token::Kind::kText, std::move(literal)});
    } else if (std::string_view("<>=(),*").find(c) != std::string_view::npos) {
      const bool two = (c == '<' || c == '>') && at + 1 < text.size() && text[at + 1] == '=';
      tokens.push_back({Token::Kind::kSign, std::string(text.substr(at, two ? 2 : 1))});
      at += two ? 2 : 1;
    } else {
      const auto end = std::min(text.find_first_of(" \t\n\r<>=(),*'", at), text.size());
      tokens.push_back({Token::Kind::kWord, std::string(text.substr(at, end - at))});
      at = end;
    }
  }
  return tokens;
}

/// The member behind a field's name (any case); empty: QuickBooks cannot be asked for it.
std::string member_of(std::string_view field) {
  struct Queryable {
    std::string_view field, path;
  };
  static constexpr std::array<Queryable, 25> kFields{{{"ID", "Id"},
                                                      {"ACTIVE", "Active"},
                                                      {"JOB", "Job"},
                                                      {"DISPLAYNAME", "DisplayName"},
                                                      {"FULLYQUALIFIEDNAME", "FullyQualifiedName"},
                                                      {"GIVENNAME", "GivenName"},
                                                      {"FAMILYNAME", "FamilyName"},
                                                      {"COMPANYNAME", "CompanyName"},
                                                      {"PRIMARYEMAILADDR", "PrimaryEmailAddr.Address"},
                                                      {"METADATA.CREATETIME", "MetaData.CreateTime"},
                                                      {"METADATA.LASTUPDATEDTIME", "MetaData.LastUpdatedTime"},
                                                      {"DOCNUMBER", "DocNumber"},
                                                      {"TXNDATE", "TxnDate"},
                                                      {"DUEDATE", "DueDate"},
                                                      {"TOTALAMT", "TotalAmt"},
                                                      {"BALANCE", "Balance"},
                                                      {"CUSTOMERREF", "CustomerRef.value"},
                                                      {"VENDORREF", "VendorRef.value"},
                                                      {"PAYMENTREFNUM", "PaymentRefNum"},
                                                      {"PAYMENTTYPE", "PaymentType"},
                                                      {"NAME", "Name"},
                                                      {"TYPE", "Type"},
                                                      {"SKU", "Sku"},
                                                      {"UNITPRICE", "UnitPrice"},
                                                      {"SYNCTOKEN", "SyncToken"}}};
  const auto wanted = upper(field);
  for (const auto& entry : kFields) {
    if (entry.field == wanted) return std::string(entry.path);
  }
  return {};
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::variant<Statement, Refusal> run() {
    if (!take_word("SELECT") || !take_columns() || !take_word("FROM") || peek().kind != Token::Kind::kWord)
      return syntax();
    const auto object = next().text;
    // Documented to be case sensitive; clients that have asked in lower case for years say that it is not.
    for (const auto& kind : record_kinds()) {
      const auto known = find_record_type(kind)->object;
      if (upper(known) == upper(object)) statement_.object = known;
    }
    if (upper(object) == "PREFERENCES") statement_.object = "Preferences";
    if (statement_.object.empty())
      return Refusal{400, "4002", "Invalid context declaration",
                     "QueryValidationError: Invalid context declaration: " + object, ""};
    if (take_word("WHERE")) {
      do {
        if (!take_condition()) return refusal();
      } while (take_word("AND"));
    }
    if (!take_order()) return refusal();
    if (take_word("STARTPOSITION") && !take_number(statement_.start_position)) return syntax();
    if (take_word("MAXRESULTS") && !take_number(statement_.max_results)) return syntax();
    if (peek().kind != Token::Kind::kEnd) return syntax();
    if (statement_.start_position < 1) return syntax();
    statement_.max_results = std::min(statement_.max_results, kMaxResults);
    return statement_;
  }

 private:
  const Token& peek() const {
    static const Token kEnd;
    return at_ < tokens_.size() ? tokens_[at_] : kEnd;
  }
  Token next() { return at_ < tokens_.size() ? tokens_[at_++] : Token{}; }
  bool take_word(std::string_view word) {
    if (peek().kind != Token::Kind::kWord || upper(peek().text) != word) return false;
    ++at_;
    return true;
  }
  bool take_sign(std::string_view sign) {
    if (peek().kind != Token::Kind::kSign || peek().text != sign) return false;
    ++at_;
    return true;
  }
  bool take_columns() {
    if (take_sign("*")) return true;
    statement_.counts = true;
    return take_word("COUNT") && take_sign("(") && take_sign("*") && take_sign(")");
  }
  bool take_number(std::size_t& number) {
    const auto token = next();
    const auto [end, failure] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
    return failure == std::errc() && end == token.text.data() + token.text.size();
  }
  bool take_field(std::string& member) {
    const auto token = next();
    if (token.kind != Token::Kind::kWord) return false;
    member = member_of(token.text);
    if (member.empty())
      refusal_ = Refusal{400, "4001", "Invalid query",
                         "QueryValidationError: property '" + token.text + "' is not queryable", token.text};
    return !member.empty();
  }
  bool take_value(std::vector<std::string>& values) {
    const auto token = next();
    if (token.kind != Token::Kind::kText && token.kind != Token::Kind::kWord) return false;
    values.push_back(token.text);
    return true;
  }
  bool take_condition() {
    Condition condition;
    if (!take_field(condition.field)) return false;
    if (take_word("IN")) {
      condition.operation = "IN";
      if (!take_sign("(")) return false;
      do {
        if (!take_value(condition.values)) return false;
      } while (take_sign(","));
      if (!take_sign(")")) return false;
    } else if (take_word("LIKE")) {
      condition.operation = "LIKE";
      if (!take_value(condition.values)) return false;
    } else {
      const auto sign = next();
      static constexpr std::array<std::string_view, 5> kSigns{"=", "<", ">", "<=", ">="};
      if (std::find(kSigns.begin(), kSigns.end(), sign.text) == kSigns.end()) return false;
      condition.operation = sign.text;
      if (!take_value(condition.values)) return false;
    }
    statement_.conditions.push_back(std::move(condition));
    return true;
  }
  bool take_order() {
    if (take_word("ORDER") ? !take_word("BY") : !take_word("ORDERBY")) return peek_is_not_order();
    if (!take_field(statement_.order_by)) return false;
    if (take_word("DESC"))
      statement_.descending = true;
    else
      take_word("ASC");
    return true;
  }
  bool peek_is_not_order() const { return at_ == 0 || upper(tokens_[at_ - 1].text) != "ORDER"; }
  Refusal syntax() const {
    return Refusal{400, "4000", "Error parsing query",
                   "QueryParserError: Encountered \" \" near \"" + peek().text + "\"", ""};
  }
  Refusal refusal() const { return refusal_.value_or(syntax()); }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Statement statement_;
  std::optional<Refusal> refusal_;
};

/// By reference all the way: a record handed to sdk::find_path would be copied whole for every row.
std::string text_at(const json::object& record, std::string_view path) {
  const auto dot = path.find('.');
  const auto* found = record.if_contains(path.substr(0, dot));
  if (found == nullptr) return {};
  if (dot != std::string_view::npos) return sdk::string_at(*found, path.substr(dot + 1));
  return sdk::scalar_text(*found).value_or("");
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Times by the moment, numbers by size, the rest without regard to case.
int compare(std::string_view path, const std::string& left, const std::string& right) {
  if (path.ends_with("Time")) {
    const auto a = parse_milliseconds(left) / 1000, b = parse_milliseconds(right) / 1000;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const auto a = number_of(left), b = number_of(right);
  if (a && b) return *a < *b ? -1 : *a > *b ? 1 : 0;
  return upper(left).compare(upper(right));
}

/// `%` stands for anything.
bool is_like(std::string_view text, std::string_view pattern) {
  const auto percent = pattern.find('%');
  if (percent == std::string_view::npos) return text == pattern;
  if (text.substr(0, percent) != pattern.substr(0, percent)) return false;
  const auto rest = pattern.substr(percent + 1);
  for (auto at = percent; at <= text.size(); ++at) {
    if (is_like(text.substr(at), rest)) return true;
  }
  return false;
}

bool holds(const Condition& condition, const json::object& record) {
  const auto left = text_at(record, condition.field);
  const auto equal = [&](const std::string& value) { return compare(condition.field, left, value) == 0; };
  if (condition.operation == "IN") return std::any_of(condition.values.begin(), condition.values.end(), equal);
  const auto& right = condition.values.front();
  if (condition.operation == "LIKE") return is_like(upper(left), upper(right));
  const int order = compare(condition.field, left, right);
  if (condition.operation == "=") return order == 0;
  if (condition.operation == "<") return order < 0;
  if (condition.operation == ">") return order > 0;
  return condition.operation == "<=" ? order <= 0 : order >= 0;
}

json::object preferences_response() {
  json::object preferences{{"Id", "1"},
                           {"SyncToken", "0"},
                           {"CurrencyPrefs", json::object{{"MultiCurrencyEnabled", false},
                                                          {"HomeCurrency", reference("USD", "United States Dollar")}}}};
  return {{"Preferences", json::array{std::move(preferences)}}, {"startPosition", 1}, {"maxResults", 1}};
}

}  // namespace

std::variant<Statement, Refusal> parse_statement(std::string_view text) {
  auto tokens = split(text);
  if (!tokens) return Refusal{400, "4000", "Error parsing query", "QueryParserError: unterminated text", ""};
  return Parser(std::move(*tokens)).run();
}

Outcome run_statement(const Company& company, const Statement& statement) {
  if (statement.object == "Preferences") return preferences_response();
  const auto& type = *find_record_type_of(statement.object);
  const bool asks_active = std::any_of(statement.conditions.begin(), statement.conditions.end(),
                                       [](const Condition& condition) { return condition.field == "Active"; });
  std::vector<const Record*> rows;
  for (const auto* record : company.table(statement.object).by_updated()) {
    const auto* active = record->value.if_contains("Active");
    if (type.is_list && !asks_active && active != nullptr && *active == json::value(false)) continue;
    const bool all = std::all_of(statement.conditions.begin(), statement.conditions.end(),
                                 [&](const Condition& condition) { return holds(condition, record->value); });
    if (all) rows.push_back(record);
  }
  if (statement.counts) return json::object{{"totalCount", static_cast<std::int64_t>(rows.size())}};
  const std::string order_by = statement.order_by.empty() ? "Id" : statement.order_by;
  // In the order of change they stand already.
  if (order_by != "MetaData.LastUpdatedTime" || statement.descending) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Record* left, const Record* right) {
      const int order = compare(order_by, text_at(left->value, order_by), text_at(right->value, order_by));
      return statement.descending ? order > 0 : order < 0;
    });
  }
  json::array page;
  for (std::size_t at = statement.start_position - 1; at < rows.size() && page.size() < statement.max_results; ++at)
    page.push_back(company.shown(statement.object, *rows[at]));
  if (page.empty()) return json::object();
  const auto count = static_cast<std::int64_t>(page.size());
  return json::object{{statement.object, std::move(page)},
                      {"startPosition", static_cast<std::int64_t>(statement.start_position)},
                      {"maxResults", count}};
}

Outcome run_query(const Company& company, std::string_view text) {
  const auto statement = parse_statement(text);
  if (const auto* refusal = std::get_if<Refusal>(&statement)) return *refusal;
  return run_statement(company, std::get<Statement>(statement));
}

}  // namespace patchbay::sandbox::quickbooks
