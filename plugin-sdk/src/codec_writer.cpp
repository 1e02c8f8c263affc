#include "codec_writer.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sdk::detail {

void CodecWriter::bytes(std::string_view name, const std::string& value) {
  object_.emplace(name, base64_encode(value));
}

json::value CodecWriter::encode_time(SystemTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace patchbay::sdk::detail
