#include "business/entities/billing.hpp"
#include "business/entities/routes.hpp"

namespace patchbay::entities {

using resources::RouteParts;

void add_money_routes(const RouteParts& parts, gateway::Routes& routes) {
  routes.push_back(move_route(parts, *parts.registry.find("estimate"), "estimates:decide"));
  routes.push_back(move_route(parts, *parts.registry.find("invoice"), "write:invoices"));
  routes.push_back(blocking_route(
      "POST", "/payments", "write:payments", "payments", "Record a payment or a refund and settle its invoice",
      [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        return answer_write(parts, context, *parts.registry.find("payment"), 201,
                            [&](storage::Session& session, std::vector<sdk::Error>& errors) {
                              return record_payment(parts, session, context.principal, body, errors);
                            });
      }));
}

}  // namespace patchbay::entities
