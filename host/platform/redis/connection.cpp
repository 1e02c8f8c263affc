#include "platform/redis/connection.hpp"

#include "platform/base/log.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <cstring>
#include <limits>
#include <poll.h>
#include <signal.h>

namespace patchbay::redis {
namespace {

timeval to_timeval(std::chrono::milliseconds duration) {
  return {static_cast<time_t>(duration.count() / 1000), static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

/// hiredis 0.14 writes without MSG_NOSIGNAL: a closed peer would end the process by SIGPIPE. Blocks the signal on this
/// thread and takes back one that its own writes raised.
class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeBlock() {
    const int error = errno;
    if (!was_pending_) {
      const timespec at_once{};
      while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_;
};

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};
using ReplyHandle = std::unique_ptr<redisReply, FreeReply>;

sdk::Error error_reply(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  // UNBLOCKED: the stream was deleted under a blocked XREADGROUP; its group went with it.
  if (word == "NOGROUP" || word == "UNBLOCKED")
    return sdk::transient_error("redis.nogroup", "The stream or its group is gone.");
  static constexpr std::array<std::string_view, 9> kPassing = {
      "LOADING", "BUSY", "READONLY", "TRYAGAIN", "MASTERDOWN", "CLUSTERDOWN", "MISCONF", "OOM", "NOREPLICAS"};
  const bool passing = std::find(kPassing.begin(), kPassing.end(), word) != kPassing.end();
  // The rest of the text may repeat arguments: only the word is handed on.
  const std::string message = "Redis answered " + std::string(word.substr(0, 40)) + ".";
  return passing ? sdk::transient_error("redis.reply", message) : sdk::permanent_error("redis.reply", message);
}

Reply to_reply(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::kInteger;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:  // within a list (EXEC): its text says what it is
      reply.kind = Reply::Kind::kText;
      reply.text.assign(raw.str, static_cast<std::size_t>(raw.len));
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::kList;
      reply.items.reserve(raw.elements);
      for (std::size_t index = 0; index < raw.elements; ++index) reply.items.push_back(to_reply(*raw.element[index]));
      break;
    default:
      break;
  }
  return reply;
}

sdk::Result<Reply> to_result(const redisReply& raw) {
  if (raw.type == REDIS_REPLY_ERROR) return error_reply({raw.str, static_cast<std::size_t>(raw.len)});
  return to_reply(raw);
}

}  // namespace

sdk::Error unavailable_error() {
  return sdk::transient_error("redis.unavailable", "Redis cannot be reached at the moment.");
}

struct Connection::Impl {
  std::unique_ptr<redisContext, FreeContext> context;

  bool append(const Command& command) {
    std::vector<const char*> arguments;
    std::vector<std::size_t> lengths;
    arguments.reserve(command.size());
    lengths.reserve(command.size());
    for (const auto& argument : command) {
      arguments.push_back(argument.data());
      lengths.push_back(argument.size());
    }
    return redisAppendCommandArgv(context.get(), static_cast<int>(command.size()), arguments.data(), lengths.data()) ==
           REDIS_OK;
  }

  /// nullptr: the connection broke.
  ReplyHandle next_reply() {
    void* reply = nullptr;
    if (redisGetReply(context.get(), &reply) != REDIS_OK) reply = nullptr;
    return ReplyHandle(static_cast<redisReply*>(reply));
  }

  sdk::Error lost() {
    base::log_debug("redis", "Connection lost", {{"text", context->errstr}});
    if (context->err == 0) context->err = REDIS_ERR_OTHER;
    return unavailable_error();
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

sdk::Result<std::unique_ptr<Connection>> Connection::connect(const Endpoint& endpoint, Timeouts timeouts) {
  const SigpipeBlock quiet;
  auto impl = std::make_unique<Impl>();
  const timeval limit = to_timeval(timeouts.connect);
  impl->context.reset(endpoint.socket_path.empty()
                          ? redisConnectWithTimeout(endpoint.host.c_str(), endpoint.port, limit)
                          : redisConnectUnixWithTimeout(endpoint.socket_path.c_str(), limit));
  if (!impl->context || impl->context->err != 0) {
    base::log_debug("redis", "Cannot connect", {{"text", impl->context ? impl->context->errstr : "out of memory"}});
    return unavailable_error();
  }
  if (endpoint.socket_path.empty()) redisEnableKeepAlive(impl->context.get());
  std::unique_ptr<Connection> connection(new Connection(std::move(impl)));
  PATCHBAY_TRY(connection->set_reply_timeout(timeouts.reply));
  if (!endpoint.password.empty()) {
    Command login = {"AUTH"};
    if (!endpoint.user.empty()) login.push_back(endpoint.user);
    login.push_back(endpoint.password);
    PATCHBAY_TRY(connection->command(login));
  }
  if (endpoint.database != 0) PATCHBAY_TRY(connection->command({"SELECT", std::to_string(endpoint.database)}));
  return connection;
}

sdk::Result<void> Connection::set_reply_timeout(std::chrono::milliseconds timeout) {
  if (redisSetTimeout(impl_->context.get(), to_timeval(timeout)) != REDIS_OK) return impl_->lost();
  return {};
}

sdk::Result<Reply> Connection::command(const Command& command) {
  const SigpipeBlock quiet;
  if (broken() || command.empty() || !impl_->append(command)) return impl_->lost();
  const auto reply = impl_->next_reply();
  if (!reply) return impl_->lost();
  return to_result(*reply);
}

sdk::Result<std::vector<sdk::Result<Reply>>> Connection::pipeline(const std::vector<Command>& commands) {
  const SigpipeBlock quiet;
  if (broken()) return impl_->lost();
  for (const auto& command : commands) {
    if (command.empty() || !impl_->append(command)) return impl_->lost();
  }
  std::vector<sdk::Result<Reply>> replies;
  replies.reserve(commands.size());
  for (std::size_t index = 0; index < commands.size(); ++index) {
    const auto reply = impl_->next_reply();
    if (!reply) return impl_->lost();
    replies.push_back(to_result(*reply));
  }
  return replies;
}

bool Connection::broken() const {
  return impl_->context->err != 0;
}

bool Connection::usable_when_idle() const {
  if (broken()) return false;
  pollfd descriptor{impl_->context->fd, POLLIN | POLLRDHUP, 0};
  return ::poll(&descriptor, 1, 0) == 0;
}

int Connection::descriptor() const {
  return impl_->context->fd;
}

sdk::Result<void> Connection::send(const Command& command) {
  const SigpipeBlock quiet;
  if (broken() || !impl_->append(command)) return impl_->lost();
  int done = 0;
  while (done == 0) {
    if (redisBufferWrite(impl_->context.get(), &done) != REDIS_OK) return impl_->lost();
  }
  return {};
}

sdk::Result<std::vector<Reply>> Connection::receive() {
  if (broken() || redisBufferRead(impl_->context.get()) != REDIS_OK) return impl_->lost();
  std::vector<Reply> replies;
  while (true) {
    void* raw = nullptr;
    if (redisGetReplyFromReader(impl_->context.get(), &raw) != REDIS_OK) return impl_->lost();
    if (raw == nullptr) return replies;
    const ReplyHandle reply(static_cast<redisReply*>(raw));
    PATCHBAY_ASSIGN(auto value, to_result(*reply));
    replies.push_back(std::move(value));
  }
}

}  // namespace patchbay::redis
