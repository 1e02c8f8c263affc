#include "tests/sandbox/identity_truth.hpp"

#include <algorithm>
#include <cctype>

namespace patchbay::sandbox {
namespace {

struct Place {
  std::size_t service;
  const Contact* contact;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Sorts the records of all services into groups, key by key.
class Grouping {
 public:
  explicit Grouping(const std::vector<ServiceContacts>& services) : services_(services) {
    for (std::size_t i = 0; i < services.size(); ++i) {
      for (const auto& contact : services[i].contacts) open_.push_back({i, &contact});
    }
  }

  template <typename KeyOf>
  void match(std::string_view matched_by, KeyOf key_of) {
    std::map<std::string, std::vector<Place>> by_key;
    std::vector<Place> rest;
    for (const auto& place : open_) {
      const std::string key = key_of(*place.contact);
      if (key.empty()) {
        rest.push_back(place);
      } else {
        by_key[key].push_back(place);
      }
    }
    for (const auto& [key, places] : by_key) {
      if (claimed_twice(places)) {
        for (const auto& place : places) add({place}, "none", true);
      } else if (places.size() > 1) {
        add(places, matched_by, false);
      } else {
        rest.push_back(places.front());
      }
    }
    open_ = std::move(rest);
  }

  json::array finish() {
    for (const auto& place : open_) add({place}, "none", false);
    return std::move(groups_);
  }

 private:
  bool claimed_twice(const std::vector<Place>& places) const {
    std::vector<int> counts(services_.size(), 0);
    for (const auto& place : places) ++counts[place.service];
    return std::any_of(counts.begin(), counts.end(), [](int count) { return count > 1; });
  }

  void add(const std::vector<Place>& places, std::string_view matched_by, bool ambiguous) {
    json::object group;
    const auto person = places.front().contact->person;
    group["person"] = person < 0 ? json::value(nullptr) : json::value(person);
    for (const auto& service : services_) group[service.service] = json::array();
    for (const auto& place : places) group[services_[place.service].service].as_array().emplace_back(place.contact->id);
    group["matchedBy"] = matched_by;
    group["ambiguous"] = ambiguous;
    groups_.push_back(std::move(group));
  }

  const std::vector<ServiceContacts>& services_;
  std::vector<Place> open_;
  json::array groups_;
};

}  // namespace

json::array identity_groups(const std::vector<ServiceContacts>& services) {
  Grouping grouping(services);
  grouping.match("email", [](const Contact& contact) { return lower(contact.email); });
  grouping.match("phone", [](const Contact& contact) { return phone_digits(contact.phone); });
  return grouping.finish();
}

}  // namespace patchbay::sandbox
