#include "client.hpp"

#include "operations.hpp"

namespace patchbay::quickbooks {
namespace {

sdk::Result<const Resource*> known_resource(const std::string& name) {
  const Resource* resource = find_resource(name);
  if (resource == nullptr)
    return sdk::permanent_error("quickbooks.unknown_resource", "QuickBooks has no resource '" + name + "' here");
  return resource;
}

}  // namespace

QuickBooksClient::QuickBooksClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : api_(settings, services),
      lookups_(api_, services),
      listing_(api_, lookups_, services),
      writing_(api_, lookups_, services) {}

sdk::Result<sdk::AccountIdentity> QuickBooksClient::authenticate(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto body, api_.read(context, "companyinfo/" + sdk::url_encode(api_.realm())));
  const auto* company = sdk::find_member(body, "CompanyInfo");
  if (company == nullptr || !company->is_object())
    return sdk::transient_error("quickbooks.unreadable", "QuickBooks answered without the company");
  sdk::AccountIdentity identity;
  identity.account_id = api_.realm();
  identity.name = sdk::string_at(*company, "CompanyName");
  identity.details = {{"country", sdk::string_at(*company, "Country")},
                      {"legalName", sdk::string_at(*company, "LegalName")}};
  return identity;
}

sdk::Result<sdk::Page> QuickBooksClient::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(request.resource));
  return listing_.page(context, *resource, request);
}

sdk::Result<sdk::Record> QuickBooksClient::get(const sdk::CallContext& context, const std::string& resource_name,
                                               const std::string& external_id) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(resource_name));
  return writing_.read(context, *resource, external_id);
}

sdk::Result<sdk::Record> QuickBooksClient::create(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(request.resource));
  return writing_.create(context, *resource, request);
}

sdk::Result<sdk::Record> QuickBooksClient::update(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(request.resource));
  return writing_.update(context, *resource, request);
}

sdk::Result<void> QuickBooksClient::remove(const sdk::CallContext& context, const std::string& resource_name,
                                           const std::string& external_id) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(resource_name));
  return writing_.remove(context, *resource, external_id);
}

sdk::Result<sdk::Health> QuickBooksClient::health_check(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto company, authenticate(context));
  return sdk::Health{true, "QuickBooks answers for " + company.name, {{"company", company.account_id}}, {}};
}

sdk::Result<sdk::json::value> QuickBooksClient::operate(const sdk::CallContext& context, const std::string& name,
                                                        const sdk::json::object& arguments) {
  return run_operation(context, api_, writing_, name, arguments);
}

}  // namespace patchbay::quickbooks
