#pragma once

#include <patchbay/sdk/result.hpp>

#include <filesystem>
#include <string>

namespace patchbay::supervise {

/// Where the embedded servers keep their data and their sockets.
struct ServerFolders {
  std::filesystem::path postgres_data;
  std::filesystem::path redis_data;
  std::filesystem::path postgres_socket;  // short: a socket path over 107 bytes cannot be bound
  std::filesystem::path redis_socket;
  std::filesystem::path logs;
  std::string postgres_user;  // not empty: the servers of a hub that runs as root run as this user
  std::string moved_because;  // not empty: why the cluster does not lie below var_dir
};

/// Decides and makes the folders. As root, PostgreSQL runs as user postgres; where that user cannot reach var_dir the
/// cluster lies in /var/lib/patchbay/<hash of var_dir>.
sdk::Result<ServerFolders> make_server_folders(const std::filesystem::path& var_dir);
/// The same places without making anything: for `patchbay stop`.
sdk::Result<ServerFolders> find_server_folders(const std::filesystem::path& var_dir);

}  // namespace patchbay::supervise
