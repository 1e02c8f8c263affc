#include "business/entities/registry.hpp"

#include "business/entities/descriptions.hpp"

namespace patchbay::entities {

resources::Registry make_registry() {
  resources::Registry registry;
  registry.add(client_description());
  registry.add(estimate_description());
  registry.add(job_description());
  registry.add(invoice_description());
  registry.add(payment_description());
  registry.add(expense_description());
  registry.add(message_description());
  registry.add(appointment_description());
  return registry;
}

}  // namespace patchbay::entities
