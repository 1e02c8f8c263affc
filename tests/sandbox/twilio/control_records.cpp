// Twilio's side of the control calls: the truth, people who write, statuses that change.
#include "tests/sandbox/twilio/twilio_service.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox {

using twilio::Account;

namespace {

sdk::Error not_found(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

sdk::Result<void> check_messages(const RecordKind& kind) {
  if (!kind.account.empty()) return not_found("twilio has one account");
  if (kind.kind != "messages") return not_found("twilio has no kind " + kind.kind + " that can be changed");
  return {};
}

std::int64_t number(const json::object& members, std::string_view name) {
  const auto* value = members.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

sdk::Result<json::array> TwilioService::truth(const RecordKind& kind) const {
  if (!kind.account.empty()) return not_found("twilio has one account");
  if (kind.kind != "messages" && kind.kind != "media") return not_found("twilio has no kind " + kind.kind);
  const auto& order = (kind.kind == "media" ? account_.media() : account_.messages()).by_created();
  json::array records;
  for (auto record = order.rbegin(); record != order.rend(); ++record)
    records.push_back(Account::shown((*record)->value));
  return records;
}

sdk::Result<json::value> TwilioService::create_record(const RecordKind& kind, const json::object& members) {
  PATCHBAY_TRY(check_messages(kind));
  const bool inbound = sdk::string_at(members, "to").empty() || sdk::string_at(members, "direction") == "inbound";
  if (inbound && sdk::string_at(members, "from").empty())
    return sdk::invalid_error("sandbox.record", "an inbound message needs the number that it comes from", "from");
  const auto files = std::clamp<std::int64_t>(number(members, "media"), 0, 10);
  const auto now = account_.now_ms();
  auto message = twilio::make_message(account_, account_.new_sid(files == 0 ? "SM" : "MM"), now);
  message["direction"] = inbound ? "inbound" : "outbound-api";
  message["status"] = inbound ? "received" : "delivered";
  message[inbound ? "to" : "from"] = twilio::kNumbers[0];
  message["num_media"] = std::to_string(files);
  for (const char* name : {"from", "to", "body", "status", "direction"}) {
    if (members.contains(name)) message[name] = members.at(name);
  }
  if (!inbound) message["_callback"] = "default";
  const auto kept = account_.put(std::move(message), now);
  for (std::int64_t i = 0; i < files; ++i) account_.add_media(kept, "image/jpeg", now);
  if (inbound) {
    const auto keyword = account_.note_keyword(sdk::string_at(kept, "from"), sdk::string_at(kept, "body"));
    account_.send_inbound(kept, keyword);
  }
  return json::value(Account::shown(kept));
}

sdk::Result<json::value> TwilioService::change_record(const RecordKind& kind, std::string_view id,
                                                      const json::object& members) {
  PATCHBAY_TRY(check_messages(kind));
  const auto* record = account_.find(id);
  if (record == nullptr) return not_found("no such message");
  auto message = record->value;
  for (const char* name : {"status", "error_code", "error_message", "body", "price"}) {
    if (members.contains(name)) message[name] = members.at(name);
  }
  const bool moved = message.at("status") != record->value.at("status");
  const auto& changed = account_.change(*record, std::move(message));
  if (moved && changed.at("direction") != "inbound") account_.send_status(changed);
  return json::value(Account::shown(changed));
}

sdk::Result<json::value> TwilioService::remove_record(const RecordKind& kind, std::string_view id) {
  PATCHBAY_TRY(check_messages(kind));
  const auto* record = account_.find(id);
  if (record == nullptr) return not_found("no such message");
  auto gone = Account::shown(record->value);
  account_.erase(id);  // Twilio tells nobody
  return json::value(std::move(gone));
}

sdk::Result<json::value> TwilioService::change_random_record(const RecordKind& kind, Random& random) {
  PATCHBAY_TRY(check_messages(kind));
  std::vector<const Record*> ours;
  for (const auto* record : account_.messages().by_created()) {
    if (record->value.at("direction") != "inbound") ours.push_back(record);
  }
  if (ours.empty()) return not_found("there is no message of the account's own to change");
  const auto* record = random.pick(ours);
  const bool arrived = record->value.at("status") == "delivered";
  const json::object change{{"status", arrived ? "undelivered" : "delivered"},
                            {"error_code", arrived ? json::value(30003) : json::value(nullptr)}};
  auto changed = change_record(kind, std::string(record->id), change);
  // Bursts name what they changed by "id".
  if (changed.ok()) changed->as_object()["id"] = changed->at("sid");
  return changed;
}

}  // namespace patchbay::sandbox
