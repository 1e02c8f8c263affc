#include "records.hpp"

#include <algorithm>
#include <array>

namespace patchbay::twilio {
namespace {

constexpr std::string_view kWhatsApp = "whatsapp:";

bool is_inbound(const sdk::json::value& message) {
  return sdk::string_at(message, "direction") == "inbound";
}

/// The address without its channel: "whatsapp:+14155550100" → "+14155550100".
std::string plain(const std::string& address) {
  const auto colon = address.find(':');
  return colon == std::string::npos ? address : address.substr(colon + 1);
}

void add_time(sdk::json::object& derived, const char* name, const sdk::json::value& message, const char* member) {
  const auto time = parse_date(sdk::string_at(message, member));
  derived[name] = time ? sdk::json::value(sdk::format_time(*time)) : sdk::json::value(nullptr);
}

sdk::json::object derive(const sdk::json::value& message) {
  const std::string from = sdk::string_at(message, "from"), to = sdk::string_at(message, "to");
  const std::string status = sdk::string_at(message, "status");
  const bool whatsapp = from.rfind(kWhatsApp, 0) == 0 || to.rfind(kWhatsApp, 0) == 0;
  sdk::json::object derived{{"channel", whatsapp ? "whatsapp" : "sms"}};
  derived["contact"] = plain(is_inbound(message) ? from : to);
  // A message of a Messaging Service has no sender until one is chosen, so no thread either.
  if (!from.empty() && !to.empty()) {
    derived["thread"] = std::min(from, to) + "|" + std::max(from, to);
  }
  add_time(derived, "sent_at", message, sdk::string_at(message, "date_sent").empty() ? "date_created" : "date_sent");
  // Twilio keeps no time of delivery; what it changed last on a delivered message is the nearest it tells.
  if (status == "delivered" || status == "read") add_time(derived, "delivered_at", message, "date_updated");
  return derived;
}

}  // namespace

sdk::Record make_message(sdk::json::value message) {
  sdk::Record record;
  record.resource = kMessages;
  record.external_id = sdk::string_at(message, "sid");
  record.updated_at = parse_date(sdk::string_at(message, "date_updated"));
  if (auto* object = message.if_object()) (*object)["derived"] = derive(message);
  record.data = std::move(message);
  return record;
}

bool is_final(std::string_view status) {
  static constexpr std::array<std::string_view, 6> kFinal{"delivered", "undelivered", "failed",
                                                          "canceled",  "read",        "received"};
  return std::find(kFinal.begin(), kFinal.end(), status) != kFinal.end();
}

}  // namespace patchbay::twilio
