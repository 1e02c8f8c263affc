// An event as it goes over the wire.
#pragma once

#include "engine/events/outbox.hpp"

#include <string>

namespace patchbay::events {

/// {"type":"event","id","topic","action","entityId","data","at"}; `data` as the reader may see it.
std::string event_text(const StoredEvent& event, const sdk::json::value& data);

}  // namespace patchbay::events
