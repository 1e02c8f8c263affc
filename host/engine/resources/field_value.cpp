#include "engine/resources/field_value.hpp"

#include "platform/base/ids.hpp"
#include "platform/base/phone_number.hpp"
#include "platform/base/yaml.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/money.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::resources {
namespace {

namespace json = sdk::json;

constexpr std::size_t kTextBytesMax = 64 * 1024;
constexpr std::size_t kJsonBytesMax = 64 * 1024;
constexpr std::size_t kListItemsMax = 200;
constexpr std::size_t kListItemCharactersMax = 100;

sdk::Error wrong(const Field& field, std::string code, std::string what) {
  return sdk::invalid_error(std::move(code), field.name + " " + std::move(what), field.name);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

sdk::Result<std::string> check_text(const Field& field, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return wrong(field, "text.nul", "must not contain U+0000.");
  if (field.length_max > 0 && character_count(text) > field.length_max) {
    return wrong(field, "text.too_long", "may have at most " + std::to_string(field.length_max) + " characters.");
  }
  if (text.size() > kTextBytesMax) return wrong(field, "text.too_long", "may have at most 64 KiB.");
  return std::string(text);
}

sdk::Result<std::string> check_enum(const Field& field, std::string_view text) {
  if (std::find(field.values.begin(), field.values.end(), text) != field.values.end()) return std::string(text);
  return wrong(field, "enum.unknown", "must be one of " + joined(field.values) + ".");
}

sdk::Result<std::string> check_uuid(const Field& field, std::string_view text) {
  if (base::is_uuid(text)) return std::string(text);
  return wrong(field, "uuid.malformed", "must be a UUID.");
}

sdk::Result<std::string> check_time(const Field& field, std::string_view text) {
  const auto time = sdk::parse_time(text);
  if (time.ok()) return sdk::format_time(*time);
  return wrong(field, "time.malformed", "must be an ISO 8601 time.");
}

sdk::Result<std::string> check_money(const Field& field, std::string_view text, const std::string& currency) {
  const auto money = sdk::parse_money(text, currency);
  // numeric(19,4) holds 15 digits before the point.
  constexpr std::int64_t kMinorMax = 999'999'999'999'999;
  if (money.ok() && money->minor <= kMinorMax && money->minor >= -kMinorMax) return sdk::format_money(*money);
  return wrong(field, "money.malformed",
               "must be a decimal text with the places of " + currency + ", like \"120.50\".");
}

sdk::Result<std::string> check_integer(const Field& field, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return std::to_string(number);
  return wrong(field, "integer.malformed", "must be a whole number.");
}

sdk::Result<std::string> text_of(const Field& field, const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(text->data(), text->size());
  return wrong(field, "type.text", "must be a text.");
}

sdk::Result<std::string> list_text(const Field& field, const json::value& value) {
  const json::array* items = value.if_array();
  if (items == nullptr) return wrong(field, "type.list", "must be a list of texts.");
  if (items->size() > kListItemsMax) return wrong(field, "list.too_long", "may have at most 200 items.");
  std::vector<std::string> texts;
  for (const json::value& item : *items) {
    PATCHBAY_ASSIGN(std::string text, text_of(field, item));
    if (field.type == FieldType::kUuidList) {
      PATCHBAY_TRY(check_uuid(field, text));
    } else if (text.empty() || character_count(text) > kListItemCharactersMax) {
      return wrong(field, "list.item", "may only have items of 1 to 100 characters.");
    }
    PATCHBAY_TRY(check_text(field, text));
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  return storage::array_literal(texts);
}

sdk::Result<std::string> json_text(const Field& field, const json::value& value) {
  const bool is_array = field.type == FieldType::kArray;
  if (field.address_shape) {
    PATCHBAY_ASSIGN(const json::object address, address_object(field, value));
    return json::serialize(address);
  }
  if (is_array ? !value.is_array() : !value.is_object()) {
    return wrong(field, is_array ? "type.array" : "type.object", is_array ? "must be an array." : "must be an object.");
  }
  std::string text = json::serialize(value);
  if (text.size() > kJsonBytesMax) return wrong(field, "json.too_large", "may have at most 64 KiB.");
  if (text.find("\\u0000") != std::string::npos) return wrong(field, "text.nul", "must not contain U+0000.");
  return text;
}

sdk::Result<std::string> money_of(const Field& field, const json::value& value, const std::string& currency) {
  if (const json::string* text = value.if_string()) return check_money(field, *text, currency);
  if (value.is_int64() || value.is_uint64()) return check_money(field, json::serialize(value), currency);
  if (value.is_double()) {
    return wrong(field, "money.float",
                 "must be a decimal text like \"120.50\": a number with a fraction is not exact.");
  }
  return wrong(field, "type.money", "must be a decimal text.");
}

sdk::Result<std::string> check_scalar(const Field& field, const std::string& text) {
  switch (field.type) {
    case FieldType::kUuid:
      return check_uuid(field, text);
    case FieldType::kEnum:
      return check_enum(field, text);
    case FieldType::kTime:
      return check_time(field, text);
    case FieldType::kEmail:
      if (!is_email(text)) return wrong(field, "email.malformed", "must be an e-mail address.");
      return check_text(field, text);
    default:
      return check_text(field, text);
  }
}

}  // namespace

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (text.size() > 254 || at == std::string_view::npos || at == 0 || at > 64 ||
      text.find('@', at + 1) != std::string_view::npos) {
    return false;
  }
  const bool unprintable = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == ',' || c == ';' || c == '<' || c == '>' || c == '"';
  });
  const std::string_view domain = text.substr(at + 1);
  return !unprintable && domain.size() >= 3 && domain.find('.') != std::string_view::npos && domain.front() != '.' &&
         domain.back() != '.' && domain.find("..") == std::string_view::npos;
}

sdk::Result<json::object> address_object(const Field& field, const json::value& value) {
  static const std::vector<std::string> kMembers = {"line1", "line2", "city", "state", "postalCode", "country"};
  if (const json::string* text = value.if_string()) {
    if (text->size() > 500) return wrong(field, "text.too_long", "may have at most 500 bytes.");
    return json::object{{"line1", *text}};
  }
  const json::object* given = value.if_object();
  if (given == nullptr) return wrong(field, "type.address", "must be an address object or a text.");
  json::object address;
  for (const auto& [given_name, member] : *given) {
    // The spelling that some clients know from elsewhere; answered as the contract has it.
    const std::string_view name = given_name == "postal_code" ? std::string_view("postalCode") : std::string_view(given_name);
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
      const std::string nearest = base::yaml::nearest_name(name, kMembers);
      return wrong(
          field, "address.unknown_member",
          "has no member '" + std::string(name) + "'" +
              (nearest.empty() ? "; members are " + joined(kMembers) + "." : ", did you mean '" + nearest + "'?"));
    }
    if (member.is_null()) continue;
    if (!member.is_string() || member.get_string().size() > 255 ||
        member.get_string().find('\0') != json::string::npos) {
      return wrong(field, "address.member", "." + std::string(name) + " must be a text of at most 255 bytes.");
    }
    address[name] = member;
  }
  return address;
}

sdk::Result<std::string> sql_text(const Field& field, const json::value& value, const ValueContext& context) {
  switch (field.type) {
    case FieldType::kInteger:
      if (!value.is_int64()) return wrong(field, "type.integer", "must be a whole number.");
      return std::to_string(value.get_int64());
    case FieldType::kBoolean:
      if (!value.is_bool()) return wrong(field, "type.boolean", "must be true or false.");
      return std::string(value.get_bool() ? "true" : "false");
    case FieldType::kMoney:
      return money_of(field, value, context.currency);
    case FieldType::kObject:
    case FieldType::kArray:
      return json_text(field, value);
    case FieldType::kTextList:
    case FieldType::kUuidList:
      return list_text(field, value);
    default:
      break;
  }
  PATCHBAY_ASSIGN(const std::string text, text_of(field, value));
  return check_scalar(field, text);
}

sdk::Result<std::string> filter_text(const Field& field, std::string_view text, std::string_view phone_region) {
  if (text.find('\0') != std::string_view::npos || text.size() > 1'000) {
    return wrong(field, "filter.value", "has a value that is too long or not a text.");
  }
  switch (field.type) {
    case FieldType::kUuid:
    case FieldType::kUuidList:
      return check_uuid(field, text);
    case FieldType::kEnum:
      return check_enum(field, text);
    case FieldType::kTime:
      return check_time(field, text);
    case FieldType::kInteger:
      return check_integer(field, text);
    case FieldType::kBoolean:
      if (text != "true" && text != "false") return wrong(field, "type.boolean", "must be true or false.");
      return std::string(text);
    case FieldType::kMoney:
      // Four places are what the column holds; the row's currency is not known here.
      if (const auto money = sdk::parse_money(text, "USD"); !money.ok()) {
        return wrong(field, "money.malformed", "must be a decimal text like \"120.50\".");
      }
      return std::string(text);
    case FieldType::kEmail: {
      std::string lowered(text);
      for (char& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      }
      return lowered;
    }
    case FieldType::kPhone:
      return base::normalize_phone(text, phone_region).value_or(std::string(text));
    default:
      return std::string(text);
  }
}

std::string service_text(const Field& field, const json::value& value) {
  switch (field.type) {
    case FieldType::kObject:
    case FieldType::kArray:
      return json::serialize(value);
    case FieldType::kTextList:
    case FieldType::kUuidList: {
      std::vector<std::string> texts;
      if (const json::array* items = value.if_array()) {
        for (const json::value& item : *items) {
          auto text = sdk::scalar_text(item);
          if (text && std::find(texts.begin(), texts.end(), *text) == texts.end()) texts.push_back(std::move(*text));
        }
      }
      return storage::array_literal(texts);
    }
    default:
      return sdk::scalar_text(value).value_or("");
  }
}

bool same_value(const Field& field, std::optional<std::string_view> stored, const storage::Param& text,
                std::string_view currency) {
  if (!stored || !text) return !stored && !text;
  switch (field.type) {
    case FieldType::kTime:
      return time_text(*stored) == *text;
    case FieldType::kMoney:
      return money_text(*stored, currency) == money_text(*text, currency);
    case FieldType::kBoolean:
      return (*stored == "t") == (*text == "true");
    case FieldType::kObject:
    case FieldType::kArray:
      return json::parse(*stored) == json::parse(*text);
    case FieldType::kTextList:
    case FieldType::kUuidList:
      return service_text(field, json::parse(*stored)) == *text;
    default:
      return *stored == *text;
  }
}

json::value json_of(const Field& field, const std::string& text, std::string_view currency) {
  switch (field.type) {
    case FieldType::kInteger:
      return json::value(static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10)));
    case FieldType::kBoolean:
      return text == "true";
    case FieldType::kMoney:
      return json::value(money_text(text, currency));
    case FieldType::kObject:
    case FieldType::kArray:
      return json::parse(text);
    case FieldType::kTextList:
    case FieldType::kUuidList:
      return json::array();
    default:
      return json::value(text);
  }
}

std::string money_text(std::string_view numeric, std::string_view currency) {
  const auto places = static_cast<std::size_t>(sdk::currency_exponent(currency));
  const std::size_t point = numeric.find('.');
  std::string whole(numeric.substr(0, point));
  std::string fraction(point == std::string_view::npos ? std::string_view() : numeric.substr(point + 1));
  while (fraction.size() > places && fraction.back() == '0') fraction.pop_back();
  while (fraction.size() < places) fraction += '0';
  return fraction.empty() ? whole : whole + "." + fraction;
}

std::string time_text(std::string_view timestamp) {
  // "YYYY-MM-DD hh:mm:ss[.ffffff]+00"; anything else (another zone, infinity) is left to the slow way.
  if (timestamp.size() < 22 || timestamp[10] != ' ' || !timestamp.ends_with("+00")) {
    const auto time = sdk::parse_time(timestamp);
    return time.ok() ? sdk::format_time(*time) : std::string(timestamp);
  }
  std::string text(timestamp.substr(0, 19));
  text[10] = 'T';
  std::string_view fraction = timestamp.substr(19, timestamp.size() - 22);
  if (!fraction.empty()) fraction.remove_prefix(1);
  text += '.';
  for (std::size_t i = 0; i < 3; ++i) text += i < fraction.size() ? fraction[i] : '0';
  return text + 'Z';
}

}  // namespace patchbay::resources
