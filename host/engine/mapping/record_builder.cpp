// The way back: fields of an entity in the service's own shape.
#include "engine/mapping/path.hpp"
#include "engine/mapping/transforms.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/money.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::mapping {
namespace {

using Built = sdk::Result<std::optional<sdk::json::value>>;

Built address_to_service(const FieldRule& rule, const sdk::json::value& value) {
  if (!value.is_object()) return sdk::invalid_error("mapping.value", rule.field + " is not an address.", rule.field);
  sdk::json::object address;
  for (const std::string& part : address_parts()) {
    const auto renamed = rule.parts.find(part);
    const sdk::json::value* found = sdk::find_member(value, part);
    set_path(address, renamed == rule.parts.end() ? part : renamed->second,
             found == nullptr ? sdk::json::value(nullptr) : *found);
  }
  return std::optional<sdk::json::value>(std::move(address));
}

std::string currency_of(const sdk::json::object& row, const MappingContext& context) {
  const auto* currency = row.if_contains("currency");
  return currency != nullptr && currency->is_string() ? std::string(currency->get_string()) : context.default_currency;
}

Built money_to_service(const FieldRule& rule, const Mapping& mapping, const std::string& currency,
                       const sdk::json::value& value) {
  const auto text = sdk::scalar_text(value);
  if (!text) return sdk::invalid_error("mapping.money", rule.field + " is not an amount.", rule.field);
  if (rule.kind == Transform::kMoneyMajor) {
    double number = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (code != std::errc() || end != text->data() + text->size()) {
      return sdk::invalid_error("mapping.money", rule.field + " is not a decimal.", rule.field);
    }
    return std::optional<sdk::json::value>(rule.negate ? -number : number);
  }
  // Shift the point by hand: the service's smallest unit may differ from ISO 4217.
  std::string digits = *text;
  const auto point = digits.find('.');
  std::string fraction = point == std::string::npos ? "" : digits.substr(point + 1);
  const auto places = static_cast<std::size_t>(mapping.minor_unit_places(currency));
  if (fraction.find_first_not_of('0', std::min(places, fraction.size())) != std::string::npos) {
    return sdk::invalid_error("mapping.money", rule.field + " has more decimal places than " + currency + ".",
                              rule.field);
  }
  fraction.resize(places, '0');
  digits = digits.substr(0, point) + fraction;
  std::int64_t minor = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), minor);
  if (code != std::errc() || end != digits.data() + digits.size()) {
    return sdk::invalid_error("mapping.money", rule.field + " is not a decimal that 64 bits hold.", rule.field);
  }
  return std::optional<sdk::json::value>(rule.negate ? -minor : minor);
}

Built enum_to_service(const FieldRule& rule, const sdk::json::value& value) {
  const auto text = sdk::scalar_text(value);
  for (const auto& [from, to] : rule.values) {
    if (from == "*" || !text || to != *text) continue;
    if (from == "true" || from == "false") return std::optional<sdk::json::value>(from == "true");
    return std::optional<sdk::json::value>(sdk::json::string(from));
  }
  return std::optional<sdk::json::value>();
}

Built unix_time_to_service(const FieldRule& rule, const sdk::json::value& value) {
  if (!value.is_string()) return sdk::invalid_error("mapping.value", rule.field + " is not a time.", rule.field);
  PATCHBAY_ASSIGN(const auto time, sdk::parse_time(std::string_view(value.get_string())));
  return std::optional<sdk::json::value>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

sdk::Result<sdk::json::value> Mapper::to_record(const ResourceMapping& rules, const sdk::json::object& row,
                                                const std::vector<std::string>& changed_fields,
                                                const std::map<std::string, std::string>& external_ids) const {
  sdk::json::object record;
  for (const FieldRule& rule : rules.fields) {
    const bool wanted = changed_fields.empty() ||
                        std::find(changed_fields.begin(), changed_fields.end(), rule.field) != changed_fields.end();
    const sdk::json::value* value = row.if_contains(rule.field);
    if (rule.to.empty() || !wanted || value == nullptr) continue;
    // A new record does not need to be told what it does not have.
    if (value->is_null() && changed_fields.empty()) continue;
    Built built = std::optional<sdk::json::value>(*value);
    if (rule.kind == Transform::kReference) {
      const auto external_id = external_ids.find(rule.field);
      if (external_id == external_ids.end()) continue;
      built = std::optional<sdk::json::value>(sdk::json::string(external_id->second));
    } else if (!value->is_null()) {
      switch (rule.kind) {
        case Transform::kAddress:
          built = address_to_service(rule, *value);
          break;
        case Transform::kMoneyMinor:
        case Transform::kMoneyMajor:
          built = money_to_service(rule, mapping_, currency_of(row, context_), *value);
          break;
        case Transform::kEnum:
          built = enum_to_service(rule, *value);
          break;
        case Transform::kUnixTime:
          built = unix_time_to_service(rule, *value);
          break;
        default:
          break;
      }
    }
    if (!built.ok()) return std::move(built).error();
    if (built.value()) set_path(record, rule.to, std::move(*built.value()));
  }
  return sdk::json::value(std::move(record));
}

}  // namespace patchbay::mapping
