#pragma once

#include <patchbay/sdk/host_services.hpp>

namespace patchbay::base {

class SystemClock : public sdk::Clock {
 public:
  std::chrono::system_clock::time_point now() const override { return std::chrono::system_clock::now(); }
};

}  // namespace patchbay::base
