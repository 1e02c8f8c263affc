// Events of one calendar: full lists, incremental lists by sync token, and writing.
#pragma once

#include "api.hpp"

namespace patchbay::google {

/// Two resources share the calendar: appointments, and jobs that the hub put there. A job's event carries a private
/// property and an id that begins with "pbj", which is all that is left of it when it is deleted.
inline constexpr const char* kEvents = "events";
inline constexpr const char* kJobEvents = "job_events";

class Calendar {
 public:
  Calendar(Api& api, const sdk::ConnectionSettings& settings, sdk::HostServices services);

  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request);
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource, const std::string& id);
  /// The event's id is made of the idempotency key, so that a repeat finds the first one.
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& id);

  /// Events between two times, expanded and in order; for people, not for the sync.
  sdk::Result<sdk::json::value> list_window(const sdk::CallContext& context, const sdk::json::object& arguments);
  sdk::Result<sdk::json::value> list_calendars(const sdk::CallContext& context);
  /// "/calendars/<id>/events".
  const std::string& path() const { return path_; }

 private:
  struct Cursor;
  sdk::Result<sdk::Page> full_page(const sdk::CallContext& context, const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<sdk::Page> delta_page(const sdk::CallContext& context, const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<sdk::Page> page_of(const sdk::ListRequest& request, const sdk::json::value& answer, Cursor cursor) const;
  Fields common_query(const sdk::ListRequest& request) const;
  sdk::Result<sdk::json::value> event(const sdk::CallContext& context, const std::string& id);
  Call write_call(const char* method, const std::string& path) const;

  Api& api_;
  sdk::HostServices services_;
  std::string path_;
  std::string send_updates_;
  bool instances_ = false;
  std::chrono::hours past_{0};
};

/// Whether an event is a job that the hub put into the calendar.
bool is_job_event(const sdk::json::value& event);
/// The event as a record; `data` gets the member `patchbay` with what a mapping cannot work out: {allDay, guest}.
sdk::Record make_event_record(const std::string& resource, sdk::json::value event);
/// An id that the calendar takes (a to v and digits), the same for the same key.
std::string event_id_of(const std::string& resource, const std::string& idempotency_key);
/// The body of a PATCH: `data` on top of what the event is. An event of whole days stays one while the times given are
/// midnights.
sdk::json::object patch_of(const sdk::json::value& data, const sdk::json::value& current);

}  // namespace patchbay::google
