#include "hub/messaging/send_store.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::messaging {

sdk::Result<void> insert_send(storage::Session& session, const std::string& message_id, const Outgoing& request) {
  PATCHBAY_TRY(session.execute("insert into message_sends (message_id, request) values ($1::uuid, $2::jsonb)",
                               {message_id, sdk::json::serialize(to_json(request))}));
  return {};
}

sdk::Result<std::optional<Send>> load_send(storage::Session& session, const std::string& message_id) {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  session.execute("select s.request, s.refused, s.provider, to_char(s.tried_at at time zone 'UTC',"
                                  " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') as tried_at from message_sends s"
                                  " join messages m on m.id = s.message_id and m.deleted_at is null"
                                  " where s.message_id = $1::uuid and s.finished_at is null",
                                  {message_id}));
  if (rows.empty()) return std::optional<Send>();
  Send send;
  send.message_id = message_id;
  PATCHBAY_ASSIGN(const auto request, sdk::parse_json(rows.text(0, "request")));
  PATCHBAY_ASSIGN(send.request, from_json(request));
  PATCHBAY_ASSIGN(const auto refused, sdk::parse_json(rows.text(0, "refused")));
  for (const auto& member : refused.is_object() ? refused.get_object() : sdk::json::object())
    send.refused[std::string(member.key())] = sdk::scalar_text(member.value()).value_or("");
  send.provider = rows.text(0, "provider");
  if (const auto tried = sdk::parse_time(rows.text(0, "tried_at")); tried.ok()) send.tried_at = *tried;
  return std::optional<Send>(std::move(send));
}

sdk::Result<void> begin_try(storage::Session& session, const std::string& message_id, const std::string& provider) {
  PATCHBAY_TRY(session.execute(
      "update message_sends set tried_at = case when provider = $2 then coalesce(tried_at, now()) else now()"
      " end, provider = $2 where message_id = $1::uuid",
      {message_id, provider}));
  return {};
}

sdk::Result<void> forget_try(storage::Session& session, const std::string& message_id) {
  PATCHBAY_TRY(session.execute("update message_sends set provider = null, tried_at = null where message_id = $1::uuid",
                               {message_id}));
  return {};
}

sdk::Result<void> note_refusal(storage::Session& session, const std::string& message_id, const std::string& provider,
                               const std::string& why) {
  PATCHBAY_TRY(
      session.execute("update message_sends set provider = null, tried_at = null,"
                      " refused = refused || jsonb_build_object($2::text, $3::text) where message_id = $1::uuid",
                      {message_id, provider, why}));
  return {};
}

sdk::Result<void> finish_send(storage::Session& session, const std::string& message_id) {
  PATCHBAY_TRY(session.execute(
      "update message_sends set finished_at = now(), request = '{}' where message_id = $1::uuid", {message_id}));
  return {};
}

sdk::Result<std::vector<std::string>> find_sent_alike(storage::Session& session, const std::string& connection_id,
                                                      const Send& send) {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          "select l.external_id from messages m join entity_links l on l.entity_kind = 'message'"
          " and l.entity_id = m.id and l.connection_id = $1::uuid where m.channel = $2 and m.to_address = $3"
          " and m.body = $4 and m.id <> $5::uuid and m.sent_at > now() - interval '2 days' limit 200",
          {connection_id, send.request.channel, joined(send.request.to), send.request.text, send.message_id}));
  std::vector<std::string> ids;
  for (std::size_t row = 0; row < rows.size(); ++row) ids.push_back(rows.text(row, "external_id"));
  return ids;
}

}  // namespace patchbay::messaging
