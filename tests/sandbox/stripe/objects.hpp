// Stripe's objects in full, as a new one looks.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <string>
#include <string_view>

namespace patchbay::sandbox::stripe {

json::object make_address();
json::object make_customer(std::string_view id, std::int64_t created);
json::object make_payment_intent(std::string_view id, std::int64_t created, std::int64_t amount,
                                 std::string_view currency);
/// A succeeded, captured card charge.
json::object make_charge(std::string_view id, std::int64_t created, std::int64_t amount, std::string_view currency);
json::object make_refund(std::string_view id, std::int64_t created, std::int64_t amount, std::string_view currency);
json::object make_balance_transaction(std::string_view id, std::int64_t created, std::int64_t amount, std::int64_t fee,
                                      std::string_view currency, std::string_view type, std::string_view source);
/// A draft without lines.
json::object make_invoice(std::string_view id, std::int64_t created, std::string_view currency,
                          const json::object& customer);
json::object make_line(std::string_view id, std::string_view invoice, std::string_view item, std::int64_t amount,
                       std::string_view currency, std::string_view description, std::int64_t created);
json::object make_invoice_payment(std::string_view id, std::int64_t created, std::int64_t amount,
                                  std::string_view currency, std::string_view invoice, std::string_view payment_intent);
/// 2.9 % and 30 cents.
std::int64_t card_fee(std::int64_t amount);
json::object make_list(std::string_view url, json::array data, bool has_more);

}  // namespace patchbay::sandbox::stripe
