#include "tests/support/smtp_server.hpp"

namespace patchbay::testing {
namespace {

std::string address_in(const std::string& command) {
  const auto open = command.find('<'), close = command.find('>');
  return open == std::string::npos || close == std::string::npos ? std::string()
                                                                 : command.substr(open + 1, close - open - 1);
}

}  // namespace

SmtpServer::SmtpServer(Answer answer)
    : answer_(std::move(answer)), server_([this](SocketServer::Peer& peer) { converse(peer); }) {}

std::vector<ReceivedMail> SmtpServer::mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}

bool SmtpServer::reply(SocketServer::Peer& peer, const std::string& command, const std::string& usual,
                       bool* good) const {
  std::string words = answer_ ? answer_(command) : std::string();
  if (words == "silence") peer.wait_for_close();
  if (words == "close" || words == "silence") return false;
  if (words.empty()) words = usual;
  peer.write(words + "\r\n");
  if (good != nullptr) *good = words.front() == '2' || words.front() == '3';
  return true;
}

bool SmtpServer::read_data(SocketServer::Peer& peer, ReceivedMail& mail) {
  while (true) {
    auto line = peer.read_line();
    if (!line) return false;
    if (*line == ".") return true;
    if (line->starts_with(".")) line->erase(0, 1);
    mail.data += *line + "\r\n";
  }
}

bool SmtpServer::take(SocketServer::Peer& peer, const std::string& command, ReceivedMail& mail) {
  bool good = false;
  if (command.starts_with("EHLO") || command.starts_with("HELO"))
    return reply(peer, command, "250-test\r\n250 AUTH PLAIN");
  if (command.starts_with("AUTH ")) {
    mail.authorization = command.substr(5);
    if (command == "AUTH PLAIN") {
      peer.write("334 \r\n");
      mail.authorization += " " + peer.read_line().value_or("");
    }
    return reply(peer, command, "235 welcome");
  }
  if (command.starts_with("MAIL FROM:")) {
    mail.from = address_in(command);
    return reply(peer, command, "250 ok");
  }
  if (command.starts_with("RCPT TO:")) {
    if (!reply(peer, command, "250 ok", &good)) return false;
    if (good) mail.to.push_back(address_in(command));
    return true;
  }
  if (command.starts_with("QUIT")) {
    peer.write("221 bye\r\n");
    return false;
  }
  if (!command.starts_with("DATA")) return reply(peer, command, "250 ok");
  if (!reply(peer, command, "354 go ahead", &good)) return false;
  if (!good) return true;
  if (!read_data(peer, mail)) return false;
  const auto keep = [&] {
    const std::lock_guard lock(mutex_);
    mails_.push_back(mail);
  };
  // "close" here is the worst moment: the mail was taken and nobody was told.
  const std::string words = answer_ ? answer_(".") : std::string();
  if (words.empty() || words == "close" || words.front() == '2') keep();
  if (words == "close") return false;
  peer.write((words.empty() ? "250 taken" : words) + "\r\n");
  return true;
}

void SmtpServer::converse(SocketServer::Peer& peer) {
  peer.write("220 test ready\r\n");
  ReceivedMail mail;
  while (const auto command = peer.read_line()) {
    if (!take(peer, *command, mail)) return;
  }
}

}  // namespace patchbay::testing
