#include "listing.hpp"

#include <algorithm>

namespace patchbay::twilio {
namespace {

constexpr std::uint32_t kPageMax = 1'000;
constexpr std::chrono::hours kOverlap{48};
/// Twilio tries for ten hours at most; a scheduled message waits up to 35 days.
constexpr std::chrono::hours kOpenFor{24 * 36};
constexpr std::size_t kOpenMax = 600;
constexpr std::size_t kOpenPage = 50;
constexpr const char* kOpenKey = "open_messages";

sdk::json::object object_of(const std::string& text) {
  const auto parsed = sdk::parse_json(text, {16 * 1024, 8});
  return parsed.ok() && parsed->is_object() ? parsed->as_object() : sdk::json::object();
}

/// Filters by `DateSent>` take days: what was sent on or after midnight GMT.
std::string day_of(sdk::SystemTime time) {
  return sdk::format_time(time).substr(0, 10);
}

Fields first_query(const sdk::ListRequest& request) {
  Fields query;
  if (const auto since = sdk::parse_time(sdk::string_at(object_of(request.checkpoint), "at"));
      request.mode == sdk::SyncMode::kIncremental && since.ok()) {
    query.emplace_back("DateSent>", day_of(*since - kOverlap));
  }
  for (const char* name : {"To", "From"}) {
    const std::string value = sdk::string_at(request.filters, name);
    if (!value.empty()) query.emplace_back(name, value);
  }
  query.emplace_back("PageSize", std::to_string(std::clamp<std::uint32_t>(request.page_size, 1, kPageMax)));
  return query;
}

}  // namespace

void OpenMessages::note(const sdk::json::value& message) {
  const std::string sid = sdk::string_at(message, "sid");
  if (sid.empty()) return;
  if (is_final(sdk::string_at(message, "status"))) return closed_.push_back(sid);
  const auto since = parse_date(sdk::string_at(message, "date_created")).value_or(clock_.now());
  if (since > clock_.now() - kOpenFor) opened_.emplace_back(sid, sdk::format_time(since));
}

void OpenMessages::forget(const std::string& sid) {
  closed_.push_back(sid);
}

void OpenMessages::save(sdk::Logger& logger) {
  if (opened_.empty() && closed_.empty()) return;
  const auto kept = state_.get(kOpenKey);
  sdk::json::object messages = kept.ok() && *kept && (*kept)->is_object() ? (*kept)->as_object() : sdk::json::object();
  bool changed = false;
  for (const std::string& sid : closed_) changed = messages.erase(sid) > 0 || changed;
  for (const auto& [sid, since] : opened_) changed = messages.emplace(sid, since).second || changed;
  opened_.clear();
  closed_.clear();
  if (!changed) return;
  while (messages.size() > kOpenMax) {
    const auto age = [](const auto& member) { return sdk::scalar_text(member.value()).value_or(""); };
    messages.erase(std::min_element(messages.begin(), messages.end(),
                                    [&](const auto& left, const auto& right) { return age(left) < age(right); }));
  }
  if (!state_.put(kOpenKey, messages).ok())
    logger.log(sdk::LogLevel::kWarning, "the messages whose last status is unknown could not be kept");
}

sdk::Result<std::vector<std::string>> OpenMessages::load() {
  PATCHBAY_ASSIGN(const auto kept, state_.get(kOpenKey));
  std::vector<std::pair<std::string, std::string>> by_age;
  if (kept && kept->is_object()) {
    for (const auto& member : kept->as_object()) {
      const auto since = sdk::parse_time(sdk::scalar_text(member.value()).value_or(""));
      const std::string sid(member.key());
      if (!since.ok() || *since < clock_.now() - kOpenFor) {
        closed_.push_back(sid);
      } else {
        by_age.emplace_back(sdk::format_time(*since), sid);
      }
    }
  }
  std::sort(by_age.begin(), by_age.end());
  std::vector<std::string> sids;
  for (auto& [since, sid] : by_age) sids.push_back(std::move(sid));
  return sids;
}

sdk::Result<sdk::Page> Listing::page(const sdk::CallContext& context, const sdk::ListRequest& request) {
  const sdk::json::object cursor = object_of(request.page_cursor);
  if (!request.page_cursor.empty() && cursor.empty())
    return sdk::invalid_error("twilio.cursor", "the page cursor is not one of this connector");
  return cursor.contains("open") ? open_page(context, cursor) : list_page(context, request, cursor);
}

sdk::Result<sdk::Page> Listing::list_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                          const sdk::json::object& cursor) {
  // Fixed before the first page is read: what is sent meanwhile is seen twice, not missed.
  std::string began = sdk::string_at(cursor, "at");
  if (cursor.empty()) began = sdk::format_time(services_.clock.now());
  auto list = cursor.empty() ? api_.get(context, "Messages.json", "GET Messages", first_query(request))
                             : api_.get_uri(context, sdk::string_at(cursor, "next"), "GET Messages");
  if (!list.ok()) return std::move(list).error();
  auto* messages = list->as_object().if_contains("messages");
  if (messages == nullptr || !messages->is_array())
    return sdk::transient_error("twilio.unreadable", "Twilio answered with something that is not a list of messages");
  sdk::Page page;
  for (auto& message : messages->as_array()) {
    open_.note(message);
    auto record = make_message(std::move(message));
    if (record.external_id.empty()) {
      page.problems.push_back({"", "Twilio sent a message without a sid"});
    } else {
      page.records.push_back(std::move(record));
    }
  }
  open_.save(services_.logger);
  const std::string next = sdk::string_at(*list, "next_page_uri");
  if (!next.empty()) {
    page.next_cursor = sdk::json::serialize(sdk::json::object{{"next", next}, {"at", began}});
  } else if (request.mode == sdk::SyncMode::kIncremental && !request.checkpoint.empty()) {
    page.next_cursor = sdk::json::serialize(sdk::json::object{{"open", ""}, {"at", began}});
  } else {
    page.checkpoint = sdk::json::serialize(sdk::json::object{{"at", began}});
  }
  return page;
}

sdk::Result<sdk::Page> Listing::open_page(const sdk::CallContext& context, const sdk::json::object& cursor) {
  PATCHBAY_ASSIGN(std::vector<std::string> sids, open_.load());
  std::sort(sids.begin(), sids.end());
  const auto first = std::upper_bound(sids.begin(), sids.end(), sdk::string_at(cursor, "open"));
  const auto last = first + std::min<std::ptrdiff_t>(sids.end() - first, kOpenPage);
  sdk::Page page;
  for (auto sid = first; sid != last; ++sid) {
    auto message = api_.get(context, "Messages/" + sdk::url_encode(*sid) + ".json", "GET Messages/{Sid}");
    if (message.ok()) {
      open_.note(*message);
      page.records.push_back(make_message(std::move(*message)));
      continue;
    }
    if (message.error().error_class != sdk::ErrorClass::kNotFound) return std::move(message).error();
    open_.forget(*sid);
    sdk::Record gone;
    gone.resource = kMessages;
    gone.external_id = *sid;
    gone.deleted = true;
    page.records.push_back(std::move(gone));
  }
  open_.save(services_.logger);
  if (last != sids.end()) {
    page.next_cursor =
        sdk::json::serialize(sdk::json::object{{"open", *(last - 1)}, {"at", sdk::string_at(cursor, "at")}});
  } else {
    page.checkpoint = sdk::json::serialize(sdk::json::object{{"at", sdk::string_at(cursor, "at")}});
  }
  return page;
}

}  // namespace patchbay::twilio
