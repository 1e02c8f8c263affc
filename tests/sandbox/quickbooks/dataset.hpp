// What the company has from the start: follows from the seed and the people.
#pragma once

#include "tests/sandbox/quickbooks/company.hpp"

namespace patchbay::sandbox::quickbooks {

void generate_company(Company& company, const std::vector<Person>& people);
/// Whether QuickBooks knows a person: none of those whose records are ambiguous, three in four of the others.
bool is_customer(const Person& person);
/// The id of a person's customer.
std::string customer_id(std::size_t person);
void add_hostile_customers(Company& company);

}  // namespace patchbay::sandbox::quickbooks
