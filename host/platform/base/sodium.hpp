#pragma once

namespace patchbay::base {

/// Initialises libsodium once per process, from any thread. Throws std::runtime_error where the system has no random
/// source.
void require_sodium();

}  // namespace patchbay::base
