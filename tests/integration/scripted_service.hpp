// A service as a connector shows it, in memory: the peer at the other end of sync. Says and does what the test tells
// it.
#pragma once

#include <patchbay/sdk/service_client.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::testing {

/// Thread-safe: several clients may stand before one service.
class ScriptedService {
 public:
  /// Adds or replaces a record. Lists tell records in the order in which they were first put.
  void put(const std::string& resource, const std::string& id, std::string_view json, const std::string& version = {});
  /// Gone without a word.
  void forget(const std::string& resource, const std::string& id);
  const sdk::json::value* find(const std::string& resource, const std::string& id) const;
  std::size_t size(const std::string& resource) const;

  /// Changes since a checkpoint, for incremental lists: whatever was put or reported deleted after it.
  void report_deleted(const std::string& resource, const std::string& id);

  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request);
  sdk::Result<sdk::Record> get(const std::string& resource, const std::string& id);
  sdk::Result<sdk::Record> create(const sdk::WriteRequest& request);
  sdk::Result<sdk::Record> update(const sdk::WriteRequest& request);
  sdk::Result<void> remove(const std::string& resource, const std::string& id);

  /// Runs before each list call; an error is the call's answer.
  std::function<sdk::Result<void>(const sdk::ListRequest&)> before_list;
  /// The same for create and update.
  std::function<sdk::Result<void>(const sdk::WriteRequest&)> before_write;
  /// Runs after a write took place, before its answer leaves: the moment at which an echo may overtake it.
  std::function<void(const sdk::Record&)> after_write;

  std::vector<sdk::ListRequest> lists() const;
  std::vector<sdk::WriteRequest> writes() const;
  std::vector<std::string> removed() const;

 private:
  struct Entry {
    sdk::Record record;
    std::uint64_t changed_at = 0;
  };
  sdk::Record store(const std::string& resource, const std::string& id, sdk::json::value data,
                    const std::string& version);
  std::vector<const Entry*> listed(const sdk::ListRequest& request) const;

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Entry>> entries_;  // by resource, in order
  std::map<std::string, std::string> ids_by_key_;      // idempotency key → id
  std::uint64_t clock_ = 0;
  std::uint64_t next_id_ = 1;
  std::vector<sdk::ListRequest> lists_;
  std::vector<sdk::WriteRequest> writes_;
  std::vector<std::string> removed_;
};

/// A client of a scripted service.
class ScriptedClient : public sdk::ServiceClient {
 public:
  explicit ScriptedClient(ScriptedService& service) : service_(service) {}
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext&) override { return sdk::AccountIdentity{}; }
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override {
    return service_.list(context, request);
  }
  sdk::Result<sdk::Record> get(const sdk::CallContext&, const std::string& resource, const std::string& id) override {
    return service_.get(resource, id);
  }
  sdk::Result<sdk::Record> create(const sdk::CallContext&, const sdk::WriteRequest& request) override {
    return service_.create(request);
  }
  sdk::Result<sdk::Record> update(const sdk::CallContext&, const sdk::WriteRequest& request) override {
    return service_.update(request);
  }
  sdk::Result<void> remove(const sdk::CallContext&, const std::string& resource, const std::string& id) override {
    return service_.remove(resource, id);
  }
  sdk::Result<sdk::Health> health_check(const sdk::CallContext&) override { return sdk::Health{true, "", {}, {}}; }

 private:
  ScriptedService& service_;
};

}  // namespace patchbay::testing
