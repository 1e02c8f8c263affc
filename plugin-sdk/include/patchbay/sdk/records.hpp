// Records and requests: every type that a ServiceClient call carries. All are values with a JSON form (codec.hpp),
// one page at a time, without closures, so that any of them can cross a pipe.
#pragma once

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
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
};

/// A webhook as it arrived. `body` holds the raw bytes that the signature covers.
struct WebhookRequest {
  std::string method = "POST";
  std::string url;  ///< As the service called it (public URL), for schemes that sign the URL.
  Headers headers;
  std::string body;
  SystemTime received_at;
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
};

}  // namespace patchbay::sdk
