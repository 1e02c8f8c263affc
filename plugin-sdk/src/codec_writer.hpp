// Writes the members of a struct into one JSON object: the other direction of CodecReader, with the same calls, so that
// one list of members serves both.
#pragma once

#include "codec_reader.hpp"

namespace patchbay::sdk::detail {

class CodecWriter {
 public:
  /// Writing needs no name of the type; reading does.
  void type(std::string_view) {}

  template <typename Type>
  void member(std::string_view name, const Type& value, Need = Need::kOptional) {
    object_.emplace(name, encode_member(value));
  }
  void bytes(std::string_view name, const std::string& value);

  template <typename Enumeration, std::size_t kCount>
  void word(std::string_view name, Enumeration value, const std::string_view (&names)[kCount]) {
    object_.emplace(name, names[static_cast<std::size_t>(value)]);
  }

  json::object take() { return std::move(object_); }

 private:
  template <typename Type>
  static json::value encode_member(const Type& value);
  static json::value encode_time(SystemTime time);

  json::object object_;
};

template <typename Type>
json::value write_value(const Type& value) {
  CodecWriter writer;
  members(writer, value);
  return writer.take();
}

template <typename Type>
json::value CodecWriter::encode_member(const Type& value) {
  if constexpr (is_plain<Type>) {
    return json::value(value);
  } else if constexpr (std::is_same_v<Type, SystemTime>) {
    return encode_time(value);
  } else if constexpr (is_duration<Type>) {
    return json::value(value.count());
  } else if constexpr (is_optional<Type>) {
    return value ? encode_member(*value) : json::value(nullptr);
  } else if constexpr (is_pair<Type>) {
    return json::array{encode_member(value.first), encode_member(value.second)};
  } else if constexpr (std::is_same_v<Type, TextMap>) {
    json::object encoded;
    for (const auto& [name, text] : value) encoded.emplace(name, text);
    return encoded;
  } else if constexpr (is_vector<Type>) {
    json::array encoded;
    encoded.reserve(value.size());
    for (const auto& element : value) encoded.push_back(encode_member(element));
    return encoded;
  } else {
    return write_value(value);
  }
}

/// A list of members takes `Bound<Codec, Type>&`: what is read is changed, what is written is not.
template <typename Codec, typename Type>
using Bound = std::conditional_t<std::is_same_v<Codec, CodecWriter>, const Type, Type>;

}  // namespace patchbay::sdk::detail
