// Which function answers which path of Stripe's API.
#pragma once

#include "tests/sandbox/stripe/account.hpp"

#include <span>

namespace patchbay::sandbox::stripe {

struct Request {
  Account& account;
  std::string id;  // what stands for {id} in the path
  Params& params;
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // one {id} at most
  Answer (*handler)(Request&);
};

std::span<const Route> customer_routes();
std::span<const Route> payment_intent_routes();
std::span<const Route> charge_routes();   // charges, refunds, balance transactions
std::span<const Route> dispute_routes();  // disputes, payouts
std::span<const Route> invoice_routes();
std::span<const Route> invoice_item_routes();  // invoice items, invoice payments
std::span<const Route> account_routes();       // account, balance, events, webhook endpoints, test clocks

/// Finds the route; `id` gets the part of the path that {id} stands for.
const Route* find_route(std::string_view method, std::string_view path, std::string& id);

/// The lines of an invoice are its items; the totals follow from them.
void refresh_lines(const Account& account, json::object& invoice);
/// GET of one object by id.
Answer get_object(Request& request, std::string_view kind);
/// metadata parameters over what is there: an empty text removes a key, an empty metadata all.
void merge_metadata(json::object& object, Params& params);
/// Texts as sent; an empty one clears the member.
void set_text(json::object& object, std::string_view member, const std::optional<std::string>& text);

/// Charges a payment intent with its payment method, as confirm and invoice payment do. The error is a card_error.
struct Charged {
  json::object intent;
  std::optional<ApiError> declined;
};
Charged charge_intent(Account& account, json::object intent);
/// What a succeeded intent does to the invoice that it was attached to, if it was.
void credit_attached_invoice(Account& account, const json::object& intent);

}  // namespace patchbay::sandbox::stripe
