#include "lookups.hpp"

namespace patchbay::quickbooks {
namespace {

constexpr const char* kStateKey = "lookups";
constexpr std::size_t kStateBytesMax = 60 * 1024;
constexpr std::chrono::minutes kFreshFor{15};
constexpr std::size_t kSubCustomersMax = 200'000;
constexpr int kDepthMax = 8;  // QuickBooks allows five levels

Statement sub_customers() {
  return {"Customer", {"Job = true", "Active IN (true, false)"}, "MetaData.LastUpdatedTime", 1, kMaxResults};
}

sdk::json::object object_of(const std::map<std::string, std::string>& map) {
  sdk::json::object object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

std::map<std::string, std::string> map_of(const sdk::json::value& object, const char* name) {
  std::map<std::string, std::string> map;
  const auto* found = sdk::find_member(object, name);
  if (found == nullptr || !found->is_object()) return map;
  for (const auto& member : found->as_object()) map[member.key()] = sdk::scalar_text(member.value()).value_or("");
  return map;
}

template <typename Action>
void for_each(const sdk::json::value& response, const char* entity, Action action) {
  const auto* rows = sdk::find_member(response, entity);
  if (rows == nullptr || !rows->is_array()) return;
  for (const auto& row : rows->as_array()) action(row);
}

}  // namespace

sdk::Result<void> Lookups::load(const sdk::CallContext& context) {
  const auto fresh = [&] { return loaded_at_ && services_.clock.now() - *loaded_at_ < kFreshFor; };
  if (fresh()) return {};
  if (restore() && fresh()) return {};
  return read_all(context);
}

sdk::Result<void> Lookups::read_all(const sdk::CallContext& context) {
  const auto asked_at = services_.clock.now();
  const Statement methods{"PaymentMethod", {"Active IN (true, false)"}, "", 1, kMaxResults};
  const Statement preferences{"Preferences", {}, "", 1, 1};
  PATCHBAY_ASSIGN(const auto answers,
                  api_.batch(context, {sdk::json::object{{"bId", "methods"}, {"Query", methods.text()}},
                                       sdk::json::object{{"bId", "preferences"}, {"Query", preferences.text()}},
                                       sdk::json::object{{"bId", "customers"}, {"Query", sub_customers().text()}}}));
  for (const auto& answer : answers) take(answer);
  if (parents_.size() == kMaxResults) PATCHBAY_TRY(read_more_sub_customers(context));
  loaded_at_ = asked_at;
  store();
  return {};
}

void Lookups::take(const sdk::json::value& answer) {
  if (const auto fault = find_fault(answer)) {
    services_.logger.log(sdk::LogLevel::kWarning, "QuickBooks does not tell what records point at",
                         {{"what", sdk::string_at(answer, "bId")}, {"reason", error_of(*fault, 0).message}});
    return;
  }
  const auto* response = sdk::find_member(answer, "QueryResponse");
  if (response == nullptr) return;
  if (sdk::string_at(answer, "bId") == "methods") payment_methods_.clear();
  if (sdk::string_at(answer, "bId") == "customers") parents_.clear();
  for_each(*response, "PaymentMethod",
           [&](const auto& row) { payment_methods_[sdk::string_at(row, "Id")] = sdk::string_at(row, "Name"); });
  for_each(*response, "Preferences",
           [&](const auto& row) { home_currency_ = sdk::string_at(row, "CurrencyPrefs.HomeCurrency.value"); });
  for_each(*response, "Customer", [&](const auto& row) { learn(row); });
}

sdk::Result<void> Lookups::read_more_sub_customers(const sdk::CallContext& context) {
  Statement statement = sub_customers();
  while (parents_.size() < kSubCustomersMax) {
    statement.start_position += kMaxResults;
    PATCHBAY_ASSIGN(const QueryAnswer page, api_.query(context, statement));
    for (const auto& row : page.rows) learn(row);
    if (page.rows.size() < kMaxResults) break;
  }
  return {};
}

void Lookups::learn(const sdk::json::value& customer) {
  const std::string id = sdk::string_at(customer, "Id");
  const std::string parent = sdk::string_at(customer, "ParentRef.value");
  const auto* job = sdk::find_member(customer, "Job");
  if (id.empty() || parent.empty() || job == nullptr || !job->is_bool() || !job->as_bool()) return;
  const bool known = parents_.count(id) > 0 && parents_[id] == parent;
  parents_[id] = parent;
  // Only after the first load: before it, the store would be overwritten with this one.
  if (!known && loaded_at_) store();
}

std::string Lookups::payment_method(const std::string& id) const {
  const auto found = payment_methods_.find(id);
  return found == payment_methods_.end() ? std::string() : found->second;
}

std::string Lookups::root_customer(const std::string& id) const {
  std::string root = id;
  for (int depth = 0; depth < kDepthMax; ++depth) {
    const auto parent = parents_.find(root);
    if (parent == parents_.end()) break;
    root = parent->second;
  }
  return root;
}

bool Lookups::restore() {
  const auto kept = services_.state.get(kStateKey);
  if (!kept.ok() || !*kept) return false;
  const auto at = sdk::parse_time(sdk::string_at(**kept, "at"));
  if (!at.ok()) return false;
  loaded_at_ = *at;
  home_currency_ = sdk::string_at(**kept, "homeCurrency");
  payment_methods_ = map_of(**kept, "paymentMethods");
  parents_ = map_of(**kept, "parents");
  return true;
}

void Lookups::store() {
  const sdk::json::value value{{"at", sdk::format_time(*loaded_at_)},
                               {"homeCurrency", home_currency_},
                               {"paymentMethods", object_of(payment_methods_)},
                               {"parents", object_of(parents_)}};
  // A company with very many projects: each client then reads them for itself.
  if (sdk::json::serialize(value).size() > kStateBytesMax) return;
  if (const auto stored = services_.state.put(kStateKey, value); !stored.ok())
    services_.logger.log(sdk::LogLevel::kWarning, "what records point at cannot be kept",
                         {{"reason", stored.error().message}});
}

}  // namespace patchbay::quickbooks
