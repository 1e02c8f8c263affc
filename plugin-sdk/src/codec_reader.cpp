#include "codec_reader.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sdk::detail {
namespace {

std::string to_text(const json::string& text) {
  return std::string(text.data(), text.size());
}

}  // namespace

void CodecReader::type(std::string_view name) {
  type_ = name;
  if (object_ == nullptr) fail("", "must be an object");
}

void CodecReader::fail(std::string_view name, std::string_view what) {
  if (error_) return;
  std::string message = "A " + type_ + " cannot be decoded: ";
  message.append(name.empty() ? "it" : name).append(" ").append(what).append(".");
  error_ = invalid_error("codec." + type_, std::move(message),
                         name.empty() ? std::nullopt : std::optional<std::string>(std::string(name)));
}

const json::value* CodecReader::find(std::string_view name, Need need) {
  if (error_ || object_ == nullptr) return nullptr;
  const json::value* found = object_->if_contains(name);
  if (found != nullptr && !found->is_null()) return found;
  if (need == Need::kRequired) fail(name, "is missing");
  return nullptr;
}

void CodecReader::read(std::string_view name, const json::value& found, std::string& target) {
  if (!found.is_string()) return fail(name, "must be a string");
  target = to_text(found.get_string());
}

void CodecReader::read(std::string_view name, const json::value& found, bool& target) {
  if (!found.is_bool()) return fail(name, "must be true or false");
  target = found.get_bool();
}

void CodecReader::read(std::string_view name, const json::value& found, double& target) {
  if (!found.is_number()) return fail(name, "must be a number");
  target = found.to_number<double>();
}

void CodecReader::read(std::string_view name, const json::value& found, json::object& target) {
  if (!found.is_object()) return fail(name, "must be an object");
  target = found.get_object();
}

void CodecReader::read(std::string_view, const json::value& found, json::value& target) {
  target = found;
}

void CodecReader::read(std::string_view name, const json::value& found, TextMap& target) {
  if (!found.is_object()) return fail(name, "must be an object");
  for (const auto& [key, text] : found.get_object()) {
    if (!text.is_string()) return fail(name, "must hold strings only");
    target[std::string(key)] = to_text(text.get_string());
  }
}

void CodecReader::read(std::string_view name, const json::value& found, TextPair& target) {
  const json::array* pair = found.if_array();
  if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) {
    return fail(name, "must be [name, value]");
  }
  target = {to_text((*pair)[0].get_string()), to_text((*pair)[1].get_string())};
}

void CodecReader::read(std::string_view name, const json::value& found, SystemTime& target) {
  using std::chrono::milliseconds;
  milliseconds count{0};
  read(name, found, count);
  // system_clock counts nanoseconds: further away it would wrap round.
  constexpr auto kFurthest = std::chrono::duration_cast<milliseconds>(SystemTime::duration::max());
  if (count > kFurthest || count < -kFurthest) return fail(name, "is out of range");
  if (!error_) target = SystemTime(std::chrono::duration_cast<SystemTime::duration>(count));
}

void CodecReader::bytes(std::string_view name, std::string& target) {
  std::optional<std::string> encoded;
  member(name, encoded);
  if (!encoded) return;
  auto decoded = base64_decode(*encoded);
  if (!decoded.ok()) return fail(name, "must be base64");
  target = std::move(decoded).value();
}

}  // namespace patchbay::sdk::detail
