// What somebody asks to be sent: POST /messages, read and kept until it is sent.
#pragma once

#include <patchbay/sdk/records.hpp>
#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::messaging {

struct Outgoing {
  std::string channel;          // email, sms, slack
  std::vector<std::string> to;  // empty: the client's own address
  std::string from;             // empty: the provider's own
  std::string subject, text, html;
  std::string thread_id;  // of the service; a Message-ID for mail
  std::vector<sdk::MessageAttachment> attachments;
  sdk::json::object options;      // the service's own: Slack's blocks, Twilio's mediaUrl
  std::string connection;         // id or name of the one that is to send it, or "smtp"; empty: the order decides
  std::string client_id, job_id;  // of the hub; empty: none
  bool is_internal = false;
};

/// Reads {channel, to, subject, text, html, from, threadId, attachments, options, connection, clientId, jobId,
/// isInternal}; `body`, `toAddress`, `customerId` and Slack's `threadTs` and `blocks` are taken for `text`, `to`,
/// `clientId`, `threadId` and `options.blocks`. What is wrong goes to `errors`, all of it. Numbers without a country
/// are of `phone_region`.
Outgoing parse_outgoing(const sdk::json::object& body, std::string_view phone_region, std::vector<sdk::Error>& errors);

/// An address in the form that is sent to: E.164, a mail address; nullopt where it is none of the channel's.
std::optional<std::string> normal_address(std::string_view channel, std::string_view address,
                                          std::string_view phone_region);

/// "a@x.io, b@y.io": how it is kept on the message.
std::string joined(const std::vector<std::string>& addresses);

sdk::json::object to_json(const Outgoing& outgoing);
sdk::Result<Outgoing> from_json(const sdk::json::value& json);

}  // namespace patchbay::messaging
