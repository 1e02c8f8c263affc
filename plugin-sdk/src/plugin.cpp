#include <patchbay/sdk/plugin.hpp>

#include <algorithm>
#include <cstring>

namespace patchbay::sdk::detail {

void copy_error_text(char* target, std::size_t size, const char* text) noexcept {
  if (target == nullptr || size == 0) return;
  const std::size_t length = text == nullptr ? 0 : std::min(std::strlen(text), size - 1);
  if (length > 0) std::memcpy(target, text, length);
  target[length] = '\0';
}

}  // namespace patchbay::sdk::detail
