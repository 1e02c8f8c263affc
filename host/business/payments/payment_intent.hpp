// A payment that a client makes through a payment service: asked of the service here, booked when its charge arrives by
// webhook or sync.
#pragma once

#include "engine/mapping/catalog.hpp"
#include "hub/connections/connection_store.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/money.hpp>

#include <string>

namespace patchbay::payments {

/// What is to be paid, by whom.
struct IntentRequest {
  std::string invoice_id, invoice_number;
  std::string client_id;
  std::string user_id;
  sdk::Money amount;
  std::string idempotency_key;  // of the caller; empty: every request is a new intent
};

/// `client_secret` lets its holder pay: it goes to the caller and nowhere else.
struct PaymentIntent {
  std::string id;
  std::string client_secret;
};

/// Thread-safe.
class IntentMaker {
 public:
  /// All of it outlives the maker.
  IntentMaker(storage::Database& database, const connections::ConnectionStore& store,
              connections::ClientFactory& clients, const mapping::MappingCatalog& mappings)
      : database_(database), store_(store), clients_(clients), mappings_(mappings) {}

  /// Asks Stripe for a payment intent over the whole amount. The intent carries the ids of invoice, client and user, by
  /// which its charge finds the invoice. kConflict "payment.no_connection" where no account is connected,
  /// "payment.refused" where Stripe does not take the amount; "payment.processing_error" for everything else.
  sdk::Result<PaymentIntent> make(const IntentRequest& request) const;

 private:
  /// The account that is to be paid, and what it knows of the invoice.
  struct Payee {
    connections::Connection connection;
    std::string customer;  // the client there; empty: not known
    std::string invoice;   // the invoice there
  };
  sdk::Result<Payee> find_payee(const IntentRequest& request) const;

  storage::Database& database_;
  const connections::ConnectionStore& store_;
  connections::ClientFactory& clients_;
  const mapping::MappingCatalog& mappings_;
};

/// The amount in the service's smallest unit, which has `places` decimals; kInvalid where it does not fit.
sdk::Result<std::int64_t> in_minor_units(const sdk::Money& amount, int places);

}  // namespace patchbay::payments
