// Where the fields of Jobber's types come from: members of records, links between them, what the clock makes of them.
#pragma once

#include "tests/sandbox/graphql/executor.hpp"
#include "tests/sandbox/jobber/books.hpp"

namespace patchbay::sandbox::jobber {

class JobberResolver : public graphql::Resolver {
 public:
  explicit JobberResolver(Books& books) : books_(books) {}
  graphql::Resolved resolve(const graphql::Object& parent, const graphql::FieldDefinition& field,
                            const json::object& arguments) override;

 private:
  graphql::Resolved resolve_root(const graphql::FieldDefinition& field, const json::object& arguments);
  std::optional<graphql::Resolved> resolve_connection(const graphql::Object& parent,
                                                      const graphql::FieldDefinition& field,
                                                      const json::object& arguments);
  std::optional<graphql::Resolved> resolve_computed(const graphql::Object& parent, const std::string& field);
  std::optional<graphql::Resolved> resolve_link(const graphql::Object& parent, const graphql::FieldDefinition& field);
  graphql::Resolved find_one(std::string_view kind, std::string_view id) const;

  Books& books_;
};

/// A member of a JSON object as a field of that type.
graphql::Resolved resolve_member(const graphql::Object& parent, const graphql::FieldDefinition& field);

}  // namespace patchbay::sandbox::jobber
