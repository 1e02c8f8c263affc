#include "document.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace patchbay::quickbooks {
namespace {

constexpr std::size_t kNameMax = 500;  // characters of DisplayName

/// DisplayName takes no colon (it separates a sub-customer from its parent), tab or line end.
std::string display_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ':' || c == '\t' || c == '\n' || c == '\r'; }, ' ');
  if (name.size() > kNameMax) {
    name.resize(kNameMax);
    while (!sdk::is_utf8(name)) name.pop_back();
  }
  return name;
}

bool is_wanted(const sdk::WriteRequest& request, std::string_view name) {
  const auto& fields = request.changed_fields;
  return name != "patchbay" && (fields.empty() || std::find(fields.begin(), fields.end(), name) != fields.end());
}

/// Without members that are null, and without objects that nothing is left of.
sdk::json::value without_nulls(const sdk::json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  sdk::json::object kept;
  for (const auto& member : *object) {
    sdk::json::value inner = without_nulls(member.value());
    if (!inner.is_null()) kept[member.key()] = std::move(inner);
  }
  if (kept.empty()) return nullptr;
  return kept;
}

sdk::json::value with_empty_texts(const sdk::json::value& value) {
  if (value.is_null()) return "";
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  sdk::json::object filled;
  for (const auto& member : *object) filled[member.key()] = with_empty_texts(member.value());
  return filled;
}

void settle_name(const Resource& resource, sdk::json::object& document) {
  if (resource.name != "customers") return;
  auto* name = document.if_contains("DisplayName");
  if (name != nullptr && name->is_string()) *name = display_name(std::string(name->get_string()));
}

std::uint64_t hash_of(std::string_view text, std::uint64_t basis) {
  std::uint64_t hash = basis;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

std::string text_at(const sdk::json::value& value, std::string_view path) {
  const auto* found = sdk::find_path(value, path);
  return found == nullptr ? std::string() : sdk::scalar_text(*found).value_or("");
}

std::vector<std::string> line_amounts(const sdk::json::value& transaction) {
  std::vector<std::string> amounts;
  const auto* lines = sdk::find_member(transaction, "Line");
  if (lines == nullptr || !lines->is_array()) return amounts;
  for (const auto& line : lines->as_array()) {
    // QuickBooks adds the subtotal line by itself.
    if (sdk::string_at(line, "DetailType") != "SubTotalLineDetail") amounts.push_back(text_at(line, "Amount"));
  }
  return amounts;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string digits_of(const std::string& text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
  return digits.size() > 10 ? digits.substr(digits.size() - 10) : digits;
}

}  // namespace

sdk::json::object new_document(const Resource& resource, const sdk::WriteRequest& request) {
  sdk::json::object document;
  if (!request.data.is_object()) return document;
  for (const auto& member : request.data.as_object()) {
    if (member.key() == "patchbay") continue;
    sdk::json::value value = without_nulls(member.value());
    if (!value.is_null()) document[member.key()] = std::move(value);
  }
  settle_name(resource, document);
  return document;
}

sdk::json::object sparse_document(const Resource& resource, const sdk::WriteRequest& request) {
  sdk::json::object document;
  if (!request.data.is_object()) return document;
  for (const auto& member : request.data.as_object()) {
    if (is_wanted(request, member.key())) document[member.key()] = with_empty_texts(member.value());
  }
  settle_name(resource, document);
  return document;
}

std::string request_id_of(const std::string& idempotency_key) {
  if (idempotency_key.empty()) return {};
  const auto high = hash_of(idempotency_key, 14695981039346656037ULL);
  const auto low = hash_of(idempotency_key + "/patchbay", 1469598103934665603ULL);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-5%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xFFFF), static_cast<unsigned>(high & 0xFFF),
                static_cast<unsigned>(0x8000 | (low >> 48 & 0x3FFF)),
                static_cast<unsigned long long>(low & 0xFFFF'FFFF'FFFFULL));
  return text.data();
}

bool is_same_transaction(const sdk::json::object& document, const sdk::json::value& found) {
  const sdk::json::value wanted(document);
  for (const char* path : {"CustomerRef.value", "VendorRef.value", "EntityRef.value", "AccountRef.value", "DocNumber",
                           "PaymentRefNum", "TxnDate", "TotalAmt", "PrivateNote"}) {
    const std::string text = text_at(wanted, path);
    if (!text.empty() && text != text_at(found, path)) return false;
  }
  const auto amounts = line_amounts(wanted);
  return amounts.empty() || amounts == line_amounts(found);
}

bool is_same_customer(const sdk::json::object& document, const sdk::json::value& found) {
  const sdk::json::value wanted(document);
  const std::string email = lower(sdk::string_at(wanted, "PrimaryEmailAddr.Address"));
  const std::string their_email = lower(sdk::string_at(found, "PrimaryEmailAddr.Address"));
  if (!email.empty() && !their_email.empty()) return their_email.find(email) != std::string::npos;
  const std::string phone = digits_of(sdk::string_at(wanted, "PrimaryPhone.FreeFormNumber"));
  const std::string their_phone = digits_of(sdk::string_at(found, "PrimaryPhone.FreeFormNumber"));
  if (!phone.empty() && !their_phone.empty()) return phone == their_phone;
  return (email.empty() && phone.empty()) || (their_email.empty() && their_phone.empty());
}

}  // namespace patchbay::quickbooks
