// Records and requests: every type that a ServiceClient call carries. All are values with a JSON form (codec.hpp),
// one page at a time, without closures, so that any of them can cross a pipe.
#pragma once

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::sdk {

using SystemTime = std::chrono::system_clock::time_point;

/// One object as the service sends it.
struct Record {
  std::string resource;     ///< Name from the plugin's description: "customers".
  std::string external_id;  ///< The service's id, opaque, 1..255 bytes.
  std::string version;      ///< Remote version for optimistic writes (SyncToken, ETag); empty where the service has none.
  std::optional<SystemTime> updated_at;
  bool deleted = false;     ///< The service says it is gone; `data` may then hold nothing but the id.
  json::value data;         ///< The object, with nothing left out.
};

enum class SyncMode { kIncremental, kFull };

/// Asks for one page. The first call of a run has an empty `page_cursor`.
struct ListRequest {
  std::string resource;
  SyncMode mode = SyncMode::kFull;
  std::string page_cursor;     ///< From the page before; meaning known to the connector only. At most 4 KiB.
  std::string checkpoint;      ///< Page::checkpoint of the last finished run; empty on the first.
  std::uint32_t page_size = 100;
  json::object filters;        ///< Declared in ResourceDescription::filters.
};

/// A problem with one record that the connector could not even shape; the run goes on.
struct RecordProblem {
  std::string external_id;
  std::string message;
};

/// One page of records.
struct Page {
  std::vector<Record> records;
  std::vector<RecordProblem> problems;
  std::string next_cursor;     ///< Empty: this was the last page.
  std::string checkpoint;      ///< Where the next incremental run starts; taken from the last page of a run.
  std::optional<std::uint64_t> total_estimate;  ///< For the progress display only.
};

/// Creates or changes one record.
struct WriteRequest {
  std::string resource;
  std::string external_id;      ///< Empty on create.
  json::value data;             ///< In the service's own shape, as the mapping made it.
  std::vector<std::string> changed_fields;  ///< Top-level names in `data` that changed; empty: all of them.
  std::string idempotency_key;  ///< Same key, same effect; at most 255 bytes, no personal data in it.
  std::string known_version;    ///< Record::version the change is based on; empty where there is none.
};

/// What the service knows of the account behind the credentials.
struct AccountIdentity {
  std::string account_id;  ///< Tenant key; equals what webhooks carry.
  std::string name;
  std::vector<std::string> scopes;  ///< Granted scopes where the service tells.
  json::object details;
};

/// Result of a token refresh of a kind that the host does not know (ServiceClient::refresh_token).
struct TokenGrant {
  std::string access_token;
  std::string refresh_token;
  std::optional<SystemTime> expires_at;
};

/// Answer to health_check.
struct Health {
  bool healthy = false;
  std::string message;
  json::object details;
  std::vector<std::string> notices = {};  ///< What the owner should know in time: a deprecated API version, a scope that is missing.
};

/// A file that goes with a message.
struct MessageAttachment {
  std::string name;
  std::string content_type;
  std::string content;  ///< Raw bytes.
};

/// A message to people, sent through a service.
struct OutgoingMessage {
  std::string channel;  ///< One of Description::channels.
  std::string from;     ///< Sender; empty: the connection's own.
  std::vector<std::string> to;  ///< Addresses, E.164 numbers or channel ids; 1..50.
  std::string subject;  ///< E-mail only.
  std::string text;
  std::string html;       ///< E-mail only; empty: text only.
  std::string thread_id;  ///< External id of the thread that is answered; empty: a new one.
  std::vector<MessageAttachment> attachments;
  json::object options;         ///< The service's own: Slack's `blocks`, Twilio's `mediaUrl`.
  std::string idempotency_key;  ///< Same key, sent once, where the service can tell.
};

/// What the service said of a message it took.
struct SentMessage {
  std::string external_id;
  std::string thread_id;
  std::optional<Record> record;  ///< The message as a record of the resource "messages", where the answer holds it.
};

/// One registration at the service for its webhooks.
struct Subscription {
  std::string external_id;
  std::string url;      ///< Where the service sends to.
  std::string subject;  ///< What it watches, in the service's own terms ("primary calendar"); empty: the whole account.
  std::vector<std::string> topics;
  std::optional<SystemTime> expires_at;
  /// Credentials that the service gave with it, to be kept encrypted ({"webhookSecret", …}); only in the answer to subscribe.
  std::vector<std::pair<std::string, std::string>> credentials;
  json::object details;
};

/// A webhook as it arrived. `body` holds the raw bytes that the signature covers.
struct WebhookRequest {
  std::string method = "POST";
  std::string url;  ///< As the service called it (public URL), for schemes that sign the URL.
  Headers headers;
  std::string body;
  SystemTime received_at;
  json::object verified_claims;  ///< Claims of the sender's token, checked by the host (OidcDescription); else empty.
};

/// A command that a person gave the hub through a service ("/patchbay jobs today").
struct WebhookCommand {
  std::string text;     ///< "jobs today"
  std::string user_id;  ///< Who, in the service's terms.
  std::string channel;  ///< Where.
};

/// What the hub says to a command, before the connector gives it the service's form.
struct CommandReply {
  bool ok = true;
  std::string title;
  std::vector<std::string> lines;
};

/// The answer to a webhook request.
struct WebhookAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = R"({"received":true})";
};

/// One event inside a webhook.
struct WebhookEvent {
  std::string topic;        ///< As the service names it: "invoice.paid".
  std::string event_id;     ///< The service's own id of the event; empty where it has none.
  std::string dedupe_key;   ///< event_id, or made of fields where there is none. Unique within the connection.
  std::string account_id;   ///< Tenant key; empty where the payload has none.
  std::string resource;     ///< Resource of the record it is about; empty: nothing to apply (stored and done).
  std::string external_id;  ///< Record it is about.
  bool deleted = false;     ///< The event says that the record is gone.
  std::optional<SystemTime> occurred_at;
  std::optional<Record> snapshot;  ///< The record, where the payload carries it whole.
  bool disconnected = false;       ///< The owner took the authorisation away (APP_DISCONNECT, account.application.deauthorized).
  std::optional<WebhookCommand> command;  ///< A person waits for the answer; there is nothing to apply.
  bool resync = false;             ///< The service says that something of `resource` changed but not what: a delta run follows.
};

}  // namespace patchbay::sdk
