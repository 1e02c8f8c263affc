#include "tests/sandbox/jobber/books.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::array<RecordType, 10> kTypes{{{"clients", "Client", "CLIENT", "clients"},
                                             {"properties", "Property", "PROPERTY", "properties"},
                                             {"jobs", "Job", "JOB", "work_orders"},
                                             {"quotes", "Quote", "QUOTE", "quotes"},
                                             {"invoices", "Invoice", "INVOICE", "invoices"},
                                             {"payments", "PaymentRecordInterface", "PAYMENT", "payments"},
                                             {"visits", "Visit", "VISIT", "visits"},
                                             {"expenses", "Expense", "EXPENSE", "expenses"},
                                             {"requests", "Request", "REQUEST", "requests"},
                                             {"users", "User", "USER", "users"}}};

}  // namespace

const RecordType* find_record_type(std::string_view kind) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const RecordType& type) { return type.kind == kind; });
  return found == kTypes.end() ? nullptr : &*found;
}

const RecordType* find_record_type_of(std::string_view graphql_type) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const RecordType& type) { return type.type == graphql_type; });
  return found == kTypes.end() ? nullptr : &*found;
}

std::vector<std::string> record_kinds() {
  std::vector<std::string> kinds;
  for (const auto& type : kTypes) kinds.emplace_back(type.kind);
  return kinds;
}

std::string format_seconds(std::int64_t milliseconds) {
  auto text = sdk::format_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds)));
  return text.substr(0, text.find('.')) + "Z";
}

std::int64_t parse_milliseconds(std::string_view time) {
  const auto parsed = sdk::parse_time(time);
  return parsed ? std::chrono::duration_cast<std::chrono::milliseconds>(parsed->time_since_epoch()).count() : 0;
}

std::string encode_id(std::string_view type, std::uint64_t number) {
  return sdk::base64_encode("gid://Jobber/" + std::string(type) + "/" + std::to_string(number));
}

double rounded(double money) {
  return std::round(money * 100.0) / 100.0;
}

Books::Books(const ServiceContext& context, std::string client_secret)
    : context_(context), client_secret_(std::move(client_secret)), webhook_target_(context.webhook_target) {
  auto& store = context_.store;
  for (const auto& type : kTypes) {
    store.declare(table_name(type.kind), {"_client", "_job", "_invoice", "_linkedJob"});
  }
  for (const auto* kind : {"endpoints", "tokens", "codes"}) store.declare(table_name(kind));
}

json::object Books::account() const {
  return {{"id", account_id()},
          {"name", "Sandbox Services Ltd."},
          {"phone", "(810) 555-0199"},
          {"createdAt", format_seconds(context_.epoch_ms - 800LL * 86'400'000)}};
}

const json::object& Books::put(std::string_view kind, json::object value) {
  auto id = sdk::string_at(value, "id");
  const auto created = parse_milliseconds(sdk::string_at(value, "createdAt"));
  const auto updated = value.contains("updatedAt") ? parse_milliseconds(sdk::string_at(value, "updatedAt")) : created;
  return context_.store.put(table_name(kind), std::move(id), created, updated, std::move(value)).value;
}

const json::object& Books::add(std::string_view kind, json::object value) {
  auto id = sdk::string_at(value, "id");
  const auto at = now_ms();
  value["createdAt"] = format_seconds(at);
  value["updatedAt"] = format_seconds(at);
  const auto& kept = context_.store.put(table_name(kind), id, at, at, std::move(value)).value;
  announce(std::string(find_record_type(kind)->topic) + "_CREATE", id);
  return kept;
}

const json::object& Books::update(std::string_view kind, json::object value,
                                  std::initializer_list<std::string_view> more_topics) {
  auto id = sdk::string_at(value, "id");
  const auto* known = find(kind, id);
  const auto created = known == nullptr ? now_ms() : known->created_ms;
  value["updatedAt"] = now();
  const auto& kept = context_.store.put(table_name(kind), id, created, now_ms(), std::move(value)).value;
  announce(std::string(find_record_type(kind)->topic) + "_UPDATE", id);
  for (const auto topic : more_topics) announce(topic, id);
  return kept;
}

void Books::remove(std::string_view kind, const std::string& id) {
  context_.store.erase(table_name(kind), id);
  announce(std::string(find_record_type(kind)->topic) + "_DESTROY", id);
}

const json::object& Books::put_private(std::string_view kind, std::string id, json::object value) {
  return context_.store.put(table_name(kind), std::move(id), now_ms(), now_ms(), std::move(value)).value;
}

void Books::announce(std::string_view topic, const std::string& item_id) {
  json::object event{
      {"topic", topic}, {"appId", kAppId}, {"accountId", account_id()}, {"itemId", item_id}, {"occurredAt", now()}};
  const auto body = to_wire(json::object{{"data", json::object{{"webHookEvent", std::move(event)}}}});
  const auto send = [&](const std::string& url) {
    OutgoingEvent outgoing;
    outgoing.service = "jobber";
    outgoing.event_id = "evt_" + std::to_string(context_.store.next_number());
    outgoing.topic = topic;
    outgoing.url = url;
    outgoing.body = body;
    outgoing.sign = [secret = client_secret_](std::string_view text) {
      return sdk::Headers{{"X-Jobber-Hmac-SHA256", sdk::base64_encode(base::hmac_sha256(secret, text))}};
    };
    context_.webhooks.send(std::move(outgoing));
  };
  const auto target = webhook_target_.empty() ? std::string() : webhook_target_ + "/jobber";
  if (!target.empty()) send(target);
  for (const auto* endpoint : table("endpoints").by_created()) {
    const auto url = sdk::string_at(endpoint->value, "url");
    if (url != target && sdk::string_at(endpoint->value, "topic") == topic) send(url);
  }
}

}  // namespace patchbay::sandbox::jobber
