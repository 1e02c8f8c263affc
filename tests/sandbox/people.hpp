// The people and companies behind the records of every service, and how each service knows them: the ground truth that
// identity resolution is measured against.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::sandbox {

/// How the two records of a person that both services know can be told to be one.
enum class Bond {
  kEmail,           // the same e-mail, spelt the same
  kEmailCase,       // the same e-mail in different case
  kPhone,           // no common e-mail; the same phone, spelt differently
  kNone,            // nothing in common: two entities, rightly
  kAmbiguousEmail,  // e-mail shared with another record of the same service: never to be merged
  kAmbiguousPhone,  // the same for the phone
};

struct Address {
  std::string street, city, state, postal_code, country;
};

struct Person {
  std::size_t number = 0;
  std::string first_name, last_name;
  std::string company;      // not empty: the client is a company, the person its contact
  std::string email;        // lower case
  std::string other_email;  // what a second service knows when it does not know `email`
  std::string phone;        // E.164
  std::string other_phone;
  Address address;
  bool in_stripe = false;
  bool in_jobber = false;
  Bond bond = Bond::kEmail;
  std::int64_t since_ms = 0;  // when the first service got to know them

  std::string full_name() const { return first_name + " " + last_name; }
  std::string display_name() const { return company.empty() ? full_name() : company; }
};

/// `count` people from `first_number` on. Depends on its arguments alone. Of each 100: 60 in both services (27 by
/// e-mail, 12 by e-mail in different case, 12 by phone only, 5 with nothing in common, 2 with a shared e-mail, 2 with a
/// shared phone), 20 in Stripe only, 20 in Jobber only.
std::vector<Person> make_people(std::uint64_t seed, std::size_t count, std::int64_t epoch_ms,
                                std::size_t first_number = 0);

/// "(810) 555-0100", "810-555-0100", "810.555.0100" or "+1 810 555 0100", by `style`.
std::string national_spelling(std::string_view e164, std::uint64_t style);
/// Some letters in upper case, at least one.
std::string mixed_case(std::string_view email);
/// Digits only, NANP numbers with their country code; empty where there are too few digits. The services' truth is told
/// with this, apart from what the hub uses.
std::string phone_digits(std::string_view text);

}  // namespace patchbay::sandbox
