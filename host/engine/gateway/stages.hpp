// The stages of the pipeline, one function for each way; what they do stands in pipeline.cpp beside their place in the
// order.
#pragma once

#include "engine/gateway/pipeline.hpp"

namespace patchbay::gateway::stages {

// stages_envelope.cpp: what surrounds every answer
Outcome enter_request_id(Services& services, Exchange& exchange);
void leave_request_id(Services& services, Exchange& exchange, http::Response& response);
void leave_access_log(Services& services, Exchange& exchange, http::Response& response);
void leave_errors(Services& services, Exchange& exchange, http::Response& response);
void leave_security_headers(Services& services, Exchange& exchange, http::Response& response);
Outcome enter_cors(Services& services, Exchange& exchange);
void leave_cors(Services& services, Exchange& exchange, http::Response& response);
void leave_compress(Services& services, Exchange& exchange, http::Response& response);
void leave_conditional(Services& services, Exchange& exchange, http::Response& response);

// stages_access.cpp: may this caller do this, now?
Outcome enter_find_route(Services& services, Exchange& exchange);
Outcome enter_limit_address(Services& services, Exchange& exchange);
Outcome enter_refuse_unknown(Services& services, Exchange& exchange);
Outcome enter_authenticate(Services& services, Exchange& exchange);
Outcome enter_limit_user(Services& services, Exchange& exchange);
Outcome enter_permission(Services& services, Exchange& exchange);
Outcome enter_limit_account(Services& services, Exchange& exchange);

// stages_body.cpp: is the request well formed, and is it the first of its kind?
Outcome enter_path_ids(Services& services, Exchange& exchange);
Outcome enter_body(Services& services, Exchange& exchange);
Outcome enter_idempotency(Services& services, Exchange& exchange);
void leave_idempotency(Services& services, Exchange& exchange, http::Response& response);

}  // namespace patchbay::gateway::stages
