// Descriptors and periods watched on a loop for others (a pipelined database connection that lives there).
#pragma once

#include "platform/net/io_loop.hpp"

#include <functional>
#include <memory>

namespace patchbay::net {

/// Any thread; `ready` and `tick` run on the loop, their exceptions are logged. The descriptor is duplicated: the
/// caller may close its own at any time, and one descriptor may be watched several times.
std::shared_ptr<void> watch_readable(IoLoop& loop, int descriptor, std::function<void()> ready);
void wait_writable(IoLoop& loop, int descriptor, std::function<void()> ready);
std::shared_ptr<void> every(IoLoop& loop, std::chrono::milliseconds period, std::function<void()> tick);

}  // namespace patchbay::net
