#include "engine/oauth/token_journal.hpp"

namespace patchbay::oauth {

sdk::Result<void> TokenJournal::begin(const std::string& connection_id) const {
  PATCHBAY_TRY(database_.query(storage::Lane::kWorker,
                               "insert into token_journal (connection_id, outcome) values ($1, 'started')",
                               {connection_id}));
  return {};
}

sdk::Result<void> TokenJournal::finish(storage::Session& session, const std::string& connection_id,
                                       const std::string& outcome, const std::string& detail) const {
  PATCHBAY_TRY(
      session.execute("insert into token_journal (connection_id, outcome, detail) values ($1, $2, nullif($3, ''))",
                      {connection_id, outcome, detail}));
  PATCHBAY_TRY(session.execute("delete from token_journal where connection_id = $1 and at < now() - interval '30 days'",
                               {connection_id}));
  return {};
}

sdk::Result<std::optional<UnfinishedRefresh>> TokenJournal::find_unfinished(storage::Session& session,
                                                                            const std::string& connection_id) const {
  PATCHBAY_ASSIGN(
      const auto rows,
      session.execute("select outcome, to_char(at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as at "
                      "from token_journal where connection_id = $1 order by id desc limit 1",
                      {connection_id}));
  if (rows.empty()) return std::optional<UnfinishedRefresh>();
  UnfinishedRefresh last{rows.text(0, "at"), rows.text(0, "outcome")};
  const bool open = last.outcome == "started" || last.outcome == "failed" || last.outcome == "no_answer";
  if (!open) return std::optional<UnfinishedRefresh>();
  return std::optional(std::move(last));
}

}  // namespace patchbay::oauth
