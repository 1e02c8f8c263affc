// The document that shows a record whole, made from the schema: all leaves, objects that are no records of their own,
// and the ids of records it is linked to.
#pragma once

#include "tests/sandbox/graphql/schema.hpp"
#include "tests/sandbox/jobber/jobber_service.hpp"

namespace patchbay::sandbox {

struct JobberService::TruthQuery {
  TruthQuery(const graphql::Schema& schema, const std::string& kind);
  graphql::Document document;
};

}  // namespace patchbay::sandbox
