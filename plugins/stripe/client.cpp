#include "client.hpp"

namespace patchbay::stripe {
namespace {

sdk::Result<const Resource*> known_resource(const std::string& name) {
  const Resource* resource = find_resource(name);
  if (resource == nullptr)
    return sdk::permanent_error("stripe.unknown_resource", "Stripe has no resource '" + name + "' here");
  return resource;
}

}  // namespace

StripeClient::StripeClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : services_(services),
      api_(settings, services.http),
      listing_(api_, services.clock, services.logger, settings.option("apiVersion")) {}

sdk::Result<sdk::AccountIdentity> StripeClient::authenticate(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto account, api_.get(context, "/account", "GET /v1/account"));
  sdk::AccountIdentity identity;
  identity.account_id = sdk::string_at(account, "id");
  for (const char* path : {"business_profile.name", "settings.dashboard.display_name", "email", "id"}) {
    if (identity.name.empty()) identity.name = sdk::string_at(account, path);
  }
  return identity;
}

sdk::Result<sdk::Page> StripeClient::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(request.resource));
  return listing_.page(context, *resource, request);
}

sdk::Result<sdk::Record> StripeClient::get(const sdk::CallContext& context, const std::string& resource_name,
                                           const std::string& external_id) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(resource_name));
  Fields query;
  for (const std::string& expand : resource->expand) query.emplace_back("expand[]", expand);
  const auto read_at = services_.clock.now();
  PATCHBAY_ASSIGN(auto object, api_.get(context, "/" + resource->name + "/" + sdk::url_encode(external_id),
                                        "GET /v1/" + resource->name + "/{id}", query));
  if (resource->name == "charges") {
    PATCHBAY_TRY(listing_.add_invoice_of(context, object));
    PATCHBAY_TRY(listing_.add_disputed_amount(context, object));
  }
  return make_record(*resource, std::move(object), read_at);
}

sdk::Result<sdk::Record> StripeClient::write(const sdk::CallContext& context, const sdk::WriteRequest& request,
                                             const std::string& path, const std::string& group) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(request.resource));
  if (!resource->writable)
    return sdk::permanent_error("stripe.read_only", "Stripe's " + resource->name + " are not written from here");
  Fields form;
  const auto& wanted = request.changed_fields;
  for (const auto& member : request.data.is_object() ? request.data.as_object() : sdk::json::object()) {
    const bool included =
        wanted.empty() || std::find(wanted.begin(), wanted.end(), std::string(member.key())) != wanted.end();
    // On create there is nothing to clear.
    if (!included || (request.external_id.empty() && member.value().is_null())) continue;
    const Fields flat = flatten(sdk::json::object{{member.key(), member.value()}});
    form.insert(form.end(), flat.begin(), flat.end());
  }
  const auto written_at = services_.clock.now();
  PATCHBAY_ASSIGN(auto object, api_.post(context, path, group, form, request.idempotency_key));
  return make_record(*resource, std::move(object), written_at);
}

sdk::Result<sdk::Record> StripeClient::create(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  return write(context, request, "/" + request.resource, "POST /v1/" + request.resource);
}

sdk::Result<sdk::Record> StripeClient::update(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  return write(context, request, "/" + request.resource + "/" + sdk::url_encode(request.external_id),
               "POST /v1/" + request.resource + "/{id}");
}

sdk::Result<void> StripeClient::remove(const sdk::CallContext& context, const std::string& resource_name,
                                       const std::string& external_id) {
  PATCHBAY_ASSIGN(const Resource* resource, known_resource(resource_name));
  if (!resource->removable)
    return sdk::permanent_error("stripe.not_removable", "Stripe's " + resource->name + " cannot be deleted");
  const auto removed = api_.remove(context, "/" + resource->name + "/" + sdk::url_encode(external_id),
                                   "DELETE /v1/" + resource->name + "/{id}");
  if (!removed.ok() && removed.error().error_class != sdk::ErrorClass::kNotFound) return removed.error();
  return {};
}

sdk::Result<sdk::Health> StripeClient::health_check(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto account, authenticate(context));
  return sdk::Health{true, "Stripe answers for " + account.name, {{"account", account.account_id}}, {}};
}

sdk::Result<sdk::json::value> StripeClient::operate(const sdk::CallContext& context, const std::string& name,
                                                    const sdk::json::object& arguments) {
  if (name != kAttachPayment)
    return sdk::permanent_error("stripe.unknown_operation", "Stripe has no operation '" + name + "' here");
  const std::string invoice = sdk::string_at(arguments, "invoice");
  const std::string intent = sdk::string_at(arguments, "paymentIntent");
  if (invoice.empty() || intent.empty())
    return sdk::invalid_error("stripe.missing_argument", "invoice and paymentIntent are needed");
  // One key for one pair: attaching twice is attaching once.
  return api_.post(context, "/invoices/" + sdk::url_encode(invoice) + "/attach_payment",
                   "POST /v1/invoices/{id}/attach_payment", {{"payment_intent", intent}},
                   "attach-" + invoice + "-" + intent);
}

}  // namespace patchbay::stripe
