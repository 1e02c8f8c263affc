#include "tests/sandbox/stripe/expand.hpp"

#include "tests/sandbox/stripe/objects.hpp"

#include <array>

namespace patchbay::sandbox::stripe {
namespace {

constexpr std::size_t kDepthMax = 4;
constexpr std::size_t kPathsMax = 20;

struct Link {
  std::string_view member, kind;
};
constexpr std::array<Link, 7> kLinks{{{"customer", "customers"},
                                      {"latest_charge", "charges"},
                                      {"charge", "charges"},
                                      {"payment_intent", "payment_intents"},
                                      {"invoice", "invoices"},
                                      {"balance_transaction", "balance_transactions"},
                                      {"test_clock", "test_clocks"}}};

/// A list that an object shows only when asked: records of `kind` whose `member` names the object.
struct Included {
  std::string_view object, member, kind, index, url;
};
constexpr std::array<Included, 2> kIncluded{
    {{"invoice", "payments", "invoice_payments", "invoice", "/v1/invoice_payments"},
     {"charge", "refunds", "refunds", "charge", "/v1/charges/{id}/refunds"}}};

ApiError cannot_expand(std::string_view path) {
  ApiError error;
  error.message = "This property cannot be expanded (" + std::string(path) + ").";
  error.param = "expand";
  return error;
}

bool include(const Account& account, json::object& object, std::string_view member) {
  for (const auto& rule : kIncluded) {
    if (rule.member != member || sdk::string_at(object, "object") != rule.object) continue;
    if (object.contains(member)) return true;
    const auto id = sdk::string_at(object, "id");
    json::array data;
    const auto& records = account.table(rule.kind).where(rule.index, id);
    for (auto record = records.rbegin(); record != records.rend(); ++record) data.push_back((*record)->value);
    std::string url(rule.url);
    if (const auto place = url.find("{id}"); place != std::string::npos) url.replace(place, 4, id);
    object[member] = make_list(url, std::move(data), false);
    return true;
  }
  return false;
}

class Expansion {
 public:
  Expansion(const Account& account, std::string_view path) : account_(account), path_(path) {}

  bool step(json::value& at, std::string_view rest, std::size_t depth) {
    if (rest.empty() || at.is_null()) return true;
    if (depth > kDepthMax + 1) return false;
    if (at.is_array()) {
      for (auto& element : at.get_array()) {
        if (!step(element, rest, depth)) return false;
      }
      return true;
    }
    if (!at.is_object()) return false;
    const auto dot = std::min(rest.find('.'), rest.size());
    const auto member = rest.substr(0, dot);
    const auto further = dot == rest.size() ? std::string_view() : rest.substr(dot + 1);
    auto& object = at.get_object();
    const bool included = include(account_, object, member);
    auto* value = object.if_contains(member);
    if (value == nullptr) return false;
    if (!resolve(*value, member) && !included && further.empty() && member != "data") return false;
    return step(*value, further, depth + 1);
  }

  std::string_view path() const { return path_; }

 private:
  /// Whether the member is a link; replaces the id by the object it names.
  bool resolve(json::value& value, std::string_view member) const {
    if (member == "source" && value.is_string()) {
      const std::string id(value.get_string());
      return replace(value, id.starts_with("re_") ? "refunds" : "charges");
    }
    for (const auto& link : kLinks) {
      if (link.member != member) continue;
      if (value.is_string()) replace(value, link.kind);
      return true;
    }
    return false;
  }

  bool replace(json::value& value, std::string_view kind) const {
    const std::string id(value.get_string());
    const auto* record = account_.find(kind, id);
    if (record == nullptr && kind == "customers") record = account_.find("deleted", id);
    if (record != nullptr) value = record->value;
    return true;
  }

  const Account& account_;
  std::string_view path_;
};

}  // namespace

std::optional<ApiError> expand_paths(const Account& account, json::value& answer,
                                     const std::vector<std::string>& paths) {
  if (paths.size() > kPathsMax) return cannot_expand("too many");
  for (const auto& path : paths) {
    Expansion expansion(account, path);
    if (!expansion.step(answer, path, 1)) return cannot_expand(path);
  }
  return std::nullopt;
}

}  // namespace patchbay::sandbox::stripe
