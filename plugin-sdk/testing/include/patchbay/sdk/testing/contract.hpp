// What every connector owes its host, as checks that any connector can be put through without its service.
#pragma once

#include <patchbay/sdk/testing/fake_host.hpp>

#include <string>
#include <vector>

namespace patchbay::sdk::testing {

/// What a connector did against its contract, one sentence each; empty: nothing.
using Violations = std::vector<std::string>;

/// The description is whole: names, versions, capability groups, dependencies, defaults, credentials of signatures.
Violations check_description(const Plugin& plugin);
/// Bodies that are no webhook of the service are kInvalid, whatever they are; nothing throws.
Violations check_hostile_webhooks(const Plugin& plugin);
/// Reading answers that are broken, late or refused gives the error class that lets the host do the right thing.
Violations check_failing_service(const Plugin& plugin);
/// A resource or ability that is not declared is refused without a request.
Violations check_undeclared(const Plugin& plugin);
/// No credential in a URL, an error or the log (ids, whose names end in "Id" or "Sid", are no secrets); no request to
/// another place than the connection's own.
Violations check_secrets(const Plugin& plugin);

}  // namespace patchbay::sdk::testing

/// The whole suite as GoogleTest cases (the caller includes gtest): PATCHBAY_CONTRACT_SUITE(AcmeContract,
/// patchbay_plugin)
#define PATCHBAY_CONTRACT_SUITE(suite, descriptor)                                             \
  PATCHBAY_CONTRACT_CASE(suite, DescriptionIsWhole, descriptor, check_description)             \
  PATCHBAY_CONTRACT_CASE(suite, HostileWebhooksAreRefused, descriptor, check_hostile_webhooks) \
  PATCHBAY_CONTRACT_CASE(suite, FailuresAreClassified, descriptor, check_failing_service)      \
  PATCHBAY_CONTRACT_CASE(suite, WhatIsNotDeclaredIsRefused, descriptor, check_undeclared)      \
  PATCHBAY_CONTRACT_CASE(suite, SecretsStayInside, descriptor, check_secrets)
#define PATCHBAY_CONTRACT_CASE(suite, name, descriptor, check)                      \
  TEST(suite, name) {                                                               \
    const auto plugin = ::patchbay::sdk::testing::make_plugin(descriptor);          \
    ASSERT_NE(plugin, nullptr);                                                     \
    for (const std::string& violation : ::patchbay::sdk::testing::check(*plugin)) { \
      ADD_FAILURE() << violation;                                                   \
    }                                                                               \
  }
