// Frames of JSON between the hub and a plugin's child process, over a stream socket; a frame may carry an open file.
#pragma once

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <chrono>

namespace patchbay::plugins {

/// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }
  int release();
  void reset();

 private:
  int number_ = -1;
};

struct Frame {
  sdk::json::object message;
  Descriptor file;  // -1: none
};

/// One end. Used by one thread at a time. Errors: kTransient "plugin.channel_closed", "plugin.channel_timeout";
/// kInvalid "plugin.channel_frame" (too large, not an object).
class Channel {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}
  sdk::Result<void> send(const sdk::json::object& message, Deadline deadline, int file = -1);
  sdk::Result<Frame> receive(Deadline deadline);

 private:
  sdk::Result<void> wait_for(short events, Deadline deadline) const;
  Descriptor socket_;
};

/// Two connected ends, close-on-exec.
sdk::Result<std::pair<Descriptor, Descriptor>> make_socket_pair();

}  // namespace patchbay::plugins
