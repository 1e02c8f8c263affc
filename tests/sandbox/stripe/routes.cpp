#include "tests/sandbox/stripe/routes.hpp"

namespace patchbay::sandbox::stripe {
namespace {

bool matches(std::string_view pattern, std::string_view path, std::string& id) {
  const auto place = pattern.find("{id}");
  if (place == std::string_view::npos) return pattern == path;
  const auto tail = pattern.substr(place + 4);
  if (path.size() <= place + tail.size() || path.substr(0, place) != pattern.substr(0, place) || !path.ends_with(tail))
    return false;
  const auto found = path.substr(place, path.size() - place - tail.size());
  if (found.find('/') != std::string_view::npos) return false;
  id = found;
  return true;
}

}  // namespace

const Route* find_route(std::string_view method, std::string_view path, std::string& id) {
  for (const auto routes : {customer_routes(), payment_intent_routes(), charge_routes(), dispute_routes(),
                            invoice_routes(), invoice_item_routes(), account_routes()}) {
    for (const auto& route : routes) {
      if (route.method == method && matches(route.pattern, path, id)) return &route;
    }
  }
  return nullptr;
}

Answer get_object(Request& request, std::string_view kind) {
  if (auto error = request.params.finish()) return *error;
  if (const auto* record = request.account.find(kind, request.id)) return json::value(record->value);
  return resource_missing(noun_of(kind), request.id);
}

void merge_metadata(json::object& object, Params& params) {
  const auto* changes = params.hash("metadata");
  if (changes == nullptr) return;
  auto& metadata = object["metadata"];
  if (!metadata.is_object() || changes->empty()) metadata = json::object();
  for (const auto& member : *changes) {
    if (member.value() == "") {
      metadata.get_object().erase(member.key());
    } else {
      metadata.get_object()[member.key()] = member.value();
    }
  }
}

void set_text(json::object& object, std::string_view member, const std::optional<std::string>& text) {
  if (text) object[member] = text->empty() ? json::value(nullptr) : json::value(*text);
}

}  // namespace patchbay::sandbox::stripe
