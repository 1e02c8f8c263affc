// Messages of one mailbox: full lists, the history, sending, labels.
#pragma once

#include "api.hpp"

#include <set>

namespace patchbay::google {

inline constexpr const char* kMessages = "messages";

class Gmail {
 public:
  Gmail(Api& api, const sdk::ConnectionSettings& settings, sdk::HostServices services);

  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request);
  /// A message in the bin or among the spam counts as deleted.
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& id);
  /// Gmail has no idempotency keys: the Message-ID is made of the key, and looked for before anything is sent.
  sdk::Result<sdk::SentMessage> send(const sdk::CallContext& context, const sdk::OutgoingMessage& message);

  sdk::Result<sdk::json::value> profile(const sdk::CallContext& context);
  sdk::Result<sdk::json::value> list_labels(const sdk::CallContext& context);
  sdk::Result<sdk::json::value> find_messages(const sdk::CallContext& context, const sdk::json::object& arguments);
  /// Adds and takes off labels, by id or by name; a name that is not there yet is made.
  sdk::Result<sdk::json::value> change_labels(const sdk::CallContext& context, const std::string& id,
                                              const std::vector<std::string>& add,
                                              const std::vector<std::string>& remove);
  /// What the mailbox knows of an attachment, as base64 in the member `content`.
  sdk::Result<sdk::json::value> get_attachment(const sdk::CallContext& context, const std::string& message_id,
                                               const std::string& part_id);

 private:
  struct Cursor;
  struct Thread {
    std::string message_id, references, subject;
  };
  sdk::Result<sdk::Page> full_page(const sdk::CallContext& context, const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<sdk::Page> history_page(const sdk::CallContext& context, const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<sdk::json::value> message(const sdk::CallContext& context, const std::string& id);
  /// Adds the message's record; one that is gone meanwhile is a deletion, a draft nothing.
  sdk::Result<void> add_message(const sdk::CallContext& context, const std::string& id, sdk::Page& page);
  sdk::Result<std::optional<sdk::SentMessage>> find_sent(const sdk::CallContext& context,
                                                         const std::string& message_id);
  sdk::Result<Thread> thread_of(const sdk::CallContext& context, const std::string& thread_id);
  sdk::Result<std::string> label_id(const sdk::CallContext& context, const std::string& label, bool make);

  Api& api_;
  sdk::HostServices services_;
  std::string query_;
};

/// A message as a record; `data` gets the member `patchbay` with the headers decoded, the text found and the direction:
/// {from, to, cc, subject, text, html, direction, correspondent, status, sentAt, attachments}.
sdk::Record make_message_record(sdk::json::value message);
/// What a history answer says: ids to read, and ids that are gone for good.
struct HistoryChanges {
  std::vector<std::string> changed;
  std::set<std::string> deleted;
};
HistoryChanges read_history(const sdk::json::value& answer);
/// The Message-ID that stands for an idempotency key.
std::string message_id_of(const std::string& idempotency_key);

}  // namespace patchbay::google
