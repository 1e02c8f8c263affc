#include "app/supervise/server_folders.hpp"

#include "platform/base/digest.hpp"
#include "platform/process/child_process.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <cerrno>
#include <cstring>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace patchbay::supervise {
namespace {

namespace fs = std::filesystem;

struct Account {
  uid_t user = 0;
  gid_t group = 0;
};

sdk::Result<Account> find_account(const std::string& name) {
  if (name.empty()) return Account{geteuid(), getegid()};
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return sdk::permanent_error("supervise.no_user",
                                "there is no user '" + name +
                                    "' to run PostgreSQL as (it refuses root); install postgresql-15 or "
                                    "run the hub as an ordinary user");
  }
  return Account{found->pw_uid, found->pw_gid};
}

/// A private folder that belongs to `owner`. An existing one of somebody else is refused: in /tmp anybody may have made
/// it.
sdk::Result<void> make_private_folder(const fs::path& folder, Account owner, mode_t mode) {
  if (mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    return sdk::permanent_error("supervise.folder", folder.string() + " cannot be made: " + std::strerror(errno));
  }
  struct stat status {};
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return sdk::permanent_error("supervise.folder", folder.string() + " is not a folder");
  }
  if (status.st_uid != owner.user && geteuid() == 0 && status.st_uid == 0) {
    if (chown(folder.c_str(), owner.user, owner.group) != 0) {
      return sdk::permanent_error("supervise.folder", folder.string() + " cannot be given to its user");
    }
  } else if (status.st_uid != owner.user) {
    return sdk::permanent_error("supervise.folder",
                                folder.string() + " belongs to somebody else; remove it or set another var_dir");
  }
  if ((status.st_mode & 07777) != mode && chmod(folder.c_str(), mode) != 0) {
    return sdk::permanent_error("supervise.folder", folder.string() + ": its mode cannot be set");
  }
  return {};
}

bool reachable_by(const std::string& user, const fs::path& folder) {
  if (user.empty()) return true;
  const auto status =
      process::run_to_end({{"/usr/bin/test", "-x", folder.string()}, user, "/", {}}, std::chrono::seconds(10));
  return status.ok() && *status == 0;
}

std::string short_hash(const fs::path& folder) {
  return sdk::hex_encode(base::sha256(folder.string())).substr(0, 12);
}

fs::path socket_root(const fs::path& var_dir) {
  const std::string name = "patchbay-" + short_hash(var_dir);
  if (geteuid() == 0) return fs::path("/run") / name;
  return fs::path("/tmp") / (name + "-" + std::to_string(geteuid()));
}

}  // namespace

sdk::Result<ServerFolders> find_server_folders(const fs::path& var_dir) {
  ServerFolders folders;
  if (geteuid() == 0) folders.postgres_user = "postgres";
  const fs::path sockets = socket_root(var_dir);
  folders.postgres_socket = sockets / "pg";
  folders.redis_socket = sockets / "redis";
  folders.redis_data = var_dir / "redis";
  folders.logs = var_dir / "log";
  folders.postgres_data = var_dir / "postgres";
  if (!reachable_by(folders.postgres_user, var_dir)) {
    folders.postgres_data = fs::path("/var/lib/patchbay") / short_hash(var_dir);
    folders.moved_because =
        "user '" + folders.postgres_user + "', as whom PostgreSQL must run, cannot enter " + var_dir.string();
  }
  return folders;
}

sdk::Result<ServerFolders> make_server_folders(const fs::path& var_dir) {
  PATCHBAY_ASSIGN(ServerFolders folders, find_server_folders(var_dir));
  PATCHBAY_ASSIGN(const Account postgres, find_account(folders.postgres_user));
  const Account self{geteuid(), getegid()};
  if (!folders.moved_because.empty()) {
    std::error_code failure;
    fs::create_directories(folders.postgres_data.parent_path(), failure);
    if (failure)
      return sdk::permanent_error("supervise.folder", "/var/lib/patchbay cannot be made: " + failure.message());
    fs::permissions(folders.postgres_data.parent_path(), fs::perms(0755), failure);
  }
  PATCHBAY_TRY(make_private_folder(folders.postgres_data, postgres, 0700));
  PATCHBAY_TRY(make_private_folder(folders.redis_data, self, 0700));
  PATCHBAY_TRY(make_private_folder(folders.logs, self, 0755));
  PATCHBAY_TRY(make_private_folder(folders.postgres_socket.parent_path(), self, 0755));
  PATCHBAY_TRY(make_private_folder(folders.postgres_socket, postgres, 0700));
  PATCHBAY_TRY(make_private_folder(folders.redis_socket, self, 0700));
  return folders;
}

}  // namespace patchbay::supervise
