// Money writes whose answer is not known yet, kept in the connection's state over restarts.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <optional>
#include <string>

namespace patchbay::quickbooks {

class OpenWrites {
 public:
  OpenWrites(sdk::StateStore& state, sdk::SystemTime now) : state_(state), now_(now) {}
  /// When the write with this id was first sent; nullopt: it was not, or its answer came.
  sdk::Result<std::optional<sdk::SystemTime>> find(const std::string& request_id);
  sdk::Result<void> open(const std::string& request_id);
  sdk::Result<void> close(const std::string& request_id);

 private:
  sdk::Result<sdk::json::object> load();

  sdk::StateStore& state_;
  sdk::SystemTime now_;
};

}  // namespace patchbay::quickbooks
