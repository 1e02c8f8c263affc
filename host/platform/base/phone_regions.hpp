// Calling codes and national number lengths by country (ITU-T E.164 and the national numbering plans).
#pragma once

#include <cstddef>
#include <string_view>

namespace patchbay::base {

/// How one country writes its numbers. The national number is what follows the calling code in international form.
struct PhoneRegion {
  std::string_view country;       ///< ISO 3166; "001" for numbers of no country.
  std::string_view calling_code;  ///< "44"
  std::string_view trunk;         ///< Dialled before a national number inside the country: "0"; empty: none.
  std::size_t digits_least;
  std::size_t digits_most;
  std::string_view exit = "00";  ///< Dialled before a calling code: "011".
};

/// nullptr for a country that is not in the table.
const PhoneRegion* find_phone_region(std::string_view country);
/// The region whose calling code begins `digits` (the main one where several share it), or nullptr.
const PhoneRegion* find_phone_region_by_digits(std::string_view digits);

}  // namespace patchbay::base
