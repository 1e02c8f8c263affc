#include "engine/events/event_text.hpp"

namespace patchbay::events {
namespace {

void add(std::string& text, std::string_view name, std::string_view value) {
  text += ",\"";
  text += name;
  text += "\":";
  text += sdk::json::serialize(sdk::json::string_view(value.data(), value.size()));
}

}  // namespace

// Put together by hand, so that the data is not copied into a second tree just to be written out.
std::string event_text(const StoredEvent& event, const sdk::json::value& data) {
  std::string text = R"({"type":"event")";
  add(text, "id", event.position);
  add(text, "topic", event.topic);
  add(text, "action", event.action);
  add(text, "entityId", event.entity_id);
  text += ",\"data\":";
  text += sdk::json::serialize(data);
  add(text, "at", event.at);
  text += '}';
  return text;
}

}  // namespace patchbay::events
