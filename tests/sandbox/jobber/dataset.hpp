// The generated data of the Jobber account: clients from the people, and the work done for them.
#pragma once

#include "tests/sandbox/jobber/books.hpp"

namespace patchbay::sandbox::jobber {

/// Fills an empty account. Depends on the seed, the epoch and the people alone.
void generate_books(Books& books, const std::vector<Person>& people);
/// Clients whose members no JSON library would write.
void add_hostile_clients(Books& books);
/// The id of a person's client.
std::string client_id(std::size_t person);

}  // namespace patchbay::sandbox::jobber
