#include "engine/plugins/channel.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace patchbay::plugins {
namespace {

constexpr std::uint32_t kFrameBytesMax = 64u * 1024 * 1024;
constexpr std::size_t kHeaderBytes = 4;

sdk::Error closed() {
  return sdk::transient_error("plugin.channel_closed", "the plugin's process ended");
}

std::array<unsigned char, kHeaderBytes> encode_length(std::uint32_t length) {
  return {static_cast<unsigned char>(length >> 24), static_cast<unsigned char>(length >> 16),
          static_cast<unsigned char>(length >> 8), static_cast<unsigned char>(length)};
}

/// The control message that carries one descriptor, aligned as the kernel wants it.
struct alignas(cmsghdr) ControlBuffer {
  std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

int received_file(msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(control), sizeof file);
      return file;
    }
  }
  return -1;
}

}  // namespace

Descriptor::~Descriptor() {
  reset();
}
Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}
int Descriptor::release() {
  return std::exchange(number_, -1);
}
void Descriptor::reset() {
  if (number_ >= 0) close(std::exchange(number_, -1));
}

sdk::Result<std::pair<Descriptor, Descriptor>> make_socket_pair() {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return sdk::transient_error("plugin.channel", std::string("no socket pair: ") + std::strerror(errno));
  }
  return std::pair(Descriptor(ends[0]), Descriptor(ends[1]));
}

sdk::Result<void> Channel::wait_for(short events, Deadline deadline) const {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return sdk::transient_error("plugin.channel_timeout", "the plugin's process did not answer in time");
    pollfd waited{socket_.get(), events, 0};
    const int ready = poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return closed();
  }
}

sdk::Result<void> Channel::send(const sdk::json::object& message, Deadline deadline, int file) {
  const std::string body = sdk::json::serialize(message);
  if (body.size() > kFrameBytesMax)
    return sdk::invalid_error("plugin.channel_frame", "a message to the plugin is over 64 MiB");
  const auto length = encode_length(static_cast<std::uint32_t>(body.size()));
  std::string bytes(reinterpret_cast<const char*>(length.data()), length.size());
  bytes += body;
  ControlBuffer control;
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    PATCHBAY_TRY(wait_for(POLLOUT, deadline));
    iovec part{bytes.data() + sent, bytes.size() - sent};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (file >= 0 && sent == 0) {
      header.msg_control = control.bytes.data();
      header.msg_controllen = control.bytes.size();
      cmsghdr* first = CMSG_FIRSTHDR(&header);
      first->cmsg_level = SOL_SOCKET;
      first->cmsg_type = SCM_RIGHTS;
      first->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(first), &file, sizeof file);
    }
    const ssize_t written = sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (written <= 0) return closed();
    sent += static_cast<std::size_t>(written);
  }
  return {};
}

sdk::Result<Frame> Channel::receive(Deadline deadline) {
  Frame frame;
  std::string bytes(kHeaderBytes, '\0');
  std::size_t have = 0;
  bool body = false;
  while (true) {
    if (have == bytes.size()) {
      if (body) break;
      std::uint32_t length = 0;
      for (const char byte : bytes) length = length << 8 | static_cast<unsigned char>(byte);
      if (length == 0 || length > kFrameBytesMax) {
        return sdk::invalid_error("plugin.channel_frame", "the plugin's process sent a frame of a bad length");
      }
      bytes.assign(length, '\0');
      have = 0;
      body = true;
    }
    PATCHBAY_TRY(wait_for(POLLIN, deadline));
    iovec part{bytes.data() + have, bytes.size() - have};
    ControlBuffer control;
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    const ssize_t got = recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return closed();
    if (const int file = received_file(header); file >= 0) frame.file = Descriptor(file);
    have += static_cast<std::size_t>(got);
  }
  boost::json::error_code failure;
  sdk::json::value value = sdk::json::parse(bytes, failure);
  if (failure || !value.is_object())
    return sdk::invalid_error("plugin.channel_frame", "the plugin's process sent no JSON object");
  frame.message = std::move(value.as_object());
  return frame;
}

}  // namespace patchbay::plugins
