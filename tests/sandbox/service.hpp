// What a played service is to the sandbox. One folder a service; a new one implements this and is named in main.cpp.
#pragma once

#include "platform/http/message.hpp"
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/people.hpp"
#include "tests/sandbox/sandbox_clock.hpp"
#include "tests/sandbox/store.hpp"
#include "tests/sandbox/webhook_sender.hpp"

namespace patchbay::sandbox {

/// What all services share. References outlive the services.
struct ServiceContext {
  Store& store;
  SandboxClock& clock;
  WebhookSender& webhooks;
  const std::vector<Person>& people;
  std::uint64_t seed = 1;
  std::int64_t epoch_ms = 0;   // the generated data ends here
  std::string webhook_target;  // base address; events go to <target>/<service>; empty: nowhere
  bool vendor_limits = false;  // the services' true rate limits instead of generous ones

  /// An id that no record has had before.
  std::string new_id(std::string_view prefix, std::size_t length) const {
    return std::string(prefix) +
           derived_random(seed, prefix, 0x100000000ULL + store.next_number()).letters_and_digits(length);
  }
};

/// One call as the service sees it.
struct Call {
  const http::Request& request;
  std::string path;                    // below the service's own prefix
  std::chrono::milliseconds delay{0};  // for which a fault holds the answer back
};

/// Which records a truth or control call means; `account` is for services where one server plays several accounts.
struct RecordKind {
  std::string kind;
  std::string account;
};

/// How a service knows a client, for the identity truth.
struct Contact {
  std::string id, email, phone;
  std::int64_t person = -1;  // number in ServiceContext::people, -1 when not generated
};

/// All calls are made under the sandbox's one lock, so an implementation needs none. Errors of the control calls:
/// kNotFound for an unknown kind or record, kInvalid for members it cannot take.
class SandboxService {
 public:
  virtual ~SandboxService() = default;
  virtual std::string_view name() const = 0;
  /// Whether a path without the service's prefix is meant for it (SDKs that cannot be given a base path).
  virtual bool serves_root_path(std::string_view path) const {
    static_cast<void>(path);
    return false;
  }
  /// Fills the store with the data of the seed; called once, before the journal is replayed.
  virtual void generate() = 0;
  /// What the call is about, without ids: "GET /v1/customers/{id}", or a GraphQL operation's name.
  virtual std::string operation(const Call& call) const = 0;
  virtual http::Response answer(const Call& call) = 0;
  /// The service's own way to fail (kRateLimit, kServerError, kExpiredToken).
  virtual http::Response failure(const Fault& fault) const = 0;

  virtual std::vector<std::string> kinds() const = 0;
  /// All current records as the service shows them, in its default order.
  virtual sdk::Result<json::array> truth(const RecordKind& kind) const = 0;
  /// As if a person had done it in the service's own screens; sends the events that the service would send.
  virtual sdk::Result<json::value> create_record(const RecordKind& kind, const json::object& members) = 0;
  virtual sdk::Result<json::value> change_record(const RecordKind& kind, std::string_view id,
                                                 const json::object& members) = 0;
  virtual sdk::Result<json::value> remove_record(const RecordKind& kind, std::string_view id) = 0;
  /// Changes one record that `random` picks.
  virtual sdk::Result<json::value> change_random_record(const RecordKind& kind, Random& random) = 0;
  virtual std::vector<Contact> contacts() const = 0;
  /// Puts records with text no JSON library would write among the clients.
  virtual void add_hostile_records() = 0;
  virtual json::object limits() const = 0;
  virtual sdk::Result<void> set_limits(const json::object& limits) = 0;
  /// Where and signed with what webhooks go from now on (members: target, secret).
  virtual sdk::Result<void> set_webhook_target(const json::object& settings) = 0;
};

}  // namespace patchbay::sandbox
