#include "client.hpp"

#include "media.hpp"

namespace patchbay::twilio {
namespace {

sdk::Result<void> check_resource(const std::string& name) {
  if (name != kMessages)
    return sdk::permanent_error("twilio.unknown_resource", "Twilio has no resource '" + name + "' here");
  return {};
}

std::string path_of(const std::string& sid) {
  return "Messages/" + sdk::url_encode(sid) + ".json";
}

}  // namespace

TwilioClient::TwilioClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : api_(settings, services.http),
      sender_(settings.option("messagingServiceSid").empty() ? settings.option("from")
                                                             : settings.option("messagingServiceSid")),
      can_verify_(!settings.credential("authToken").empty()),
      listing_(api_, services),
      sending_(api_, settings, services, listing_.open()),
      logger_(services.logger) {}

/// Reads messages, not the account: a standard or restricted API key may do the one and not the other.
sdk::Result<void> TwilioClient::probe(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto list, api_.get(context, "Messages.json", "GET Messages", {{"PageSize", "1"}}));
  const auto* messages = sdk::find_member(list, "messages");
  if (messages == nullptr || !messages->is_array())
    return sdk::transient_error("twilio.unreadable", "Twilio answered with something that is not a list of messages");
  return {};
}

sdk::Result<sdk::AccountIdentity> TwilioClient::authenticate(const sdk::CallContext& context) {
  PATCHBAY_TRY(probe(context));
  sdk::AccountIdentity identity;
  identity.account_id = api_.account_sid();
  identity.name = sender_.empty() ? api_.account_sid() : sender_;
  return identity;
}

sdk::Result<sdk::Page> TwilioClient::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  PATCHBAY_TRY(check_resource(request.resource));
  return listing_.page(context, request);
}

sdk::Result<sdk::Record> TwilioClient::get(const sdk::CallContext& context, const std::string& resource,
                                           const std::string& external_id) {
  PATCHBAY_TRY(check_resource(resource));
  PATCHBAY_ASSIGN(auto message, api_.get(context, path_of(external_id), "GET Messages/{Sid}"));
  if (sdk::string_at(message, "sid").empty())
    return sdk::transient_error("twilio.unreadable", "Twilio answered with something that is not a message");
  const std::string count = sdk::string_at(message, "num_media");
  if (!count.empty() && count != "0") {
    PATCHBAY_ASSIGN(auto media, list_media(api_, context, sdk::url_encode(external_id)));
    message.as_object()["media"] = std::move(media);
  }
  listing_.open().note(message);
  listing_.open().save(logger_);
  return make_message(std::move(message));
}

sdk::Result<void> TwilioClient::remove(const sdk::CallContext& context, const std::string& resource,
                                       const std::string& external_id) {
  PATCHBAY_TRY(check_resource(resource));
  const auto removed = api_.remove(context, path_of(external_id), "DELETE Messages/{Sid}");
  if (!removed.ok() && removed.error().error_class != sdk::ErrorClass::kNotFound) return removed.error();
  return {};
}

sdk::Result<sdk::Health> TwilioClient::health_check(const sdk::CallContext& context) {
  PATCHBAY_TRY(probe(context));
  sdk::Health health{true, "Twilio answers for " + api_.account_sid(), {{"account", api_.account_sid()}}, {}};
  if (!can_verify_) {
    health.notices.emplace_back(
        "Without the credential authToken no webhook can be verified: an API key signs none. Inbound messages and "
        "statuses then arrive by synchronisation only.");
  }
  if (sender_.empty())
    health.notices.emplace_back("Nothing can be sent: neither the option from nor messagingServiceSid is set.");
  return health;
}

sdk::Result<sdk::json::value> TwilioClient::operate(const sdk::CallContext& context, const std::string& name,
                                                    const sdk::json::object& arguments) {
  return run_operation(api_, context, name, arguments);
}

sdk::Result<sdk::SentMessage> TwilioClient::send_message(const sdk::CallContext& context,
                                                         const sdk::OutgoingMessage& message) {
  return sending_.send(context, message);
}

}  // namespace patchbay::twilio
