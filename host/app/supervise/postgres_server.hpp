#pragma once

#include "app/supervise/server_folders.hpp"
#include "app/supervise/supervised_server.hpp"

namespace patchbay::supervise {

/// A private PostgreSQL 15 on a unix socket, without a TCP port.
class PostgresServer : public SupervisedServer {
 public:
  explicit PostgresServer(ServerFolders folders) : folders_(std::move(folders)) {}
  std::string name() const override { return "PostgreSQL"; }
  std::string url() const override;
  std::optional<pid_t> find_running() const override;
  sdk::Result<void> prepare() override;
  sdk::Result<pid_t> start() override;
  bool answers() const override;
  sdk::Result<void> complete() override;
  bool end(pid_t pid, std::chrono::milliseconds limit) const override;

 private:
  ServerFolders folders_;
};

}  // namespace patchbay::supervise
