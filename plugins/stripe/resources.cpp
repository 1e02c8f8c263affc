#include "resources.hpp"

#include <algorithm>

namespace patchbay::stripe {

const std::vector<Resource>& resources() {
  static const std::vector<Resource> kResources{
      {"customers",
       "customer",
       "client",
       {},
       {"customer.created", "customer.updated", "customer.deleted"},
       {},
       true,
       true},
      {"invoices",
       "invoice",
       "invoice",
       {"customers"},
       {"invoice.created", "invoice.updated", "invoice.finalized", "invoice.finalization_failed", "invoice.sent",
        "invoice.paid", "invoice.payment_succeeded", "invoice.payment_failed", "invoice.payment_action_required",
        "invoice.overdue", "invoice.overpaid", "invoice.marked_uncollectible", "invoice.voided", "invoice.deleted"},
       {},
       true,
       true},
      {"payment_intents",
       "payment_intent",
       "",
       {"customers"},
       {"payment_intent.created", "payment_intent.processing", "payment_intent.requires_action",
        "payment_intent.amount_capturable_updated", "payment_intent.partially_funded", "payment_intent.succeeded",
        "payment_intent.payment_failed", "payment_intent.canceled"},
       {},
       true,
       false},
      {"charges",
       "charge",
       "payment",
       {"customers", "invoices"},
       {"charge.pending", "charge.succeeded", "charge.captured", "charge.updated", "charge.failed", "charge.expired",
        "charge.refunded"},
       {},
       false,
       false},
      {"refunds",
       "refund",
       "payment",
       {"charges"},
       {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"},
       {"charge"},
       true,
       false},
      {"payouts",
       "payout",
       "",
       {},
       {"payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled",
        "payout.reconciliation_completed"},
       {},
       false,
       false},
  };
  return kResources;
}

const Resource* find_resource(std::string_view name) {
  const auto& all = resources();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Resource& resource) { return resource.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Resource* find_resource_of_object(std::string_view object) {
  const auto& all = resources();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Resource& resource) { return resource.object == object; });
  return found == all.end() ? nullptr : &*found;
}

sdk::Record make_record(const Resource& resource, sdk::json::value object, std::optional<sdk::SystemTime> changed_at) {
  sdk::Record record;
  record.resource = resource.name;
  record.external_id = sdk::string_at(object, "id");
  const auto* deleted = sdk::find_member(object, "deleted");
  record.deleted = deleted != nullptr && deleted->is_bool() && deleted->as_bool();
  record.updated_at = changed_at;
  record.data = std::move(object);
  return record;
}

}  // namespace patchbay::stripe
