#include "hub/messaging/message_desk.hpp"

#include "hub/identity/key_lookup.hpp"
#include "hub/messaging/send_store.hpp"
#include "hub/messaging/sender.hpp"

#include <algorithm>

namespace patchbay::messaging {

sdk::Result<void> MessageDesk::add_client_address(storage::Session& session, const resources::Actor& actor,
                                                  Outgoing& outgoing, std::vector<sdk::Error>& errors) const {
  if (!outgoing.to.empty()) return {};
  // Who may not see the client is not told its address.
  const auto client = writer_.lock(session, *registry_.find("client"), actor, outgoing.client_id);
  if (!client.ok() && client.error().error_class != sdk::ErrorClass::kNotFound) return client.error();
  const char* member = outgoing.channel == "email" ? "email" : "phone";
  const auto* given = client.ok() ? client->if_contains(member) : nullptr;
  const auto address = given == nullptr || !given->is_string()
                           ? std::nullopt
                           : normal_address(outgoing.channel, given->get_string(), phone_region_);
  if (address) {
    outgoing.to = {*address};
    return {};
  }
  errors.push_back(client.ok() ? sdk::invalid_error("message.address",
                                                    std::string("The client has no ") + member + " to write to.", "to")
                               : sdk::invalid_error("reference.not_found", "clientId does not exist.", "clientId"));
  return errors.back();
}

sdk::Result<std::string> MessageDesk::find_client(storage::Session& session, const Outgoing& outgoing) const {
  if (!outgoing.client_id.empty() || outgoing.channel == "slack" || outgoing.to.size() != 1) return std::string();
  std::string address = outgoing.to.front();
  std::transform(address.begin(), address.end(), address.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  PATCHBAY_ASSIGN(const auto found, identity::find_by_key(session, *registry_.find("client"),
                                                          outgoing.channel == "email" ? "email" : "phone", {address}));
  return found.empty() ? std::string() : found.begin()->second;
}

sdk::Result<resources::WriteOutcome> MessageDesk::write_row(storage::Session& session, const resources::Actor& actor,
                                                            const Outgoing& outgoing,
                                                            std::vector<sdk::Error>& errors) const {
  const auto& messages = *registry_.find("message");
  sdk::json::object row{{"channel", outgoing.channel},
                        {"direction", "outbound"},
                        {"toAddress", joined(outgoing.to)},
                        {"body", outgoing.text}};
  if (!outgoing.subject.empty()) row["subject"] = outgoing.subject;
  if (!outgoing.from.empty()) row["fromAddress"] = outgoing.from;
  if (!outgoing.client_id.empty()) row["clientId"] = outgoing.client_id;
  if (!outgoing.job_id.empty()) row["jobId"] = outgoing.job_id;
  if (outgoing.is_internal) row["isInternal"] = true;
  PATCHBAY_ASSIGN(auto made, writer_.create(session, messages, actor, row, errors));
  PATCHBAY_ASSIGN(const std::string client, find_client(session, outgoing));
  if (client.empty()) return made;
  return writer_.amend(session, messages, resources::Actor{}, made.entity_id, {{"clientId", client}});
}

sdk::Result<MessageDesk::Added> MessageDesk::add(storage::Session& session, const resources::Actor& actor,
                                                 Outgoing outgoing, const std::string& dedupe_key,
                                                 std::vector<sdk::Error>& field_errors) const {
  PATCHBAY_TRY(add_client_address(session, actor, outgoing, field_errors));
  Added added;
  PATCHBAY_ASSIGN(added.message, write_row(session, actor, outgoing, field_errors));
  PATCHBAY_TRY(insert_send(session, added.message.entity_id, outgoing));
  queue::NewWork work = make_work(added.message.entity_id, outgoing);
  if (!dedupe_key.empty()) work.dedupe_key = dedupe_key;
  PATCHBAY_ASSIGN(added.work_ids, queue_.enqueue(session, {work}));
  if (added.work_ids.empty()) return sdk::conflict_error("messages.known", "This message was ordered before.");
  return added;
}

void MessageDesk::announce(const std::vector<std::int64_t>& work_ids) const {
  if (!work_ids.empty()) queue_.announce(kWorkKind, work_ids);
}

}  // namespace patchbay::messaging
