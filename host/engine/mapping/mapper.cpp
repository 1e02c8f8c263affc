#include "engine/mapping/path.hpp"
#include "engine/mapping/transforms.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/phone_number.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/money.hpp>

namespace patchbay::mapping {
namespace {

constexpr std::size_t kExternalIdBytesMax = 255;
constexpr std::size_t kTextCharactersMax = 64 * 1024;

sdk::Error in_field(const FieldRule& rule, const sdk::Error& error) {
  return sdk::invalid_error(error.code, rule.field + ": " + error.message, rule.field);
}

/// Bytes of the first `count` characters of UTF-8, or the whole size.
std::size_t prefix_bytes(std::string_view text, std::size_t count) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (++characters > count) return at;
  }
  return text.size();
}

const sdk::json::value* first_content(const std::vector<std::string>& paths, const sdk::json::value& data) {
  for (const std::string& path : paths) {
    const sdk::json::value* found = sdk::find_path(data, path);
    if (has_content(found)) return found;
  }
  return nullptr;
}

/// "Job #{jobNumber}" with the record's values; empty when one of them is missing.
std::string fill_template(std::string_view text, const sdk::json::value& data) {
  std::string filled;
  while (!text.empty()) {
    const auto open = text.find('{');
    filled += text.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const auto close = text.find('}', open);
    const sdk::json::value* found = sdk::find_path(data, text.substr(open + 1, close - open - 1));
    const auto scalar = found == nullptr ? std::nullopt : sdk::scalar_text(*found);
    if (!scalar || scalar->empty()) return {};
    filled += *scalar;
    text.remove_prefix(close + 1);
  }
  return filled;
}

sdk::Result<Transformed> transform_money(const FieldRule& rule, const Mapping& mapping, const MappingContext& context,
                                         const sdk::json::value& data, const sdk::json::value& source) {
  std::string currency = context.default_currency;
  if (const sdk::json::value* found = first_content(rule.currency_from, data)) {
    PATCHBAY_ASSIGN(const Transformed code, transform_currency(*found));
    currency = std::string(code.value->get_string());
  }
  const bool minor = rule.kind == Transform::kMoneyMinor;
  const int places = minor ? mapping.minor_unit_places(currency) : sdk::currency_exponent(currency);
  PATCHBAY_ASSIGN(const std::string amount, minor ? money_from_minor(source, places, rule.negate)
                                                  : money_from_major(source, places, rule.negate));
  return Transformed{sdk::json::value(sdk::json::string(amount)), {}};
}

sdk::Result<Transformed> transform(const FieldRule& rule, const Mapping& mapping, const MappingContext& context,
                                   const sdk::json::value& data, const sdk::json::value& source) {
  switch (rule.kind) {
    case Transform::kText:
      return transform_text(source, false);
    case Transform::kTrim:
    case Transform::kPhone:
    case Transform::kReference:
      return transform_text(source, true);
    case Transform::kEmail:
      return transform_email(source);
    case Transform::kMoneyMinor:
    case Transform::kMoneyMajor:
      return transform_money(rule, mapping, context, data, source);
    case Transform::kCurrency:
      return transform_currency(source);
    case Transform::kTime:
      return transform_time(source);
    case Transform::kUnixTime:
      return transform_unix_time(source);
    case Transform::kBoolean:
      return transform_boolean(source);
    case Transform::kInteger:
      return transform_integer(source);
    case Transform::kEnum:
      return transform_enum(rule, source);
    case Transform::kAddress:
      return transform_address(rule, source);
    case Transform::kTextList:
      return transform_text_list(source);
    case Transform::kObject:
      if (!source.is_object()) return sdk::invalid_error("mapping.value", "expected an object");
      return Transformed{source, {}};
    case Transform::kArray:
      if (!source.is_array()) return sdk::invalid_error("mapping.value", "expected a list");
      return Transformed{source, {}};
  }
  return Transformed{};
}

/// Text that the column cannot hold: cut where the mapping allows it, else an error.
sdk::Result<void> fit_length(const FieldRule& rule, const resources::Field& field, sdk::json::value& value) {
  auto* text = value.if_string();
  if (text == nullptr) return {};
  if (field.services_may_exceed) return {};
  const std::size_t limit = field.length_max == 0 ? kTextCharactersMax : field.length_max;
  const std::size_t bytes = text->size() <= limit ? text->size() : prefix_bytes(*text, limit);
  if (bytes == text->size()) return {};
  if (!rule.cut) {
    return sdk::invalid_error("mapping.too_long", "the text is longer than " + std::to_string(limit) + " characters");
  }
  text->resize(bytes);
  return {};
}

/// What a rule says of a record before any length or type of the target: by condition, source, template, constant.
sdk::Result<Transformed> evaluate(const FieldRule& rule, const Mapping& mapping, const MappingContext& context,
                                  const sdk::json::value& data) {
  for (const Choice& choice : rule.when) {
    if (choice.condition.holds(data)) return Transformed{sdk::json::value(sdk::json::string(choice.value)), {}};
  }
  Transformed result;
  for (const std::string& path : rule.from) {
    const sdk::json::value* source = sdk::find_path(data, path);
    if (!has_content(source)) continue;
    // An expanded reference and its plain id stand at the same place: an object is then no reference.
    if (rule.kind == Transform::kReference && !sdk::scalar_text(*source)) continue;
    PATCHBAY_ASSIGN(Transformed found, transform(rule, mapping, context, data, *source));
    if (found.value) return found;
    if (!found.note.empty()) result.note = std::move(found.note);
  }
  if (!rule.template_text.empty()) {
    std::string filled = fill_template(rule.template_text, data);
    if (!filled.empty()) return Transformed{sdk::json::value(sdk::json::string(filled)), {}};
  }
  if (!rule.constant.empty()) result.value = sdk::json::value(sdk::json::string(rule.constant));
  return result;
}

bool speaks_of(const FieldRule& rule, const sdk::json::value& data) {
  for (const std::string& path : rule.from) {
    if (mentions(data, path)) return true;
  }
  return false;
}

/// The hub's own id where the service carries one; another program may use the same name for something else.
std::optional<std::string> own_id_of(const FieldRule& rule, const sdk::json::value& data) {
  if (rule.own_id.empty()) return std::nullopt;
  std::string id = sdk::string_at(data, rule.own_id);
  if (!base::is_uuid(id)) return std::nullopt;
  return id;
}

std::string make_fingerprint(const ResourceMapping& rules, const MappedRecord& record) {
  sdk::json::object content;
  content["values"] = record.values;
  sdk::json::object references;
  for (const Reference& reference : record.references) {
    const bool is_own = reference.resource.ends_with(".id");
    references[is_own ? reference.field + ".id" : reference.field] = reference.resource + "/" + reference.external_id;
  }
  content["references"] = std::move(references);
  content["deleted"] = record.deleted;
  return base::sha256(rules.digest + sdk::canonical_json(content));
}

}  // namespace

Mapper::Mapper(const Mapping& mapping, const resources::Registry& registry, MappingContext context)
    : mapping_(mapping), registry_(registry), context_(std::move(context)) {}

/// An address in the form in which entities are found by it; nullopt where it is none (a sender's name, a short code).
std::optional<std::string> Mapper::identity_key(const std::string& kind, const std::string& address) const {
  if (kind == "phone") return base::normalize_phone(address, context_.phone_region);
  const auto email = transform_email(sdk::json::value(sdk::json::string(address)));
  if (!email.ok() || !email->value) return std::nullopt;
  return std::string(email->value->get_string());
}

sdk::Result<void> Mapper::map_field(const FieldRule& rule, const resources::ResourceDescription& description,
                                    const sdk::json::value& data, MappedRecord& record) const {
  const resources::Field& field = *description.find_field(rule.field);
  // First, so that what the service's own records say of it counts for more.
  if (const auto id = own_id_of(rule, data)) record.references.push_back({rule.field, field.references + ".id", *id});
  auto evaluated = evaluate(rule, mapping_, context_, data);
  if (!evaluated.ok()) return in_field(rule, evaluated.error());
  Transformed& result = evaluated.value();
  if (!result.note.empty()) record.notes.push_back(rule.field + ": " + result.note);
  if (!result.value) {
    if (rule.required) return in_field(rule, sdk::invalid_error("mapping.required", "the record has no value for it"));
    // The service names the field and has nothing in it: what came from there before is to go.
    if (!field.nullable || field.default_value || !result.note.empty() || !speaks_of(rule, data)) return {};
    record.values[rule.field] = nullptr;
    if (!field.normalized_field.empty()) record.values[field.normalized_field] = nullptr;
    return {};
  }
  if (rule.kind == Transform::kReference) {
    const std::string target(result.value->get_string());
    const auto key = rule.find_by.empty() ? std::optional(target) : identity_key(rule.find_by, target);
    if (key) record.references.push_back({rule.field, rule.reference, *key});
    return {};
  }
  const auto fitted = fit_length(rule, field, *result.value);
  if (!fitted.ok()) return in_field(rule, fitted.error());
  if (rule.kind == Transform::kEmail && record.email.empty()) record.email = std::string(result.value->get_string());
  if (rule.kind == Transform::kPhone) {
    const auto normal = base::normalize_phone(std::string_view(result.value->get_string()), context_.phone_region);
    if (!field.normalized_field.empty()) {
      record.values[field.normalized_field] =
          normal ? sdk::json::value(sdk::json::string(*normal)) : sdk::json::value(nullptr);
    }
    if (normal && record.phone.empty()) record.phone = *normal;
    if (!normal) record.notes.push_back(rule.field + ": not a phone number, kept as written");
  }
  record.values[rule.field] = std::move(*result.value);
  return {};
}

sdk::Result<MappedRecord> Mapper::to_entity(const sdk::Record& source) const {
  MappedRecord record;
  record.resource = source.resource;
  record.external_id = source.external_id;
  record.deleted = source.deleted;
  record.remote_version = source.version;
  record.updated_at = source.updated_at;
  if (record.external_id.empty() || record.external_id.size() > kExternalIdBytesMax ||
      !sdk::is_clean_utf8(record.external_id)) {
    return sdk::invalid_error("mapping.external_id", "The record's id is empty, longer than 255 bytes or not UTF-8.");
  }
  const ResourceMapping* rules = mapping_.find(source.resource);
  if (rules == nullptr) {
    record.skipped = true;
    return record;
  }
  record.entity_kind = rules->entity_kind;
  if (!record.deleted && rules->skip && rules->skip->holds(source.data)) {
    record.skipped = true;
    return record;
  }
  if (!record.deleted) {
    if (!source.data.is_object()) return sdk::invalid_error("mapping.record", "The record is not an object.");
    const resources::ResourceDescription& description = *registry_.find(rules->entity_kind);
    for (const FieldRule& rule : rules->fields) PATCHBAY_TRY(map_field(rule, description, source.data, record));
    // Amounts without a currency of their own are in the connection's.
    if (rules->needs_currency) record.values["currency"] = context_.default_currency;
  }
  record.fingerprint = make_fingerprint(*rules, record);
  return record;
}

}  // namespace patchbay::mapping
