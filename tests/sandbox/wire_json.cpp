#include "tests/sandbox/wire_json.hpp"

#include <charconv>
#include <cmath>

namespace patchbay::sandbox {
namespace {

constexpr std::string_view kTag = "\xFFraw:";
constexpr std::string_view kRawMember = "$raw";

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  out += text;
  // A float stays a float for the reader, as Ruby and Python write it.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

/// Writes values; the two forms differ only in what becomes of a fragment.
class Writer {
 public:
  Writer(std::string& out, bool storage) : out_(out), storage_(storage) {}

  void write(const json::value& value) {
    switch (value.kind()) {
      case json::kind::null:
        out_ += "null";
        break;
      case json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        break;
      case json::kind::int64:
        out_ += std::to_string(value.get_int64());
        break;
      case json::kind::uint64:
        out_ += std::to_string(value.get_uint64());
        break;
      case json::kind::double_:
        append_double(out_, value.get_double());
        break;
      case json::kind::string:
        write_string(view(value.get_string()));
        break;
      case json::kind::array:
        write_array(value.get_array());
        break;
      case json::kind::object:
        write_object(value.get_object());
        break;
    }
  }

 private:
  void write_string(std::string_view text) {
    if (!text.starts_with(kTag)) return append_wire_string(out_, text);
    text.remove_prefix(kTag.size());
    if (!storage_) {
      out_ += text;
      return;
    }
    out_ += "{\"$raw\":";
    append_wire_string(out_, text);
    out_ += '}';
  }

  void write_array(const json::array& array) {
    char separator = '[';
    for (const auto& element : array) {
      out_ += separator;
      write(element);
      separator = ',';
    }
    out_ += array.empty() ? "[]" : "]";
  }

  void write_object(const json::object& object) {
    char separator = '{';
    for (const auto& [name, member] : object) {
      out_ += separator;
      append_wire_string(out_, {name.data(), name.size()});
      out_ += ':';
      write(member);
      separator = ',';
    }
    out_ += object.empty() ? "{}" : "}";
  }

  std::string& out_;
  bool storage_;
};

}  // namespace

void append_wire_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t clean_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(clean_from, i - clean_from);
    clean_from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out += text.substr(clean_from);
  out += '"';
}

json::value raw_fragment(std::string_view text) {
  return json::value(std::string(kTag) + std::string(text));
}

bool is_raw_fragment(const json::value& value) {
  return value.is_string() && view(value.get_string()).starts_with(kTag);
}

json::value with_raw_fragments(json::value value) {
  if (value.is_array()) {
    for (auto& element : value.get_array()) element = with_raw_fragments(std::move(element));
  } else if (value.is_object()) {
    auto& object = value.get_object();
    if (object.size() == 1 && object.begin()->key() == kRawMember && object.begin()->value().is_string()) {
      return raw_fragment(view(object.begin()->value().get_string()));
    }
    for (auto& member : object) member.value() = with_raw_fragments(std::move(member.value()));
  }
  return value;
}

void append_wire(std::string& out, const json::value& value) {
  Writer(out, false).write(value);
}

std::string to_wire(const json::value& value) {
  std::string out;
  append_wire(out, value);
  return out;
}

std::string to_storage(const json::value& value) {
  std::string out;
  Writer(out, true).write(value);
  return out;
}

}  // namespace patchbay::sandbox
