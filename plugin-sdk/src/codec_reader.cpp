#include "codec_reader.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sdk::detail {
namespace {

std::string to_text(const json::string& text) {
  return std::string(text.data(), text.size());
}

}  // namespace

void CodecReader::fail(std::string_view name, std::string_view what) {
  if (error_) return;
  std::string message = "A " + type_ + " cannot be decoded: ";
  message.append(name.empty() ? "it" : name).append(" ").append(what).append(".");
  error_ = invalid_error("codec." + type_, std::move(message),
                         name.empty() ? std::nullopt : std::optional<std::string>(std::string(name)));
}

const json::value* CodecReader::member(std::string_view name, Need need) {
  if (error_ || object_ == nullptr) return nullptr;
  const json::value* found = object_->if_contains(name);
  if (found != nullptr && !found->is_null()) return found;
  if (need == Need::kRequired) fail(name, "is missing");
  return nullptr;
}

const json::array* CodecReader::array(std::string_view name) {
  const json::value* found = member(name, Need::kOptional);
  if (found == nullptr) return nullptr;
  if (!found->is_array()) fail(name, "must be a list");
  return found->if_array();
}

void CodecReader::text(std::string_view name, std::string& target, Need need) {
  const json::value* found = member(name, need);
  if (found == nullptr) return;
  if (!found->is_string()) return fail(name, "must be a string");
  target = to_text(found->get_string());
}

void CodecReader::flag(std::string_view name, bool& target) {
  const json::value* found = member(name, Need::kOptional);
  if (found == nullptr) return;
  if (!found->is_bool()) return fail(name, "must be true or false");
  target = found->get_bool();
}

void CodecReader::number(std::string_view name, double& target) {
  const json::value* found = member(name, Need::kOptional);
  if (found == nullptr) return;
  if (!found->is_number()) return fail(name, "must be a number");
  target = found->to_number<double>();
}

void CodecReader::texts(std::string_view name, std::vector<std::string>& target) {
  const json::array* found = array(name);
  if (found == nullptr) return;
  target.clear();
  for (const json::value& element : *found) {
    if (!element.is_string()) return fail(name, "must be a list of strings");
    target.push_back(to_text(element.get_string()));
  }
}

void CodecReader::text_map(std::string_view name, std::map<std::string, std::string>& target) {
  json::object members;
  object(name, members);
  for (const auto& [key, member_value] : members) {
    if (!member_value.is_string()) return fail(name, "must hold strings only");
    target[std::string(key)] = to_text(member_value.get_string());
  }
}

void CodecReader::object(std::string_view name, json::object& target) {
  const json::value* found = member(name, Need::kOptional);
  if (found == nullptr) return;
  if (!found->is_object()) return fail(name, "must be an object");
  target = found->get_object();
}

void CodecReader::value(std::string_view name, json::value& target) {
  const json::value* found = member(name, Need::kOptional);
  if (found != nullptr) target = *found;
}

void CodecReader::headers(std::string_view name, Headers& target) {
  const json::array* found = array(name);
  if (found == nullptr) return;
  target.clear();
  for (const json::value& element : *found) {
    const json::array* pair = element.if_array();
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) {
      return fail(name, "must be a list of [name, value]");
    }
    target.emplace_back(to_text((*pair)[0].get_string()), to_text((*pair)[1].get_string()));
  }
}

void CodecReader::bytes(std::string_view name, std::string& target) {
  std::string encoded;
  text(name, encoded);
  auto decoded = base64_decode(encoded);
  if (!decoded.ok()) return fail(name, "must be base64");
  if (!encoded.empty()) target = std::move(decoded).value();
}

void CodecReader::time(std::string_view name, SystemTime& target) {
  std::optional<SystemTime> read;
  time(name, read);
  if (read) target = *read;
}

void CodecReader::time(std::string_view name, std::optional<SystemTime>& target) {
  if (member(name, Need::kOptional) == nullptr) return;
  using std::chrono::milliseconds;
  milliseconds count{0};
  duration(name, count);
  // system_clock counts nanoseconds: further away it would wrap round.
  constexpr auto kFurthest = std::chrono::duration_cast<milliseconds>(SystemTime::duration::max());
  if (count > kFurthest || count < -kFurthest) return fail(name, "is out of range");
  if (!error_) target = SystemTime(std::chrono::duration_cast<SystemTime::duration>(count));
}

json::array encode_texts(const std::vector<std::string>& texts) {
  json::array encoded;
  encoded.reserve(texts.size());
  for (const std::string& text : texts) encoded.emplace_back(text);
  return encoded;
}

json::object encode_text_map(const std::map<std::string, std::string>& texts) {
  json::object encoded;
  encoded.reserve(texts.size());
  for (const auto& [name, text] : texts) encoded.emplace(name, text);
  return encoded;
}

}  // namespace patchbay::sdk::detail
