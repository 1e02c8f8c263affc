// The reader of outside JSON: what it accepts is clean, bounded and stays the same when read again.
#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/json.hpp>

#include <cstdlib>

namespace sdk = patchbay::sdk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto value = sdk::parse_json(text, {64 * 1024, 32});
  if (!value.ok()) return 0;
  const std::string written = sdk::canonical_json(*value);
  if (!sdk::is_clean_utf8(written)) std::abort();
  const auto again = sdk::parse_json(written, {1024 * 1024, 32});
  if (!again.ok() || sdk::canonical_json(*again) != written) std::abort();
  (void)sdk::find_path(*value, text);
  return 0;
}
