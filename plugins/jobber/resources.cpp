#include "resources.hpp"

#include <algorithm>

namespace patchbay::jobber {
namespace {

constexpr const char* kClientFields =
    "id name firstName lastName companyName isCompany isLead isArchived balance createdAt updatedAt jobberWebUri "
    "emails { id address description primary } phones { id number description primary smsAllowed } "
    "billingAddress { street1 street2 city province postalCode country } "
    "clientProperties(first: 1) { nodes { id address { street1 street2 city province postalCode country } } }";

constexpr const char* kQuoteFields =
    "id quoteNumber title message quoteStatus sentAt transitionedAt createdAt updatedAt client { id } property { id } "
    "amounts { subtotal discountAmount depositAmount taxAmount total } "
    "lastTransitioned { approvedAt convertedAt changesRequestedAt }";

constexpr const char* kJobFields =
    "id jobNumber title instructions jobStatus jobType billingType startAt endAt completedAt createdAt updatedAt "
    "total invoicedTotal uninvoicedTotal client { id } quote { id } property { id }";

constexpr const char* kInvoiceFields =
    "id invoiceNumber subject message invoiceStatus issuedDate dueDate receivedDate createdAt updatedAt client { id } "
    "amounts { subtotal discountAmount taxAmount total paymentsTotal depositAmount tipsTotal invoiceBalance } "
    "jobs(first: 5) { nodes { id } }";

constexpr const char* kPropertyFields =
    "id name jobberWebUri address { street1 street2 city province postalCode country } client { id updatedAt }";

constexpr const char* kVisitFields =
    "id title instructions visitStatus startAt endAt allDay isComplete completedAt createdAt job { id } client { id } "
    "property { id address { street street1 city } } assignedUsers(first: 5) { nodes { id name { full } } }";

constexpr const char* kExpenseFields =
    "id title description date total createdAt updatedAt linkedJob { id client { id } } enteredBy { id name { full } }";

constexpr const char* kPaymentFields =
    "__typename id amount rawAmount adjustmentType paymentType paymentOrigin entryDate details "
    "client { id } invoice { id } quote { id } "
    "... on CheckPaymentRecord { checkNumber } "
    "... on JobberPaymentsRefundPaymentRecord { transactionId transactionStatus refundedAt }";

}  // namespace

const std::vector<Resource>& resources() {
  static const std::vector<Resource> kResources{
      {"clients",
       "client",
       {},
       "clients",
       "client",
       "ClientFilterAttributes",
       kClientFields,
       ChangeFilter::kUpdatedAt,
       true,
       true,
       {"read_clients"}},
      {"quotes",
       "estimate",
       {"clients"},
       "quotes",
       "quote",
       "QuoteFilterAttributes",
       kQuoteFields,
       ChangeFilter::kUpdatedAt,
       true,
       false,
       {"read_quotes"}},
      {"jobs",
       "job",
       {"clients", "quotes"},
       "jobs",
       "job",
       "JobFilterAttributes",
       kJobFields,
       ChangeFilter::kSortedJobs,
       true,
       false,
       {"read_jobs"}},
      {"invoices",
       "invoice",
       {"clients", "jobs"},
       "invoices",
       "invoice",
       "InvoiceFilterAttributes",
       kInvoiceFields,
       ChangeFilter::kUpdatedAt,
       false,
       false,
       {"read_invoices"}},
      {"payments",
       "payment",
       {"clients", "invoices"},
       "paymentRecords",
       "paymentRecord",
       "PaymentRecordFilterAttributes",
       kPaymentFields,
       ChangeFilter::kEntryDate,
       false,
       false,
       {"read_jobber_payments"}},
      {"visits",
       "appointment",
       {"clients", "jobs"},
       "visits",
       "visit",
       "VisitFilterAttributes",
       kVisitFields,
       ChangeFilter::kStartAt,
       false,
       false,
       {"read_scheduled_items"}},
      {"expenses",
       "expense",
       {"clients", "jobs"},
       "expenses",
       "expense",
       "ExpenseFilterAttributes",
       kExpenseFields,
       ChangeFilter::kUpdatedAt,
       false,
       false,
       {"read_expenses"}},
      // Twenty clients of at most twenty properties cost what one query may.
      {"properties",
       "",
       {"clients"},
       "clients",
       "property",
       "ClientFilterAttributes",
       kPropertyFields,
       ChangeFilter::kUpdatedAt,
       false,
       false,
       {"read_clients"},
       "clientProperties",
       "id updatedAt",
       20},
  };
  return kResources;
}

const Resource* find_resource(std::string_view name) {
  const auto& all = resources();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Resource& resource) { return resource.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string operation_name(const char* verb, const Resource& resource) {
  std::string name = resource.name;
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return verb + name;
}

std::string list_document(const Resource& resource) {
  // `sort` is one object for payments, a list for jobs, and not needed elsewhere.
  std::string sort;
  if (resource.change_filter == ChangeFilter::kSortedJobs) sort = ", sort: [{key: UPDATED_AT, direction: DESCENDING}]";
  const std::string nodes = resource.nested_list.empty()
                                ? resource.fields
                                : resource.nested_fields + " " + resource.nested_list + "(first: 20) { nodes { " +
                                      resource.fields + " } pageInfo { hasNextPage } }";
  return "query " + operation_name("List", resource) +
         "($first: Int!, $after: String, $filter: " + resource.filter_type + ") { " + resource.list_field +
         "(first: $first, after: $after, filter: $filter" + sort + ") { nodes { " + nodes +
         " } pageInfo { endCursor hasNextPage } } }";
}

std::string get_document(const Resource& resource) {
  return "query " + operation_name("Get", resource) + "($id: EncodedId!) { " + resource.get_field + "(id: $id) { " +
         resource.fields + " } }";
}

sdk::Record make_record(const Resource& resource, sdk::json::value node) {
  sdk::Record record;
  record.resource = resource.name;
  record.external_id = sdk::string_at(node, "id");
  if (const auto updated = sdk::parse_time(sdk::string_at(node, "updatedAt")); updated.ok())
    record.updated_at = *updated;
  record.data = std::move(node);
  return record;
}

}  // namespace patchbay::jobber
