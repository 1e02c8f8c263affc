#include "platform/base/log.hpp"
#include "platform/redis/client.hpp"
#include "platform/redis/connection.hpp"

#include <mutex>

namespace patchbay::redis {
namespace {

constexpr auto kFromStart = "0-0";

bool is_lost_group(const sdk::Error& error) {
  return error.code == "redis.nogroup";
}

/// [[id, [name, value, …]], …]; an entry that was deleted meanwhile has no fields and is left out.
std::vector<StreamEntry> to_entries(const Reply& reply) {
  std::vector<StreamEntry> entries;
  entries.reserve(reply.items.size());
  for (const auto& item : reply.items) {
    if (item.items.size() != 2 || item.items[1].kind != Reply::Kind::kList) continue;
    StreamEntry entry{item.items[0].text, {}};
    const auto& fields = item.items[1].items;
    for (std::size_t index = 0; index + 1 < fields.size(); index += 2) {
      entry.fields.emplace_back(fields[index].text, fields[index + 1].text);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

struct StreamReader::Impl {
  Client& client;
  const std::string key;
  const std::string group;
  const std::string consumer;
  std::unique_ptr<Connection> connection;  // of the reading thread
  std::mutex mutex;
  std::string claim_cursor = kFromStart;

  /// At the start of the stream: what is in a stream that another host made is still to be done.
  sdk::Result<void> make_group() {
    const auto made = client.command({"XGROUP", "CREATE", key, group, "0", "MKSTREAM"});
    if (made.ok()) {
      base::log_info("redis", "Stream group made", {{"stream", key}, {"group", group}});
      return {};
    }
    // BUSYGROUP: somebody else was faster.
    if (made.error().message.find("BUSYGROUP") != std::string::npos) return {};
    return made.error();
  }

  sdk::Result<void> ensure_connection(std::chrono::milliseconds block) {
    const auto& settings = client.settings();
    if (connection && connection->broken()) connection.reset();
    if (!connection) {
      PATCHBAY_ASSIGN(const auto endpoint, parse_redis_url(settings.url));
      PATCHBAY_ASSIGN(connection, Connection::connect(endpoint, {settings.connect_timeout, settings.command_timeout}));
    }
    // Longer than the server blocks, so that silence means a dead server.
    return connection->set_reply_timeout(block + settings.command_timeout);
  }

  sdk::Result<std::vector<StreamEntry>> read_once(std::size_t count_max, std::chrono::milliseconds block) {
    PATCHBAY_TRY(ensure_connection(block));
    PATCHBAY_ASSIGN(const auto reply,
                    connection->command({"XREADGROUP", "GROUP", group, consumer, "COUNT", std::to_string(count_max),
                                         "BLOCK", std::to_string(block.count()), "STREAMS", key, ">"}));
    if (reply.items.empty() || reply.items[0].items.size() != 2) return std::vector<StreamEntry>();
    return to_entries(reply.items[0].items[1]);
  }
};

StreamReader::StreamReader(Client& client, std::string stream_key, std::string group, std::string consumer)
    : impl_(new Impl{client, std::move(stream_key), std::move(group), std::move(consumer), {}, {}, kFromStart}) {}
StreamReader::~StreamReader() = default;

sdk::Result<std::vector<StreamEntry>> StreamReader::read(std::size_t count_max, std::chrono::milliseconds block) {
  count_max = std::max<std::size_t>(count_max, 1);
  block = std::max(block, std::chrono::milliseconds(1));  // 0 would be for ever
  auto entries = impl_->read_once(count_max, block);
  if (entries.ok() || !is_lost_group(entries.error())) return entries;
  PATCHBAY_TRY(impl_->make_group());
  return impl_->read_once(count_max, block);
}

sdk::Result<void> StreamReader::acknowledge(const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  Command acknowledge = {"XACK", impl_->key, impl_->group};
  Command remove = {"XDEL", impl_->key};
  acknowledge.insert(acknowledge.end(), ids.begin(), ids.end());
  remove.insert(remove.end(), ids.begin(), ids.end());
  // One transaction: an entry acknowledged and not deleted would stay for good.
  PATCHBAY_ASSIGN(const auto replies, impl_->client.pipeline({{"MULTI"}, acknowledge, remove, {"EXEC"}}));
  for (const auto& reply : replies) PATCHBAY_TRY(reply);
  for (const auto& count : replies.back()->items) {
    if (count.kind != Reply::Kind::kInteger) {  // an error within the transaction, such as a key of another type
      return sdk::permanent_error("redis.reply", "Redis could not acknowledge the entries.");
    }
  }
  return {};
}

sdk::Result<std::vector<StreamEntry>> StreamReader::claim_idle(std::chrono::milliseconds idle, std::size_t count_max) {
  const std::lock_guard lock(impl_->mutex);
  const auto reply =
      impl_->client.command({"XAUTOCLAIM", impl_->key, impl_->group, impl_->consumer, std::to_string(idle.count()),
                             impl_->claim_cursor, "COUNT", std::to_string(std::max<std::size_t>(count_max, 1))});
  if (!reply.ok() && is_lost_group(reply.error())) {
    impl_->claim_cursor = kFromStart;
    PATCHBAY_TRY(impl_->make_group());
    return std::vector<StreamEntry>();
  }
  if (!reply.ok()) return reply.error();
  if (reply->items.size() < 2) return std::vector<StreamEntry>();
  impl_->claim_cursor = reply->items[0].text;  // 0-0 after the last: from the start again
  return to_entries(reply->items[1]);
}

}  // namespace patchbay::redis
