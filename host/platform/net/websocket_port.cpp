#include "platform/net/websocket_port.hpp"

namespace patchbay::net {
namespace {

constexpr int kSlowReader = 4408;

}  // namespace

bool WebSocketPort::send(Text text) {
  bool accepted = true;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return false;
    // One text alone may be larger than the queue: the limit is for readers that fall behind.
    if (queued_bytes_ > 0 && queued_bytes_ + text->size() > queue_bytes_max_) {
      ask_to_close({kSlowReader, "reader too slow"});
      accepted = false;
    } else {
      queued_bytes_ += text->size();
      inbox_.push_back(std::move(text));
    }
    if (std::exchange(flush_requested_, true)) return accepted;
  }
  loop_->request_flush(shared_from_this());
  return accepted;
}

void WebSocketPort::close(int code, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    ask_to_close({code, std::move(reason)});
    if (std::exchange(flush_requested_, true)) return;
  }
  loop_->request_flush(shared_from_this());
}

void WebSocketPort::ask_to_close(CloseRequest request) {
  open_ = false;
  close_request_ = std::move(request);
}

void WebSocketPort::flush() {
  if (const auto output = output_.lock()) output->take_output();
}

std::optional<CloseRequest> WebSocketPort::take(std::vector<Text>& texts) {
  const std::lock_guard lock(mutex_);
  flush_requested_ = false;
  texts.insert(texts.end(), std::make_move_iterator(inbox_.begin()), std::make_move_iterator(inbox_.end()));
  inbox_.clear();
  return std::exchange(close_request_, std::nullopt);
}

void WebSocketPort::release(std::size_t bytes_count) {
  const std::lock_guard lock(mutex_);
  queued_bytes_ -= bytes_count;
}

void WebSocketPort::shut() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  inbox_.clear();
}

}  // namespace patchbay::net
