// The generated data of a Stripe account: customers from the people, and what they were charged.
#pragma once

#include "tests/sandbox/stripe/account.hpp"

namespace patchbay::sandbox::stripe {

/// Fills an empty account. Depends on the seed, the epoch and the people alone.
void generate_account(Account& account, const std::vector<Person>& people);
/// Customers whose members no JSON library would write.
void add_hostile_customers(Account& account);
/// The id of a person's customer.
std::string customer_id(const Account& account, std::size_t person);

}  // namespace patchbay::sandbox::stripe
