#include "engine/gateway/compression.hpp"

#include <array>
#include <zlib.h>

namespace patchbay::gateway {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "q=0", "q=0.0", "q=0.000" refuse; anything else accepts.
bool is_refused(std::string_view parameters) {
  parameters = trim(parameters);
  if (!parameters.starts_with("q=")) return false;
  return parameters.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

struct DeflateEnd {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    const std::string_view item = accept_encoding.substr(0, comma);
    accept_encoding = comma == std::string_view::npos ? std::string_view() : accept_encoding.substr(comma + 1);
    const std::size_t semicolon = item.find(';');
    const std::string_view coding = trim(item.substr(0, semicolon));
    if (sdk::equals_ignoring_case(coding, "gzip") || coding == "*") {
      return semicolon == std::string_view::npos || !is_refused(item.substr(semicolon + 1));
    }
  }
  return false;
}

bool is_compressible(const http::Response& response, std::size_t bytes_min) {
  if (response.body.size() < bytes_min || response.header("Content-Encoding")) return false;
  const std::string_view type = response.content_type;
  return type.starts_with("application/json") || type.starts_with("application/problem+json") ||
         type.starts_with("text/");
}

std::string gzip(std::string_view body) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  const std::unique_ptr<z_stream, DeflateEnd> end(&stream);
  std::string compressed(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return {};
  compressed.resize(stream.total_out);
  return compressed;
}

}  // namespace patchbay::gateway
