// The one Jobber account that the sandbox plays: its tables, and the webhooks that follow every change.
#pragma once

#include "tests/sandbox/service.hpp"

namespace patchbay::sandbox::jobber {

inline constexpr std::string_view kAppId = "5f0a9c1e-7f3b-4c52-9a51-d0b1c2a3e4f5";
inline constexpr std::string_view kDefaultVersion = "2025-04-16";

/// One kind of record: its table, GraphQL type, topic of its webhooks, part of its address in the service's screens.
struct RecordType {
  std::string_view kind, type, topic, screen;
};
const RecordType* find_record_type(std::string_view kind);
const RecordType* find_record_type_of(std::string_view graphql_type);
std::vector<std::string> record_kinds();

/// "2024-05-01T10:00:00Z".
std::string format_seconds(std::int64_t milliseconds);
std::int64_t parse_milliseconds(std::string_view time);
/// base64 of "gid://Jobber/<type>/<number>".
std::string encode_id(std::string_view type, std::uint64_t number);
double rounded(double money);

class Books {
 public:
  Books(const ServiceContext& context, std::string client_secret);

  const ServiceContext& context() const { return context_; }
  std::int64_t now_ms() const { return context_.clock.now_milliseconds(); }
  std::string now() const { return format_seconds(now_ms()); }
  std::string account_id() const { return encode_id("Account", 1); }
  json::object account() const;
  /// A number for a record made now; those of generated data are below it.
  std::string new_id(std::string_view type) const { return encode_id(type, 50'000'000 + context_.store.next_number()); }

  const Table& table(std::string_view kind) const { return context_.store.table(table_name(kind)); }
  const Record* find(std::string_view kind, std::string_view id) const { return table(kind).find(id); }
  /// Writes generated data: no webhook; times as the record says.
  const json::object& put(std::string_view kind, json::object value);
  /// Writes a new record made now (createdAt, updatedAt are set) and sends `<TOPIC>_CREATE`.
  const json::object& add(std::string_view kind, json::object value);
  /// Writes a changed record (updatedAt is set) and sends `<TOPIC>_UPDATE`, then `more_topics`.
  const json::object& update(std::string_view kind, json::object value,
                             std::initializer_list<std::string_view> more_topics = {});
  /// Sends `<TOPIC>_DESTROY`.
  void remove(std::string_view kind, const std::string& id);
  void announce(std::string_view topic, const std::string& item_id);

  void set_webhook_target(std::string target) { webhook_target_ = std::move(target); }
  void set_webhook_secret(std::string secret) { client_secret_ = std::move(secret); }
  const std::string& client_secret() const { return client_secret_; }

  /// Tables that are no records of the service: webhook endpoints, tokens, codes.
  const json::object& put_private(std::string_view kind, std::string id, json::object value);
  void erase_private(std::string_view kind, std::string_view id) { context_.store.erase(table_name(kind), id); }

 private:
  static std::string table_name(std::string_view kind) { return "jobber." + std::string(kind); }

  const ServiceContext& context_;
  std::string client_secret_, webhook_target_;
};

}  // namespace patchbay::sandbox::jobber
