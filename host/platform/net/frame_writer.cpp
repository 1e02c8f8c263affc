#include "platform/net/frame_writer.hpp"

#include <boost/asio/error.hpp>

namespace patchbay::net {
namespace asio = boost::asio;

namespace {

/// RFC 6455, 5.2: FIN and opcode text, no mask, the length in 7 bits, or in 16 or 64 bits after a mark.
std::size_t write_text_header(std::size_t payload_size, std::array<unsigned char, 10>& header) {
  header[0] = 0x81;
  std::size_t length_bytes = 0;
  if (payload_size < 126) {
    header[1] = static_cast<unsigned char>(payload_size);
  } else if (payload_size <= 0xFFFF) {
    header[1] = 126;
    length_bytes = 2;
  } else {
    header[1] = 127;
    length_bytes = 8;
  }
  for (std::size_t index = 0; index < length_bytes; ++index) {
    header[2 + index] = static_cast<unsigned char>(payload_size >> (8 * (length_bytes - 1 - index)));
  }
  return 2 + length_bytes;
}

}  // namespace

void FrameWriter::push_text(WebSocketPort::Text text) {
  Entry& entry = entries_.emplace_back();
  entry.header_size = write_text_header(text->size(), entry.header);
  entry.payload = std::move(text);
}

void FrameWriter::push_bytes(std::string bytes, Completion done) {
  Entry& entry = entries_.emplace_back();
  entry.payload = std::make_shared<const std::string>(std::move(bytes));
  entry.done.emplace(std::move(done));
}

void FrameWriter::pump(const std::shared_ptr<void>& owner, OnSent& on_sent) {
  if (in_flight_count_ > 0 || entries_.empty()) return;
  std::size_t buffer_count = 0;
  for (const Entry& entry : entries_) {
    if (buffer_count + 2 > kBuffersMax) break;
    if (entry.header_size > 0) gather_[buffer_count++] = asio::buffer(entry.header.data(), entry.header_size);
    gather_[buffer_count++] = asio::buffer(*entry.payload);
    ++in_flight_count_;
  }
  writing_since_ = std::chrono::steady_clock::now();
  stream_->write(std::span(gather_).first(buffer_count),
                 [this, owner, &on_sent](Completion::ErrorCode error, std::size_t) { finish(error, on_sent); });
}

void FrameWriter::finish(Completion::ErrorCode error, OnSent& on_sent) {
  std::size_t text_bytes = 0;
  std::vector<Completion> ended;
  std::vector<std::size_t> sizes;
  for (; in_flight_count_ > 0; --in_flight_count_) {
    Entry& entry = entries_.front();
    if (entry.done) {
      ended.push_back(std::move(*entry.done));
      sizes.push_back(entry.payload->size());
    } else {
      text_bytes += entry.payload->size();
    }
    entries_.pop_front();
  }
  // Only now, with the queue in order again: what has ended may push more.
  for (std::size_t index = 0; index < ended.size(); ++index) ended[index](error, error ? 0 : sizes[index]);
  on_sent.on_sent(error, text_bytes);
}

std::size_t FrameWriter::drop_texts() {
  std::size_t dropped_bytes = 0;
  std::deque<Entry> kept;
  while (entries_.size() > in_flight_count_) {
    Entry entry = std::move(entries_.back());
    entries_.pop_back();
    if (entry.done) {
      kept.push_front(std::move(entry));
    } else {
      dropped_bytes += entry.payload->size();
    }
  }
  for (Entry& entry : kept) entries_.push_back(std::move(entry));
  return dropped_bytes;
}

void FrameWriter::abort() {
  std::vector<Completion> ended;
  while (entries_.size() > in_flight_count_) {
    if (entries_.back().done) ended.push_back(std::move(*entries_.back().done));
    entries_.pop_back();
  }
  if (ended.empty()) return;
  asio::post(stream_->executor(), [ended = std::move(ended)]() mutable {
    for (Completion& done : ended) done(asio::error::operation_aborted, 0);
  });
}

}  // namespace patchbay::net
