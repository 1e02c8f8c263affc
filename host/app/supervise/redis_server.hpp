#pragma once

#include "app/supervise/server_folders.hpp"
#include "app/supervise/supervised_server.hpp"

namespace patchbay::supervise {

/// A private Redis on a unix socket: append-only file, every write synced before it is acknowledged.
class RedisServer : public SupervisedServer {
 public:
  explicit RedisServer(ServerFolders folders) : folders_(std::move(folders)) {}
  std::string name() const override { return "Redis"; }
  std::string url() const override;
  std::optional<pid_t> find_running() const override;
  sdk::Result<void> prepare() override;
  sdk::Result<pid_t> start() override;
  bool answers() const override;
  sdk::Result<void> complete() override { return {}; }
  bool end(pid_t pid, std::chrono::milliseconds limit) const override;

 private:
  std::filesystem::path socket() const { return folders_.redis_socket / "redis.sock"; }
  std::filesystem::path pid_file() const { return folders_.redis_data / "redis.pid"; }
  ServerFolders folders_;
};

}  // namespace patchbay::supervise
