#include "business/entities/job_revenue.hpp"

#include "engine/resources/field_value.hpp"

namespace patchbay::entities {
namespace {

// Invoices in another currency than the job's are left out: sums of two currencies mean nothing.
constexpr std::string_view kChangedSums =
    "select j.id, j.currency, s.revenue from jobs j join lateral (select sum(i.total_amount) as revenue from invoices "
    "i "
    "where i.job_id = j.id and i.deleted_at is null and i.status not in ('draft', 'void') and i.currency = j.currency) "
    "s on true "
    "where j.deleted_at is null and j.actual_revenue is distinct from s.revenue and j.id in "
    "(select i.job_id from invoices i where i.id = any ($1::uuid[]))";

}  // namespace

sdk::Result<void> update_actual_revenue(const resources::Writer& writer, storage::Session& session,
                                        const resources::Actor& actor, const std::vector<std::string>& invoice_ids) {
  PATCHBAY_ASSIGN(const auto sums, session.execute(kChangedSums, {storage::array_literal(invoice_ids)}));
  std::vector<resources::BulkRow> rows;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto revenue = sums.at(i, "revenue");
    resources::BulkRow row;
    row.entity_id = sums.text(i, "id");
    row.values["actualRevenue"] = revenue ? sdk::json::value(resources::money_text(*revenue, sums.text(i, "currency")))
                                          : sdk::json::value(nullptr);
    row.changed_fields = {"actualRevenue"};
    rows.push_back(std::move(row));
  }
  return writer.apply_bulk(session, *writer.registry().find("job"), actor, std::move(rows));
}

}  // namespace patchbay::entities
