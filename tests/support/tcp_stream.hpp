#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::testing {

/// A blocking stream to 127.0.0.1 whose every call ends at the deadline. After a failure nothing more is read or
/// written.
class TcpStream {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  TcpStream(std::uint16_t port, Deadline deadline);
  ~TcpStream();
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  bool connected() const { return descriptor_ >= 0; }
  void set_deadline(Deadline deadline) { deadline_ = deadline; }
  bool write(std::string_view bytes);
  /// Some bytes; empty at the stream's end, at a failure or at the deadline.
  std::string read_some();
  /// The deadline passed while waiting: the stream itself may be well.
  bool timed_out() const { return timed_out_; }

 private:
  bool wait(short events);
  void close();

  int descriptor_ = -1;
  Deadline deadline_;
  bool timed_out_ = false;
};

/// A port on 127.0.0.1 that nobody listens on, outside the range that outgoing connections take theirs from: a program
/// that is killed and started again finds it free.
std::uint16_t listening_port();

}  // namespace patchbay::testing
