// The resources that are synced, each described once: path, event types, what is expanded.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::stripe {

struct Resource {
  std::string name;    // "customers", also the path below /v1
  std::string object;  // value of the member `object`: "customer"
  std::string entity;  // default entity of the unified model
  std::vector<std::string> depends_on;
  std::vector<std::string> event_types;  // at most 20, the most that one list of events takes
  std::vector<std::string> expand;       // of one object
  bool writable = false;
  bool removable = false;
};

const std::vector<Resource>& resources();
const Resource* find_resource(std::string_view name);
const Resource* find_resource_of_object(std::string_view object);

/// A record of an object as Stripe sends it. `changed_at`: when the state that the object shows was reached.
sdk::Record make_record(const Resource& resource, sdk::json::value object, std::optional<sdk::SystemTime> changed_at);

}  // namespace patchbay::stripe
