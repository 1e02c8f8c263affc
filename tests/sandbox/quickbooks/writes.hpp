// What changes a company: creates, updates full and sparse, voids, deletions, with what follows for the books.
#pragma once

#include "tests/sandbox/quickbooks/company.hpp"

namespace patchbay::sandbox::quickbooks {

/// A POST to a record type's address.
struct Write {
  const RecordType& type;
  const json::object& body;
  std::string operation;  // "", "delete", "void", "update"
  std::string include;    // "void" with "update": how payments are voided
};

/// The record as it is then, or a stub with `"status": "Deleted"`.
Outcome apply_write(Company& company, const Write& write);

Outcome create_record(Company& company, const RecordType& type, json::object record);
Outcome void_record(Company& company, const RecordType& type, const Record& record);
Outcome delete_record(Company& company, const RecordType& type, const Record& record);
/// `from` becomes `into`: its transactions move, it is gone.
void merge_customers(Company& company, const std::string& from, const std::string& into);

}  // namespace patchbay::sandbox::quickbooks
