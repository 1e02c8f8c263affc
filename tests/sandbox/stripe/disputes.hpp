// What a payer's bank takes back, and what Stripe pays out.
#pragma once

#include "tests/sandbox/stripe/account.hpp"

namespace patchbay::sandbox::stripe {

/// The payer's bank disputes this much of a charge: from then on the charge is disputed, whatever becomes of it.
json::object open_dispute(Account& account, const json::object& charge, std::int64_t amount);
/// "won" or "lost".
json::object settle_dispute(Account& account, json::object dispute, std::string_view status);
/// What was paid out of the generated charges.
void generate_payouts(Account& account);

}  // namespace patchbay::sandbox::stripe
