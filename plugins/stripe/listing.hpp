// Full and incremental lists. Stripe's objects carry no time of change, so an incremental run walks the events forward
// from the newest one that the run before had seen.
#pragma once

#include "api.hpp"
#include "resources.hpp"

#include <map>
#include <optional>
#include <string>

namespace patchbay::stripe {

class Listing {
 public:
  Listing(Api& api, sdk::Clock& clock, sdk::Logger& logger, std::string api_version)
      : api_(api), clock_(clock), logger_(logger), api_version_(std::move(api_version)) {}
  sdk::Result<sdk::Page> page(const sdk::CallContext& context, const Resource& resource,
                              const sdk::ListRequest& request);
  /// Fills in `invoice` of a charge, which API versions since 2025-03-31 tell only by invoice_payments.
  sdk::Result<void> add_invoice_of(const sdk::CallContext& context, sdk::json::value& charge);
  /// Fills in `disputed_amount` of a charge: the sum of its disputes that hold money back or were lost. The charge
  /// itself only says that there ever was one.
  sdk::Result<void> add_disputed_amount(const sdk::CallContext& context, sdk::json::value& charge);

 private:
  sdk::Result<sdk::Page> full_page(const sdk::CallContext& context, const Resource& resource,
                                   const sdk::ListRequest& request, const sdk::json::object& cursor);
  sdk::Result<sdk::Page> event_page(const sdk::CallContext& context, const Resource& resource,
                                    const sdk::ListRequest& request, const std::string& after_event);
  sdk::Result<std::string> newest_event(const sdk::CallContext& context);
  sdk::Result<sdk::Record> record_of_event(const sdk::CallContext& context, const Resource& resource,
                                           const sdk::json::value& event);
  sdk::Result<void> load_invoice_payments(const sdk::CallContext& context);

  Api& api_;
  sdk::Clock& clock_;
  sdk::Logger& logger_;
  std::string api_version_;
  std::optional<std::map<std::string, std::string>> invoice_of_intent_;  // of the full list under way
};

}  // namespace patchbay::stripe
