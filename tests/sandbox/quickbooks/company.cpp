#include "tests/sandbox/quickbooks/company.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace patchbay::sandbox::quickbooks {
namespace {

constexpr std::int64_t kZoneMilliseconds = -8 * 3'600'000;

constexpr std::array<RecordType, 13> kTypes{{{"customers", "Customer", "customer", true},
                                             {"items", "Item", "item", true},
                                             {"vendors", "Vendor", "vendor", true},
                                             {"payment_methods", "PaymentMethod", "paymentmethod", true},
                                             {"accounts", "Account", "account", true},
                                             {"estimates", "Estimate", "estimate", false},
                                             {"invoices", "Invoice", "invoice", false},
                                             {"payments", "Payment", "payment", false},
                                             {"sales_receipts", "SalesReceipt", "salesreceipt", false},
                                             {"refund_receipts", "RefundReceipt", "refundreceipt", false},
                                             {"purchases", "Purchase", "purchase", false},
                                             {"bills", "Bill", "bill", false},
                                             {"credit_memos", "CreditMemo", "creditmemo", false}}};

template <typename Wanted>
const RecordType* find_type(Wanted wanted) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), wanted);
  return found == kTypes.end() ? nullptr : &*found;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The past participle that CloudEvents have in their type.
std::string verb_of(std::string_view operation) {
  std::string verb = lower(operation);
  if (verb == "emailed") return verb;
  return verb + (verb.ends_with("e") ? "d" : "ed");
}

}  // namespace

const RecordType* find_record_type(std::string_view kind) {
  return find_type([&](const RecordType& type) { return type.kind == kind; });
}
const RecordType* find_record_type_of(std::string_view object) {
  return find_type([&](const RecordType& type) { return type.object == object; });
}
const RecordType* find_record_type_at(std::string_view path) {
  return find_type([&](const RecordType& type) { return type.path == path; });
}

std::vector<std::string> record_kinds() {
  std::vector<std::string> kinds;
  for (const auto& type : kTypes) kinds.emplace_back(type.kind);
  return kinds;
}

json::object Refusal::fault() const {
  return {{"Error",
           json::array{json::object{{"Message", message}, {"Detail", detail}, {"code", code}, {"element", element}}}},
          {"type", type}};
}

std::string format_local(std::int64_t milliseconds) {
  const auto text = sdk::format_time(
      std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds + kZoneMilliseconds)));
  return text.substr(0, 19) + "-08:00";
}

std::int64_t parse_milliseconds(std::string_view time) {
  const auto parsed = sdk::parse_time(time);
  return parsed ? std::chrono::duration_cast<std::chrono::milliseconds>(parsed->time_since_epoch()).count() : 0;
}

double rounded(double money) {
  return std::round(money * 100.0) / 100.0;
}

double number_at(const json::value& record, std::string_view path) {
  const auto* found = sdk::find_path(record, path);
  return found != nullptr && found->is_number() ? found->to_number<double>() : 0.0;
}

json::object reference(std::string_view id, std::string_view name) {
  json::object made{{"value", id}};
  if (!name.empty()) made["name"] = name;
  return made;
}

std::string intuit_signature(std::string_view verifier_token, std::string_view body) {
  return sdk::base64_encode(base::hmac_sha256(verifier_token, body));
}

Company::Company(const ServiceContext& context, std::string verifier_token)
    : context_(context), verifier_token_(std::move(verifier_token)), webhook_target_(context.webhook_target) {
  for (const auto& type : kTypes)
    context_.store.declare(table_name(type.object), {"_customer", "DisplayName", "DocNumber"});
  for (const auto* name : {"tokens", "codes", "answers"}) context_.store.declare(table_name(name));
  context_.store.declare(table_name("deleted"), {"object"});
}

const json::object& Company::put(std::string_view object, json::object value, std::int64_t created_ms,
                                 std::int64_t updated_ms) {
  auto id = sdk::string_at(value, "Id");
  if (!value.contains("SyncToken")) value["SyncToken"] = "0";
  value["domain"] = "QBO";
  value["sparse"] = false;
  value["MetaData"] =
      json::object{{"CreateTime", format_local(created_ms)}, {"LastUpdatedTime", format_local(updated_ms)}};
  if (const auto customer = sdk::string_at(value, "CustomerRef.value"); !customer.empty())
    value["_customer"] = customer;
  return context_.store.put(table_name(object), std::move(id), created_ms, updated_ms, std::move(value)).value;
}

const json::object& Company::add(std::string_view object, json::object value) {
  const auto id = sdk::string_at(value, "Id");
  const auto& kept = put(object, std::move(value), now_ms(), now_ms());
  announce(object, id, {"Create", ""});
  return kept;
}

const json::object& Company::update(std::string_view object, json::object value, const Event& event) {
  const auto id = sdk::string_at(value, "Id");
  const auto* known = find(object, id);
  const auto created = known == nullptr ? now_ms() : known->created_ms;
  const auto token = known == nullptr ? std::string("0") : sdk::string_at(known->value, "SyncToken");
  value["SyncToken"] = std::to_string(std::stoll(token) + 1);
  const auto& kept = put(object, std::move(value), created, now_ms());
  announce(object, id, event);
  return kept;
}

void Company::remove(std::string_view object, const std::string& id, const Event& event) {
  context_.store.erase(table_name(object), id);
  put_private("deleted", std::string(object) + "/" + id, {{"object", object}, {"id", id}, {"at", now_ms()}});
  if (event.deleted_id.empty()) announce(object, id, event);
}

json::array Company::deleted_since(std::string_view object, std::int64_t since_ms) const {
  json::array rows;
  for (const auto* record : table("deleted").where("object", object)) {
    const auto at = record->value.at("at").to_number<std::int64_t>();
    if (at < since_ms) continue;
    rows.push_back(json::object{{"domain", "QBO"},
                                {"status", "Deleted"},
                                {"Id", record->value.at("id")},
                                {"MetaData", json::object{{"LastUpdatedTime", format_local(at)}}}});
  }
  return rows;
}

json::value Company::shown(std::string_view object, const Record& record) const {
  json::object out;
  for (const auto& member : record.value) {
    if (!member.key().starts_with('_')) out[member.key()] = member.value();
  }
  if (object == "Customer" && !out.contains("Balance")) {
    double balance = 0;
    for (const auto* invoice : table("Invoice").where("_customer", record.id))
      balance += number_at(invoice->value, "Balance");
    out["Balance"] = rounded(balance);
  }
  return out;
}

const json::object& Company::put_private(std::string_view name, std::string id, json::object value) {
  return context_.store.put(table_name(name), std::move(id), now_ms(), now_ms(), std::move(value)).value;
}

void Company::announce(std::string_view object, const std::string& id, const Event& event) {
  if (webhook_target_.empty()) return;
  OutgoingEvent outgoing;
  outgoing.service = "quickbooks";
  outgoing.url = webhook_target_ + "/quickbooks";
  outgoing.event_id = "evt-" + std::to_string(context_.store.next_number());
  if (legacy_webhooks_) {
    json::object entity{{"id", id}, {"operation", event.operation}, {"name", object}, {"lastUpdated", now()}};
    if (!event.deleted_id.empty()) entity["deletedId"] = event.deleted_id;
    json::object notification{{"realmId", kRealm},
                              {"dataChangeEvent", json::object{{"entities", json::array{std::move(entity)}}}}};
    outgoing.topic = std::string(object) + "." + std::string(event.operation);
    outgoing.body = to_wire(json::object{{"eventNotifications", json::array{std::move(notification)}}});
  } else {
    outgoing.topic = "qbo." + lower(object) + "." + verb_of(event.operation) + ".v1";
    json::object data;
    if (!event.deleted_id.empty()) data["deletedId"] = event.deleted_id;
    auto time = now();
    time.insert(time.size() - 1, "179851");  // nine fractional digits
    outgoing.body = to_wire(json::array{json::object{{"specversion", "1.0"},
                                                     {"id", outgoing.event_id},
                                                     {"source", "intuit.c2FuZGJveA=="},
                                                     {"type", outgoing.topic},
                                                     {"datacontenttype", "application/json"},
                                                     {"time", time},
                                                     {"intuitentityid", id},
                                                     {"intuitaccountid", kRealm},
                                                     {"data", std::move(data)}}});
  }
  outgoing.sign = [token = verifier_token_](std::string_view text) {
    return sdk::Headers{{"intuit-signature", intuit_signature(token, text)}};
  };
  context_.webhooks.send(std::move(outgoing));
}

}  // namespace patchbay::sandbox::quickbooks
