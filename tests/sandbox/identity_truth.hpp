// Which records of the services are one client, by the rule the hub is to follow: e-mail (without regard to case)
// first, then phone; what more than one record of a service claims is ambiguous and never merged.
#pragma once

#include "tests/sandbox/service.hpp"

namespace patchbay::sandbox {

struct ServiceContacts {
  std::string service;
  std::vector<Contact> contacts;
};

/// One object a group: {person, <service>: [ids]…, matchedBy: email|phone|none, ambiguous}.
json::array identity_groups(const std::vector<ServiceContacts>& services);

}  // namespace patchbay::sandbox
