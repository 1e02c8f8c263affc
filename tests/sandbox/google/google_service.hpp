// Plays Google: OAuth, Calendar, Gmail and Drive of one account, push channels and Pub/Sub.
#pragma once

#include "tests/sandbox/google/dataset.hpp"
#include "tests/sandbox/google/oauth.hpp"
#include "tests/sandbox/google/quota.hpp"

namespace patchbay::sandbox {

class GoogleService : public SandboxService {
 public:
  GoogleService(const ServiceContext& context, std::string client_id, std::string client_secret);

  std::string_view name() const override { return "google"; }
  bool serves_root_path(std::string_view path) const override { return !route_of(std::string(path)).api.empty(); }
  void generate() override;
  std::string operation(const Call& call) const override;
  http::Response answer(const Call& call) override;
  http::Response failure(const Fault& fault) const override;

  std::vector<std::string> kinds() const override { return {"events", "messages", "files"}; }
  sdk::Result<json::array> truth(const RecordKind& kind) const override;
  sdk::Result<json::value> create_record(const RecordKind& kind, const json::object& members) override;
  sdk::Result<json::value> change_record(const RecordKind& kind, std::string_view id,
                                         const json::object& members) override;
  sdk::Result<json::value> remove_record(const RecordKind& kind, std::string_view id) override;
  sdk::Result<json::value> change_random_record(const RecordKind& kind, Random& random) override;
  std::vector<Contact> contacts() const override { return {}; }
  void add_hostile_records() override;
  json::object limits() const override { return quota_.view(); }
  sdk::Result<void> set_limits(const json::object& limits) override;
  sdk::Result<void> set_webhook_target(const json::object& settings) override;

 private:
  struct Route {
    std::string api;  // "calendar", "gmail", "drive", "upload"; empty: no API
    std::vector<std::string> parts;
  };
  static Route route_of(const std::string& path);
  std::optional<http::Response> refuse(const Route& route, const http::Request& request);
  http::Response open_answer(const Call& call);
  sdk::Result<json::value> shown(const RecordKind& kind, std::string_view id) const;

  google::Account account_;
  google::OAuth oauth_;
  google::Calendar calendar_;
  google::Gmail gmail_;
  google::Drive drive_;
  google::Quota quota_;
};

}  // namespace patchbay::sandbox
