// The one QuickBooks company that the sandbox plays: its tables, what was deleted, and the webhooks that follow every
// change.
#pragma once

#include "tests/sandbox/service.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <variant>

namespace patchbay::sandbox::quickbooks {

inline constexpr std::string_view kRealm = "9130350000000001";

/// One kind of record: its name in control calls, in JSON and in addresses.
struct RecordType {
  std::string_view kind, object, path;
  bool is_list = false;  // has `Active` and is never deleted
};
const RecordType* find_record_type(std::string_view kind);
const RecordType* find_record_type_of(std::string_view object);
const RecordType* find_record_type_at(std::string_view path);
std::vector<std::string> record_kinds();

/// Why QuickBooks does not do what was asked.
struct Refusal {
  int status = 400;
  std::string code, message, detail, element;
  std::string type = "ValidationFault";
  json::object fault() const;
};
using Outcome = std::variant<json::object, Refusal>;

/// "2026-01-05T21:39:24-08:00": seconds, with the offset of Intuit's own zone.
std::string format_local(std::int64_t milliseconds);
std::int64_t parse_milliseconds(std::string_view time);
double rounded(double money);
double number_at(const json::value& record, std::string_view path);
json::object reference(std::string_view id, std::string_view name = "");
/// base64 of the HMAC-SHA256 of the body under the verifier token: the header `intuit-signature`.
std::string intuit_signature(std::string_view verifier_token, std::string_view body);

/// What happened to a record, as webhooks tell it.
struct Event {
  std::string_view operation;  // "Create", "Update", "Delete", "Merge", "Void", "Emailed"
  std::string deleted_id;      // of a merge
};

class Company {
 public:
  Company(const ServiceContext& context, std::string verifier_token);

  const ServiceContext& context() const { return context_; }
  std::int64_t now_ms() const { return context_.clock.now_milliseconds(); }
  std::string now() const { return sdk::format_time(context_.clock.now()); }

  const Table& table(std::string_view object) const { return context_.store.table(table_name(object)); }
  const Record* find(std::string_view object, std::string_view id) const { return table(object).find(id); }
  /// An id that no record of this kind has; ids repeat between kinds.
  std::string next_id() const { return std::to_string(50'000'000 + context_.store.next_number()); }

  /// Writes generated data: no webhook, times as told.
  const json::object& put(std::string_view object, json::object value, std::int64_t created_ms,
                          std::int64_t updated_ms);
  /// Writes a new record made now and announces it.
  const json::object& add(std::string_view object, json::object value);
  /// Writes a changed record: next SyncToken, time of change now.
  const json::object& update(std::string_view object, json::object value, const Event& event = {"Update", ""});
  /// Takes it away; change data tells of it for 30 days.
  void remove(std::string_view object, const std::string& id, const Event& event = {"Delete", ""});
  /// Deleted records of a kind since then, as change data shows them.
  json::array deleted_since(std::string_view object, std::int64_t since_ms) const;

  /// As the API shows it: computed balances in, inner members out.
  json::value shown(std::string_view object, const Record& record) const;

  void set_webhook_target(std::string target) { webhook_target_ = std::move(target); }
  void set_verifier_token(std::string token) { verifier_token_ = std::move(token); }
  void set_legacy_webhooks(bool on) { legacy_webhooks_ = on; }
  bool legacy_webhooks() const { return legacy_webhooks_; }

  /// Tables that are no records: tokens, codes, answers kept for a requestid.
  const json::object& put_private(std::string_view name, std::string id, json::object value);
  void erase_private(std::string_view name, std::string_view id) { context_.store.erase(table_name(name), id); }

 private:
  static std::string table_name(std::string_view name) { return "quickbooks." + std::string(name); }
  void announce(std::string_view object, const std::string& id, const Event& event);

  const ServiceContext& context_;
  std::string verifier_token_, webhook_target_;
  bool legacy_webhooks_ = false;
};

}  // namespace patchbay::sandbox::quickbooks
