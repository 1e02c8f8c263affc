// The generated conversations of the account.
#pragma once

#include "tests/sandbox/twilio/account.hpp"

namespace patchbay::sandbox::twilio {

/// Fills an empty account: short conversations with most people, by their own number. Depends on seed, epoch and people
/// alone.
void generate_messages(Account& account, const std::vector<Person>& people);
/// Messages whose members no JSON library would write.
void add_hostile_messages(Account& account);

}  // namespace patchbay::sandbox::twilio
