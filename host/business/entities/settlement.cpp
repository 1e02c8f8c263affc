#include "business/entities/settlement.hpp"

#include "engine/resources/field_value.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::entities {
namespace {

/// Payments `p` that the service which keeps the balance of invoice `i` does not know; all of them where none keeps it.
const std::string kOtherPayments =
    "from payments p where p.invoice_id = i.id and not exists (select 1 from entity_links l where "
    "l.entity_kind = 'payment' and l.entity_id = p.id and l.connection_id::text = i.owners ->> 'balance')";

/// Locked before the sums are taken: payments that two transactions bring at once are then both in the later one's sum.
const std::string kLock =
    "select i.id from invoices i where i.id = any ($1::uuid[]) and i.deleted_at is null and "
    "i.status not in ('draft', 'void') and (exists (select 1 " +
    kOtherPayments +
    ") or (i.status = 'paid' and i.owners ->> 'balance' is not null and i.service_balance > 0 and "
    "lower(coalesce(i.service_status, '')) <> 'paid')) order by i.id for update of i";

/// Invoices whose figures are no longer right, with those that are. A payment in another currency settles nothing.
const std::string kChanged =
    "select * from (select i.id, i.currency, i.status, i.balance, b.left_over, s.paid_at, "
    "case when i.owners ->> 'balance' is not null and lower(coalesce(i.service_status, '')) = 'paid' then 'paid' "
    "when b.left_over = 0 then 'paid' when b.left_over < i.total_amount then 'partially_paid' "
    "when i.due_date < now() then 'overdue' else 'sent' end as next "
    "from invoices i cross join lateral (select coalesce(sum(c.amount), 0) as settled, "
    "max(c.paid_at) filter (where c.amount > 0) as paid_at from (select p.paid_at, "
    "case when p.amount < 0 then p.amount else greatest(p.amount - p.refunded_amount - p.disputed_amount, 0) end as "
    "amount " +
    kOtherPayments +
    " and p.deleted_at is null and p.currency = i.currency and "
    "p.status in ('succeeded', 'refunded', 'partially_refunded', 'disputed')) c) s cross join lateral (select "
    "case when i.owners ->> 'balance' is null then i.total_amount else coalesce(i.service_balance, i.total_amount) end "
    "as owed) o cross join lateral (select case when o.owed < 0 then o.owed else greatest(o.owed - s.settled, 0) end "
    "as "
    "left_over) b where i.id = any ($1::uuid[])) f where f.left_over <> f.balance or f.next <> f.status";

resources::BulkRow change_of(const storage::Rows& rows, std::size_t at) {
  const std::string was = rows.text(at, "status"), next = rows.text(at, "next");
  const std::string currency = rows.text(at, "currency");
  resources::BulkRow row;
  row.entity_id = rows.text(at, "id");
  const std::string left_over = resources::money_text(rows.text(at, "left_over"), currency);
  if (left_over != resources::money_text(rows.text(at, "balance"), currency)) {
    row.values["balance"] = left_over;
    row.changed_fields.emplace_back("balance");
  }
  if (next == was) return row;
  row.values["status"] = next;
  row.changed_fields.emplace_back("status");
  row.reason = next == "paid" || was != "paid" ? "payment" : "refund";
  if (next == "paid") {
    const auto paid_at = rows.at(at, "paid_at");
    row.values["paymentDate"] =
        paid_at ? resources::time_text(*paid_at) : sdk::format_time(std::chrono::system_clock::now());
    row.changed_fields.emplace_back("paymentDate");
  } else if (was == "paid") {
    row.values["paymentDate"] = nullptr;
    row.changed_fields.emplace_back("paymentDate");
  }
  return row;
}

}  // namespace

bool is_payable(std::string_view status) {
  return status == "sent" || status == "overdue" || status == "partially_paid";
}

sdk::Result<void> settle_invoices(const resources::Writer& writer, storage::Session& session,
                                  const resources::Actor& actor, const std::vector<std::string>& invoice_ids) {
  if (invoice_ids.empty()) return {};
  PATCHBAY_ASSIGN(const auto locked, session.execute(kLock, {storage::array_literal(invoice_ids)}));
  if (locked.empty()) return {};
  std::vector<std::string> ids;
  for (std::size_t at = 0; at < locked.size(); ++at) ids.push_back(locked.text(at, "id"));
  PATCHBAY_ASSIGN(const auto changed, session.execute(kChanged, {storage::array_literal(ids)}));
  std::vector<resources::BulkRow> rows;
  for (std::size_t at = 0; at < changed.size(); ++at) rows.push_back(change_of(changed, at));
  return writer.apply_bulk(session, *writer.registry().find("invoice"), actor, std::move(rows));
}

sdk::Result<void> settle_invoices_of(const resources::Writer& writer, storage::Session& session,
                                     const resources::Actor& actor, const std::vector<std::string>& payment_ids) {
  PATCHBAY_ASSIGN(const auto found, session.execute("select distinct invoice_id from payments where "
                                                    "id = any ($1::uuid[]) and invoice_id is not null",
                                                    {storage::array_literal(payment_ids)}));
  std::vector<std::string> ids;
  for (std::size_t at = 0; at < found.size(); ++at) ids.push_back(found.text(at, "invoice_id"));
  return settle_invoices(writer, session, actor, ids);
}

}  // namespace patchbay::entities
