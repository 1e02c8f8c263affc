// What an answer that is no success means. QuickBooks has one fault shape in three spellings (JSON, JSON in lower case
// at its gateway, XML whatever was asked for), and sends it with any status, 200 included.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::quickbooks {

inline constexpr const char* kRefusedToken = "quickbooks.unauthorized";
inline constexpr const char* kThrottled = "quickbooks.throttled";
inline constexpr const char* kDuplicateName = "quickbooks.duplicate_name";
inline constexpr const char* kDuplicateNumber = "quickbooks.duplicate_number";

/// The first error of a fault. `code` without leading zeros.
struct Fault {
  std::string type, code, message, detail, element;
};

/// The fault of a JSON answer or of one item of a batch; nullopt: there is none.
std::optional<Fault> find_fault(const sdk::json::value& body);
/// The same of an XML answer.
std::optional<Fault> find_xml_fault(std::string_view body);

/// `status` 0: part of an answer that was a success as a whole (an item of a batch).
sdk::Error error_of(const Fault& fault, int status);
/// An answer whose status is no success, with or without a fault in it.
sdk::Error error_of(const sdk::HttpResponse& response);

}  // namespace patchbay::quickbooks
