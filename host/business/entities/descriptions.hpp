// The entities of the unified model, one description a file.
#pragma once

#include "engine/resources/description.hpp"

namespace patchbay::entities {

resources::ResourceDescription client_description();
resources::ResourceDescription estimate_description();
resources::ResourceDescription job_description();
resources::ResourceDescription invoice_description();
resources::ResourceDescription payment_description();
resources::ResourceDescription expense_description();
resources::ResourceDescription message_description();
resources::ResourceDescription appointment_description();

}  // namespace patchbay::entities
