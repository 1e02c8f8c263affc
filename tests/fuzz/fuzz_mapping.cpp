// A mapping that an administrator edits: any text is a mapping or a plain error.
#include "engine/mapping/mapping_test_registry.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto kRegistry = patchbay::mapping::testing::make_registry();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto loaded = patchbay::mapping::testing::load_text(text, kRegistry);
  if (!loaded.ok() && loaded.error().message.empty()) std::abort();
  return 0;
}
