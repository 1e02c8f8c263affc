// Jobber's lists: which filters and sort keys each takes, and how a page is found without looking at the others.
#pragma once

#include "tests/sandbox/graphql/executor.hpp"
#include "tests/sandbox/jobber/books.hpp"

namespace patchbay::sandbox::jobber {

/// A page of a root list ("clients") by its arguments: filter, sort, searchTerm, first/after, last/before.
graphql::Connection list_records(const Books& books, std::string_view kind, const json::object& arguments);
/// A page of records that are known already, oldest first.
graphql::Connection page_of(std::string_view kind, const Table::Order& records, const json::object& arguments);
/// The GraphQL object of a record.
graphql::Object object_of(std::string_view kind, const Record& record);

}  // namespace patchbay::sandbox::jobber
