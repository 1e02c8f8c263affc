#pragma once

#include "tests/support/socket_server.hpp"

#include <vector>

namespace patchbay::testing {

/// A mail as the server took it.
struct ReceivedMail {
  std::string from;
  std::vector<std::string> to;
  std::string data;           // with the dots that the protocol added taken away
  std::string authorization;  // what followed AUTH
};

/// A small SMTP server on 127.0.0.1 without TLS: takes mail, or answers as the test wants.
class SmtpServer {
 public:
  /// The answer to a command ("MAIL FROM:<a@b>"; "." ends the data) instead of the server's own; empty: its own;
  /// "close": the connection ends without one; "silence": nothing until the client closes. Called from the server's
  /// threads.
  using Answer = std::function<std::string(const std::string& command)>;

  explicit SmtpServer(Answer answer = {});

  std::uint16_t port() const { return server_.port(); }
  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port()); }
  std::vector<ReceivedMail> mails() const;
  int conversation_count() const { return server_.connection_count(); }

 private:
  void converse(SocketServer::Peer& peer);
  bool take(SocketServer::Peer& peer, const std::string& command, ReceivedMail& mail);
  static bool read_data(SocketServer::Peer& peer, ReceivedMail& mail);
  /// false: the conversation is over.
  bool reply(SocketServer::Peer& peer, const std::string& command, const std::string& usual,
             bool* good = nullptr) const;

  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<ReceivedMail> mails_;
  SocketServer server_;
};

}  // namespace patchbay::testing
